"""Sheets: the channels of a layer as the browser wants them, first small, then whole, at last exact."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from unet_explorer.rendering.tiles import Scaling, Tiles, make_tiles
from unet_explorer.ui.wire import pack

if TYPE_CHECKING:
    from unet_explorer.network import FeatureMaps


def preview_sheet(maps: FeatureMaps, budget: int, width: int) -> bytes:
    """All channels, area-averaged to fit `budget` bytes and `width` pixels.

    The header has `low` and `high` (what bytes 0 and 255 stand for), `marks`, how many values are NaN or infinite
    (`odd`), the map's own size and where on the picture it lies; behind it uint8 (C, h, w).
    """
    height, columns, channels = maps.values.shape
    size = tile_size(height, columns, channels, budget, width)
    tiles = make_tiles(maps.values, Scaling("channel"), None if size == (height, columns) else size)
    return pack(_header(maps, tiles, list(range(channels))), tiles.pixels)


def tile_sheet(maps: FeatureMaps, channels: list[int], width: int) -> bytes:
    """Some channels, area-averaged to `width` pixels where they are wider; like `preview_sheet`."""
    height, columns = maps.values.shape[:2]
    size = tile_size(height, columns, len(channels), height * columns * len(channels), width)
    tiles = make_tiles(maps.values[..., channels], Scaling("channel"), None if size == (height, columns) else size)
    return pack(_header(maps, tiles, channels), tiles.pixels)


def exact_sheet(maps: FeatureMaps, channels: list[int]) -> bytes:
    """Some channels as float32 (C, H, W)."""
    chosen = np.moveaxis(maps.values[..., channels], -1, 0).astype("<f4")
    header = {"height": chosen.shape[1], "width": chosen.shape[2], "channels": channels}
    return pack({**header, "extent": maps.placement.extent()}, chosen)


def magnitude_sheet(maps: FeatureMaps) -> bytes:
    """How strongly a layer answers at each place: the mean of the absolute values of its channels, float32 (H, W)."""
    mean = np.abs(maps.values).mean(-1).astype("<f4")
    return pack({"height": mean.shape[0], "width": mean.shape[1], "extent": maps.placement.extent()}, mean)


def tile_size(height: int, width: int, channels: int, budget: int, widest: int) -> tuple[int, int]:
    """Height and width of tiles of a layer, proportions kept, never larger than the maps.

    Args:
        height, width, channels: the layer's.
        budget: bytes that all tiles together may have.
        widest: pixels that a tile may be wide.

    Example:
        >>> tile_size(368, 1248, 16, 1_000_000, 312)
        (92, 312)
    """
    scale = min(1.0, widest / width, math.sqrt(budget / (height * width * channels)))
    return max(1, round(height * scale)), max(1, round(width * scale))


def _header(maps: FeatureMaps, tiles: Tiles, channels: list[int]) -> dict[str, Any]:
    return {
        "height": maps.values.shape[0],
        "width": maps.values.shape[1],
        "count": maps.values.shape[2],
        "channels": channels,
        "tile": tiles.pixels.shape[1:],
        "low": tiles.low,
        "high": tiles.high,
        "marks": tiles.marks,
        "odd": tiles.not_finite,
        "extent": maps.placement.extent(),
    }
