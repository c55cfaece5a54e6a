"""How the channels of a layer relate to each other, to the classes, to places, and to the channels below them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.analysis.agreement import class_means, correlation_with_mask
from unet_explorer.analysis.channels import strongest_places
from unet_explorer.analysis.correlations import channel_correlations, input_strengths, most_similar
from unet_explorer.analysis.probabilities import class_ids
from unet_explorer.errors import ClassTableError
from unet_explorer.network import FeatureMaps
from unet_explorer.pictures import fit_label_map
from unet_explorer.ui.features import PROBABILITIES
from unet_explorer.ui.offers import Offer
from unet_explorer.ui.shared import shared
from unet_explorer.ui.wire import pack

ALIKE = 6
PLACES = 5
SLICES = 12


def relations_sheet(offer: Offer, maps: FeatureMaps) -> bytes:
    """For every channel of a layer: the channels most like it, and its mean on each class that was predicted.

    The header has `alike`, a list of [channel, correlation] for each channel, and `classes`, for each class present
    its `id`, its `share` of the map and the `means` of all channels on it.
    """
    correlations = channel_correlations(maps.values)
    alike = [most_similar(correlations, channel, ALIKE) for channel in range(len(correlations))]
    return pack({"alike": alike, "classes": _on_classes(offer, maps)})


def channel_sheet(offer: Offer, maps: FeatureMaps, channel: int) -> bytes:
    """For one channel: where it fires strongest, and for a convolution its kernel slices that weigh most.

    The header has `places`, each with `y` and `x` in picture pixels and its `value`; and `kernel`, null or with the
    size of a slice, the `inputs` shown (strongest first), the norm of each, the `total` number of inputs, and the
    range. Behind it the slices, float32 (inputs, height, width).
    """
    kernel, slices = _kernel(offer, maps, channel)
    return pack({"places": _places(maps, channel), "kernel": kernel}, slices)


def agreement_sheet(offer: Offer, maps: FeatureMaps, class_id: int) -> bytes:
    """How well each channel tells where a class was predicted: `agreement`, a correlation for each channel.

    Raises:
        ClassTableError: the network has no such class.
    """
    if class_id >= len(offer.network.class_table):
        last = len(offer.network.class_table) - 1
        raise ClassTableError(f"This network has classes 0 to {last}, not {class_id}: choose one of them.")
    ids = predicted_ids(offer, maps)
    mask = np.zeros(maps.values.shape[:2], np.bool_) if ids is None else ids == class_id
    return pack({"agreement": correlation_with_mask(maps.values, mask)})


def predicted_ids(offer: Offer, maps: FeatureMaps) -> NDArray[np.uint8] | None:
    """The predicted class under each pixel of a layer's maps, uint8 (H, W), 255 beyond; None without classes."""
    if not offer.network.output.is_map:
        return None
    probabilities = shared().features.one(offer.network, offer.picture, PROBABILITIES)
    on_picture = probabilities.placement.restore(class_ids(probabilities.values))
    return fit_label_map(on_picture, maps.placement, *maps.values.shape[:2])


def _on_classes(offer: Offer, maps: FeatureMaps) -> list[dict[str, Any]]:
    ids = predicted_ids(offer, maps)
    if ids is None:
        return []
    table = offer.network.class_table
    means = class_means(maps.values, ids, len(table))
    counts = np.bincount(ids.ravel(), minlength=256)[: len(table)]
    return [
        {
            "id": entry.id,
            "name": entry.name,
            "colour": list(entry.colour),
            "share": counts[entry.id] / ids.size,
            "means": means[entry.id].round(7),
        }
        for entry in table
        if counts[entry.id]
    ]


def _places(maps: FeatureMaps, channel: int) -> list[dict[str, float]]:
    height, width = maps.values.shape[:2]
    top, left, tall, wide = maps.placement.extent()
    # Far enough apart that the crops shown of them do not show the same things.
    places = strongest_places(maps.values[..., channel], PLACES, apart=max(2, width // 10))
    return [
        {
            "y": top + (place.y + 0.5) * tall / height,
            "x": left + (place.x + 0.5) * wide / width,
            "value": place.value,
        }
        for place in places
    ]


def _kernel(offer: Offer, maps: FeatureMaps, channel: int) -> tuple[dict[str, Any] | None, NDArray[np.float32]]:
    kernel = offer.network.kernel(maps.layer.name)
    if kernel is None or channel >= kernel.shape[3]:
        return None, np.zeros(0, np.float32)
    norms = input_strengths(kernel, channel)
    shown = np.argsort(-norms, kind="stable")[:SLICES]
    slices = np.moveaxis(kernel[:, :, shown, channel], -1, 0).astype("<f4")
    return {
        "size": kernel.shape[:2],
        "inputs": shown,
        "norms": norms[shown],
        "total": kernel.shape[2],
        "largest": np.abs(slices).max(),
    }, slices
