"""Drawing on the picture: class maps, heat, outlines and errors, all uint8 RGB in, uint8 RGB out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.classes import ClassTable
from unet_explorer.errors import UserError
from unet_explorer.rendering.colormaps import colour

# Green, vermilion and sky blue of Okabe and Ito (2008), told apart by eyes of every kind.
TRUE_POSITIVE = (0, 158, 115)
FALSE_POSITIVE = (213, 94, 0)
FALSE_NEGATIVE = (86, 180, 233)


def class_map_rgb(ids: NDArray[np.integer[Any]], table: ClassTable) -> NDArray[np.uint8]:
    """A class map in the colours of its table; (H, W) ids -> (H, W, 3) uint8, black where an id is no class."""
    return table.to_rgb(ids)


def blend_overlay(
    pixels: NDArray[np.uint8],
    overlay: NDArray[np.uint8],
    opacity: float,
    where: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """Lay colours over a picture.

    Args:
        pixels: (H, W, 3) uint8 RGB of the picture.
        overlay: the same of what lies on it.
        opacity: 0 shows only the picture, 1 only the overlay.
        where: (H, W) the pixels to cover; all unless given.

    Returns:
        (H, W, 3) uint8 RGB, rounded.

    Raises:
        UserError: the shapes differ, or the opacity is not within 0 to 1.

    Example:
        >>> blend_overlay(np.zeros((1, 1, 3), np.uint8), np.full((1, 1, 3), 200, np.uint8), 0.25).tolist()
        [[[50, 50, 50]]]
    """
    if pixels.shape != overlay.shape:
        raise UserError(f"The overlay {overlay.shape} and the picture {pixels.shape} differ in size: restore it first.")
    if not 0 <= opacity <= 1:
        raise UserError(f"An opacity of {opacity} is not within 0 to 1.")
    mixed = pixels + (overlay.astype(np.float32) - pixels) * np.float32(opacity)
    blended = np.rint(mixed).astype(np.uint8)
    return blended if where is None else np.where(where[:, :, None], blended, pixels)


def heat_overlay(
    pixels: NDArray[np.uint8], levels: NDArray[np.uint8], colormap: str, opacity: float
) -> NDArray[np.uint8]:
    """Lay a tile over a picture, in a colour map.

    Args:
        pixels: (H, W, 3) uint8 RGB of the picture.
        levels: (H, W) uint8 tile in the picture's pixels.
        colormap: a name of `COLORMAPS`.
        opacity: 0 to 1.

    Raises:
        UserError: as `blend_overlay`, or there is no such colour map.
    """
    return blend_overlay(pixels, colour(levels, colormap), opacity)


def outline(ids: NDArray[Any]) -> NDArray[np.bool_]:
    """The pixels whose right or lower neighbour has another value.

    Args:
        ids: (H, W) class map or mask.

    Returns:
        (H, W) lines one pixel thin.

    Example:
        >>> outline(np.array([[1, 1, 2], [1, 1, 2]])).tolist()
        [[False, True, False], [False, True, False]]
    """
    border = np.zeros(ids.shape, np.bool_)
    border[:-1] |= ids[:-1] != ids[1:]
    border[:, :-1] |= ids[:, :-1] != ids[:, 1:]
    return border


def error_overlay(
    pixels: NDArray[np.uint8], predicted: NDArray[np.bool_], wanted: NDArray[np.bool_], opacity: float
) -> NDArray[np.uint8]:
    """Colour what was found (green), wrongly found (orange) and missed (blue); the rest shows the picture.

    Args:
        pixels: (H, W, 3) uint8 RGB of the picture.
        predicted: (H, W) where the class was predicted.
        wanted: (H, W) where it is labelled.
        opacity: 0 to 1.
    """
    colours = np.zeros_like(pixels)
    colours[predicted & wanted] = TRUE_POSITIVE
    colours[predicted & ~wanted] = FALSE_POSITIVE
    colours[wanted & ~predicted] = FALSE_NEGATIVE
    return blend_overlay(pixels, colours, opacity, where=predicted | wanted)
