"""All channels of a layer in one picture, as articles print them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from unet_explorer.rendering.colormaps import colour
from unet_explorer.rendering.tiles import make_tiles

GAP = 4
SHAPE = 3.0
"""How many times as wide as high a sheet should be, as nearly as full rows allow."""


def contact_sheet(
    values: NDArray[np.floating], width: int, aspect: float | None = None, colours: str = "viridis"
) -> NDArray[np.uint8]:
    """Channels side by side in reading order, each from its own lowest to its own highest value.

    Args:
        values: (H, W, C) floats; no axis may be empty.
        width: of the sheet in pixels, at least; tiles are never narrower than 8 pixels.
        aspect: how many times as wide as high a tile is drawn; as the map itself unless given.
        colours: a name of `COLORMAPS`.

    Returns:
        (h, w, 4) uint8 RGBA; the gaps between the tiles are transparent.

    Raises:
        UserError: there is no such colour map.

    Example:
        >>> contact_sheet(np.zeros((10, 20, 4), np.float32), 100).shape
        (52, 100, 4)
    """
    height, wide, channels = values.shape
    ratio = aspect or wide / height
    columns = _columns(channels, math.sqrt(channels * SHAPE / ratio))
    rows = -(-channels // columns)
    across = max(8, (width - GAP * (columns - 1)) // columns)
    down = max(4, round(across / ratio))
    pixels = _stretched(make_tiles(values, size=(down, across)).pixels, down, across)
    sheet = np.zeros((rows * (down + GAP) - GAP, columns * (across + GAP) - GAP, 4), np.uint8)
    for channel, tile in enumerate(colour(pixels, colours)):
        top, left = (channel // columns) * (down + GAP), (channel % columns) * (across + GAP)
        sheet[top : top + down, left : left + across, :3] = tile
        sheet[top : top + down, left : left + across, 3] = 255
    return sheet


def _columns(channels: int, wanted: float) -> int:
    """The number of columns nearest to the wanted one that leaves no row unfinished, where one is near enough."""
    full = [columns for columns in range(1, channels + 1) if channels % columns == 0]
    nearest = min(full, key=lambda columns: abs(math.log(columns / wanted)))
    return nearest if abs(math.log(nearest / wanted)) < math.log(1.25) else min(channels, max(1, round(wanted)))


def _stretched(tiles: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """(C, h, w) -> (C, height, width): each pixel is that of the map which lies under its centre."""
    rows = ((np.arange(height) + 0.5) * tiles.shape[1] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * tiles.shape[2] / width).astype(int)
    return tiles[:, rows][:, :, columns]
