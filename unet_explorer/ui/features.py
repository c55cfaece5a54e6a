"""Feature maps for the pages: computed once, kept as long as there is room, never twice at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from unet_explorer.ui.cache import ByteCache

if TYPE_CHECKING:
    from unet_explorer.network import FeatureMaps, Network
    from unet_explorer.pictures import Picture

PROBABILITIES = "@probabilities"
"""Stands for the probabilities wherever a layer's name may stand; no layer can have this name."""


class FeatureStore:
    """The feature maps all users share, bounded by bytes; one forward pass runs at a time.

    Reruns of a page can overlap and eight quick clicks ran nine threads: the lock keeps the memory of a forward pass
    from being needed nine times.
    """

    def __init__(self, capacity: int) -> None:
        """Make an empty store of `capacity` bytes."""
        self._kept = ByteCache["FeatureMaps"](capacity, lambda maps: int(maps.values.nbytes))
        self._forward = threading.Lock()

    def maps(self, network: Network, picture: Picture, names: Iterable[str]) -> dict[str, FeatureMaps]:
        """Feature maps of layers, in at most one forward pass for those not known yet.

        Args:
            network: an opened network.
            picture: what it looks at.
            names: layers, as `layer` or `layer:view`, or `PROBABILITIES`.

        Returns:
            One entry a name; values float32 (H, W, C).

        Raises:
            LayerError: the network has no such layer or view.
        """
        wanted = list(dict.fromkeys(names))
        found = self._find(network, picture, wanted)
        if len(found) == len(wanted):
            return found
        with self._forward:
            found = self._find(network, picture, wanted)
            found |= self._compute(network, picture, [name for name in wanted if name not in found])
        return {name: found[name] for name in wanted}

    def one(self, network: Network, picture: Picture, name: str) -> FeatureMaps:
        """Feature maps of one layer; see `maps`."""
        return self.maps(network, picture, [name])[name]

    def _find(self, network: Network, picture: Picture, names: list[str]) -> dict[str, FeatureMaps]:
        known = {name: self._kept.get((network.digest, picture.digest, name)) for name in names}
        return {name: maps for name, maps in known.items() if maps is not None}

    def _compute(self, network: Network, picture: Picture, names: list[str]) -> dict[str, FeatureMaps]:
        layers = [name for name in names if name != PROBABILITIES]
        computed = dict(network.feature_maps(picture, layers)) if layers else {}
        if PROBABILITIES in names:
            computed[PROBABILITIES] = network.probabilities(picture)
        for name, maps in computed.items():
            self._kept.put((network.digest, picture.digest, name), maps)
        return computed
