"""One small picture a stage: what each part of the network holds for this picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.analysis.probabilities import class_ids
from unet_explorer.rendering.overlays import class_map_rgb
from unet_explorer.rendering.tiles import Scaling, make_tiles
from unet_explorer.ui.features import PROBABILITIES, FeatureStore
from unet_explorer.ui.network_view import HEAD, speakers
from unet_explorer.ui.wire import pack

if TYPE_CHECKING:
    from unet_explorer.network import FeatureMaps, Network
    from unet_explorer.pictures import Picture

CLIPPED = 1.0
"""Percent of the pixels that may be darkest, and as many brightest: a bright border would leave the rest black."""

SMALL = 4_000_000
"""Values (16 MB) of further layers that are kept from the pass for the thumbnails: there they cost next to nothing, and
a click on one needs no pass of its own."""


def thumbs_sheet(network: Network, picture: Picture, features: FeatureStore, largest: int) -> bytes:
    """Thumbnails of all stages, from one forward pass, each of at most `largest` pixels.

    Each shows the mean magnitude of the channels of the layer that speaks for the stage, from its 1st to its 99th
    percentile; the head shows the class map. The header lists for each stage its `size`, where on the picture it lies
    (`extent`), and whether it is `rgb`; the pixels follow in the same order, uint8 (h, w) or (h, w, 3).
    """
    spoken = speakers(network.layers)
    probabilities = [PROBABILITIES] if network.output.is_map and HEAD in spoken else []
    maps = features.maps(network, picture, [*spoken.values(), *probabilities, *_small(network)])
    rows: list[dict[str, Any]] = []
    pixels: list[NDArray[np.uint8]] = []
    for stage, layer in spoken.items():
        is_prediction = stage == HEAD and bool(probabilities)
        image = (
            _prediction(maps[PROBABILITIES], network, largest) if is_prediction else _magnitude(maps[layer], largest)
        )
        extent = maps[PROBABILITIES if is_prediction else layer].placement.extent()
        rows.append({"stage": stage, "extent": extent, "size": image.shape[:2], "rgb": image.ndim == 3})
        pixels.append(image)
    return pack({"thumbs": rows}, *pixels)


def _small(network: Network) -> list[str]:
    """The smallest layers, of `SMALL` values together."""
    sizes = {
        layer.name: layer.height * layer.width * layer.channels
        for layer in network.layers
        if layer.kind != "input" and layer.height and layer.width
    }
    by_size = sorted(sizes, key=sizes.__getitem__)
    total = np.cumsum([sizes[name] for name in by_size])
    return by_size[: int(np.searchsorted(total, SMALL, "right"))]


def _magnitude(maps: FeatureMaps, largest: int) -> NDArray[np.uint8]:
    mean = np.abs(maps.values).mean(-1, keepdims=True)
    return np.asarray(make_tiles(mean, _clipped(mean), _size(largest, *mean.shape[:2])).pixels[0], np.uint8)


def _clipped(mean: NDArray[np.float32]) -> Scaling:
    """The range without the darkest and brightest percent; all of it where those are nearly everything."""
    finite = mean[np.isfinite(mean)]
    low, high = np.percentile(finite, [CLIPPED, 100 - CLIPPED]) if finite.size else (0.0, 0.0)
    return Scaling("fixed", float(low), float(high)) if np.float32(low) < np.float32(high) else Scaling("layer")


def _prediction(maps: FeatureMaps, network: Network, largest: int) -> NDArray[np.uint8]:
    ids = class_ids(maps.values)
    height, width = _size(largest, *ids.shape)
    rows, columns = (np.arange(height) * ids.shape[0]) // height, (np.arange(width) * ids.shape[1]) // width
    return class_map_rgb(ids[rows][:, columns], network.class_table)


def _size(largest: int, height: int, width: int) -> tuple[int, int]:
    scale = min(1.0, math.sqrt(largest / (height * width)))
    return max(1, round(height * scale)), max(1, round(width * scale))
