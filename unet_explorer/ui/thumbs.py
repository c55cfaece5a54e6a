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

PIXELS = 8_000
"""Pixels of one thumbnail at most; drawn about 150 pixels wide."""


def thumbs_sheet(network: Network, picture: Picture, features: FeatureStore) -> bytes:
    """Thumbnails of all stages, from one forward pass.

    Each shows the mean magnitude of the channels of the layer that speaks for the stage; the head shows the class map.
    The header lists for each stage its `size`, where on the picture it lies (`extent`), and whether it is `rgb`; the
    pixels follow in the same order, uint8 (h, w) or (h, w, 3).
    """
    spoken = speakers(network.layers)
    probabilities = [PROBABILITIES] if network.output.is_map and HEAD in spoken else []
    maps = features.maps(network, picture, [*spoken.values(), *probabilities])
    rows: list[dict[str, Any]] = []
    pixels: list[NDArray[np.uint8]] = []
    for stage, layer in spoken.items():
        is_prediction = stage == HEAD and bool(probabilities)
        image = _prediction(maps[PROBABILITIES], network) if is_prediction else _magnitude(maps[layer])
        extent = maps[PROBABILITIES if is_prediction else layer].placement.extent()
        rows.append({"stage": stage, "extent": extent, "size": image.shape[:2], "rgb": image.ndim == 3})
        pixels.append(image)
    return pack({"thumbs": rows}, *pixels)


def _magnitude(maps: FeatureMaps) -> NDArray[np.uint8]:
    size = _thumb_size(*maps.values.shape[:2])
    mean = np.abs(maps.values).mean(-1, keepdims=True)
    return np.asarray(make_tiles(mean, Scaling("layer"), size).pixels[0], np.uint8)


def _prediction(maps: FeatureMaps, network: Network) -> NDArray[np.uint8]:
    ids = class_ids(maps.values)
    height, width = _thumb_size(*ids.shape)
    rows, columns = (np.arange(height) * ids.shape[0]) // height, (np.arange(width) * ids.shape[1]) // width
    return class_map_rgb(ids[rows][:, columns], network.class_table)


def _thumb_size(height: int, width: int) -> tuple[int, int]:
    scale = min(1.0, math.sqrt(PIXELS / (height * width)))
    return max(1, round(height * scale)), max(1, round(width * scale))
