"""Where the pixels of a picture are in the input and in the maps of a network, and the exact way back.

All geometry is one-dimensional and exact: an `Axis` says where the picture lies along the input and where a map of the
network lies along the input. Pixels are areas; pixel i covers [i, i + 1) and its centre is i + 1/2. A pixel "is" the
one, on the other side, whose area contains its centre.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.errors import PictureError


@dataclass(frozen=True)
class Axis:
    """One axis of a placement.

    Attributes:
        picture: pixels of the picture.
        input: pixels of the network's input.
        start, length: where the picture lies along the input, in input pixels.
        map_start, map_length: the part of the input that maps of the network cover, in input pixels or fractions of
            them; the whole input unless the network crops, as unpadded convolutions do.
    """

    picture: int
    input: int
    start: int
    length: int
    map_start: int | Fraction
    map_length: int | Fraction

    def __post_init__(self) -> None:
        if min(self.picture, self.input, self.length) < 1 or self.map_length <= 0:
            raise PictureError(f"A map cannot be placed on a picture of which it covers nothing: {self}.")

    def map_pixels(self, size: int) -> NDArray[np.int64]:
        """For each picture pixel, the pixel of a map of `size` pixels that contains its centre; outside 0..size-1 where
        the map does not reach."""
        parts, map_start, map_length = self._whole()
        centres = 2 * np.arange(self.picture, dtype=np.int64) + 1
        along_input = 2 * self.picture * (self.start * parts - map_start) + centres * self.length * parts
        return along_input * size // (2 * self.picture * map_length)

    def picture_pixels(self, size: int) -> NDArray[np.int64]:
        """For each pixel of a map of `size` pixels, the picture pixel that contains its centre; outside
        0..picture-1 where it lies in the padding."""
        parts, map_start, map_length = self._whole()
        centres = 2 * np.arange(size, dtype=np.int64) + 1
        along_input = 2 * size * (map_start - self.start * parts) + centres * map_length
        return along_input * self.picture // (2 * size * self.length * parts)

    def extent(self) -> tuple[float, float]:
        """Start and length, in picture pixels, of what a map covers."""
        scale = self.picture / self.length
        return float(self.map_start - self.start) * scale, float(self.map_length) * scale

    def _whole(self) -> tuple[int, int, int]:
        """How many parts an input pixel is cut into, and `map_start` and `map_length` in such parts."""
        parts = math.lcm(self.map_start.denominator, self.map_length.denominator)
        return parts, int(self.map_start * parts), int(self.map_length * parts)


@dataclass(frozen=True)
class Placement:
    """Where the pixels of a picture are in the input and in the maps of a network."""

    rows: Axis
    columns: Axis

    def covering(self, top: float, left: float, height: float, width: float) -> Placement:
        """The placement of maps that cover only this rectangle of the input, in input pixels.

        Networks with unpadded convolutions need it: their maps leave out a margin, which their size does not tell.
        Fractions are taken to 1/64 of a pixel at best.
        """
        return Placement(
            dataclasses.replace(self.rows, map_start=_fraction(top), map_length=_fraction(height)),
            dataclasses.replace(self.columns, map_start=_fraction(left), map_length=_fraction(width)),
        )

    def extent(self) -> tuple[float, float, float, float]:
        """Top, left, height, width in picture pixels of the rectangle that a map covers; it may reach beyond the
        picture (padding) or leave a margin (unpadded convolutions)."""
        (top, height), (left, width) = self.rows.extent(), self.columns.extent()
        return top, left, height, width

    def restore(self, maps: NDArray[Any]) -> NDArray[Any]:
        """Maps of the network in the picture's own pixels, by the nearest map pixel.

        Args:
            maps: (h, w, ...) of any size and dtype.

        Returns:
            (H, W, ...) of the same dtype. Where the maps do not reach: NaN in floats, False in booleans, the largest
            value of the dtype in integers (255, which is no class, in uint8).
        """
        rows, columns = self.rows.map_pixels(maps.shape[0]), self.columns.map_pixels(maps.shape[1])
        inside_rows = (rows >= 0) & (rows < maps.shape[0])
        inside_columns = (columns >= 0) & (columns < maps.shape[1])
        if inside_rows.all() and inside_columns.all():
            return maps[rows][:, columns]
        restored = np.full((len(rows), len(columns), *maps.shape[2:]), _missing(maps.dtype), maps.dtype)
        restored[np.ix_(inside_rows, inside_columns)] = maps[np.ix_(rows[inside_rows], columns[inside_columns])]
        return restored


def _missing(dtype: np.dtype[Any]) -> Any:
    if dtype == np.bool_:
        return False
    return np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else np.nan


def _fraction(length: float) -> Fraction:
    return Fraction(length).limit_denominator(64)
