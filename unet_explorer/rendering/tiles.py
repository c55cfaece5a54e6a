"""Float maps -> uint8 tiles for the browser, with what it needs to undo the scaling."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from typing import Literal, TypeVar, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from unet_explorer.errors import UserError

Mode = Literal["channel", "layer", "fixed"]
Found = TypeVar("Found")

# Floats worked on at once: large enough to hide Python and its lock, small enough to stay in a processor's cache.
_BAND = 1 << 20
# Memory is the limit beyond a few threads. They are kept, for starting one takes as long as a small layer.
_THREADS = min(4, os.cpu_count() or 1)
_HELPERS = ThreadPoolExecutor(max(1, _THREADS - 1), "tiles")


@dataclass(frozen=True)
class Scaling:
    """Which value becomes black and which white.

    Attributes:
        mode: "channel": the lowest and highest value of each channel; "layer": those of all channels together; "fixed":
            `low` and `high`, values beyond them are clipped.
        low, high: only for "fixed".
        symmetric: widen the range so that zero is its middle, for diverging colour maps.
    """

    mode: Mode = "channel"
    low: float | None = None
    high: float | None = None
    symmetric: bool = False

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            raise UserError(f"Scaling {self.mode!r} is unknown: choose one of {', '.join(get_args(Mode))}.")
        fixed = self.mode == "fixed"
        if fixed and (self.low is None or self.high is None or not _is_range(self.low, self.high)):
            raise UserError(f"Fixed scaling from {self.low} to {self.high}: low must be below high, both finite.")
        if not fixed and (self.low is not None or self.high is not None):
            raise UserError(f"Scaling {self.mode!r} finds its own range: leave out low and high, or use fixed.")


def _is_range(low: float, high: float) -> bool:
    """Whether both are finite in float32 and still differ there."""
    largest = float(np.finfo(np.float32).max)
    return -largest <= low < high <= largest and bool(np.float32(low) < np.float32(high))


@dataclass(frozen=True, eq=False)
class Tiles:
    """All channels of a layer as 8-bit pictures.

    The value under a pixel is `low + level / 255 * (high - low)`, exact to half a level.

    Attributes:
        pixels: (C, h, w) uint8 levels. NaN and minus infinity are drawn as 0, infinity as 255.
        low, high: (C,) float32, always finite: the values of levels 0 and 255. Equal where a channel is constant.
        marks: what is odd about each channel: "" nothing, "zero" every value is 0, "constant" every value is the same,
            "nan" some values are not numbers, "inf" some are infinite (and none is NaN).
        not_finite: (C,) int64 how many values are NaN or infinite.
        finite_low, finite_high: (C,) float32: the lowest and highest finite value of each channel, whatever the
            scaling; 0 where it has none.
    """

    pixels: NDArray[np.uint8]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    marks: tuple[str, ...]
    not_finite: NDArray[np.int64]
    finite_low: NDArray[np.float32]
    finite_high: NDArray[np.float32]

    def values(self) -> NDArray[np.float32]:
        """(h, w, C) float32: what the levels stand for, as the browser shows them."""
        share = np.moveaxis(self.pixels, 0, -1) / np.float64(255)
        low, high = self.low.astype(np.float64), self.high.astype(np.float64)
        return (low + share * (high - low)).astype(np.float32)


def make_tiles(
    values: NDArray[np.floating], scaling: Scaling | None = None, size: tuple[int, int] | None = None
) -> Tiles:
    """Scale every channel of a layer to 8 bits.

    Args:
        values: (H, W, C) floats; float32 is fastest.
        scaling: per channel unless given.
        size: (height, width) to shrink the tiles to by averaging areas; sides that are smaller already stay. The range
            is always that of the whole map, so that small and full tiles have the same levels.

    Returns:
        The tiles; `values` is left as it was.

    Raises:
        UserError: `values` has not three axes or is empty.
    """
    if values.ndim != 3 or 0 in values.shape:
        raise UserError(f"Tiles are made of maps (height, width, channels) with content, not of shape {values.shape}.")
    with np.errstate(over="ignore"):  # A float64 beyond float32 becomes infinite, and is counted as such.
        maps = np.ascontiguousarray(values, np.float32)
    ranges = _ranges(maps)
    chosen = scaling or Scaling()
    low, high = _limits(ranges, chosen)
    shown = _shrink(maps, size)
    # An average of equal values may miss them by a bit of float32.
    beyond = chosen.mode == "fixed" or shown is not maps
    pixels = _levels(shown, low, high, ranges.not_finite == 0, clip=beyond)
    return Tiles(pixels, low, high, _marks(ranges), ranges.not_finite, ranges.low, ranges.high)


@dataclass(frozen=True, eq=False)
class _Ranges:
    """Of each channel: lowest and highest finite value (0 where it has none), and what is not finite."""

    low: NDArray[np.float32]
    high: NDArray[np.float32]
    has_nan: NDArray[np.bool_]
    has_finite: NDArray[np.bool_]
    not_finite: NDArray[np.int64]


def _in_bands(maps: NDArray[np.float32], work: Callable[[slice], Found]) -> list[Found]:
    """What `work` makes of each band of rows, in any order; NumPy and OpenCV compute without Python's lock."""
    height, width, channels = maps.shape
    step = max(1, _BAND // (width * channels))
    starts = range(0, height, step)
    bands = iter([slice(start, min(start + step, height)) for start in starts])

    def take() -> list[Found]:
        return [work(band) for band in bands]

    helpers = [_HELPERS.submit(take) for _ in range(min(len(starts), _THREADS) - 1)]
    found = take()
    for helper in helpers:
        # By now every band is taken: a helper that has not been woken yet is not waited for.
        if not helper.cancel():
            found += helper.result()
    return found


def _ranges(maps: NDArray[np.float32]) -> _Ranges:
    # Rows before columns: NumPy compares whole rows at once, and is many times slower over both axes together.
    # NaN and infinity show in the minimum or maximum, so that ordinary channels need no pass of their own for them.
    lows, highs = zip(*_in_bands(maps, lambda rows: (maps[rows].min(axis=0), maps[rows].max(axis=0))), strict=True)
    low, high = reduce(np.minimum, lows).min(axis=0), reduce(np.maximum, highs).max(axis=0)
    not_finite = np.zeros(len(low), np.int64)
    has_nan = np.isnan(low)
    pixels = maps.shape[0] * maps.shape[1]
    for channel in np.flatnonzero(~(np.isfinite(low) & np.isfinite(high))):
        plane = maps[..., channel]
        finite = plane[np.isfinite(plane)]
        not_finite[channel] = pixels - len(finite)
        low[channel], high[channel] = (finite.min(), finite.max()) if len(finite) else (0, 0)
    return _Ranges(low, high, has_nan, not_finite < pixels, not_finite)


def _limits(ranges: _Ranges, scaling: Scaling) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The values of levels 0 and 255 of each channel."""
    low, high = ranges.low, ranges.high
    if scaling.mode == "layer" and ranges.has_finite.any():
        low = np.full_like(low, low[ranges.has_finite].min())
        high = np.full_like(high, high[ranges.has_finite].max())
    if scaling.low is not None and scaling.high is not None:
        low, high = np.full_like(low, scaling.low), np.full_like(high, scaling.high)
    if scaling.symmetric:
        high = np.maximum(np.abs(low), np.abs(high))
        low = -high
    return low, high


def _marks(ranges: _Ranges) -> tuple[str, ...]:
    marks = np.full(len(ranges.low), "", dtype=object)
    marks[ranges.low == ranges.high] = "constant"
    marks[(ranges.low == 0) & (ranges.high == 0)] = "zero"
    marks[ranges.not_finite > 0] = "inf"
    marks[ranges.has_nan] = "nan"
    return tuple(marks)


def _shrink(maps: NDArray[np.float32], size: tuple[int, int] | None) -> NDArray[np.float32]:
    """(h, w, C) averaged down to at most `size`."""
    height, width, channels = maps.shape
    small = (height, width) if size is None else (min(size[0], height), min(size[1], width))
    if small == (height, width):
        return maps
    shrunk = np.empty((*small, channels), np.float32)
    # One channel a row: OpenCV transposes several times faster than NumPy picks single channels.
    planes = np.asarray(cv2.transpose(maps.reshape(-1, channels))) if channels > 1 else maps
    for channel, plane in enumerate(planes.reshape(channels, height, width)):
        shrunk[..., channel] = cv2.resize(plane, (small[1], small[0]), interpolation=cv2.INTER_AREA)
    return shrunk


def _levels(
    maps: NDArray[np.float32],
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    finite: NDArray[np.bool_],
    clip: bool,
) -> NDArray[np.uint8]:
    """(C, h, w) uint8; `finite` tells the channels in which every value is, `clip` that some may leave low to high."""
    height, width, channels = maps.shape
    levels = np.empty((channels, height * width), np.uint8)
    span = high.astype(np.float64) - low
    gain = np.divide(255, span, out=np.zeros_like(span), where=span > 1e-30).astype(np.float32)
    lows, gains = np.tile(low, width), np.tile(gain, width)

    def level(rows: slice) -> None:
        stretched = _stretched(maps[rows].reshape(-1, width * channels), lows, gains)
        if clip:
            np.clip(stretched, 0, 255, out=stretched)
        # Only the bytes are transposed, a quarter of the floats.
        pixels = cv2.convertScaleAbs(stretched).reshape(-1, channels)
        cv2.transpose(pixels, dst=levels[:, rows.start * width : rows.stop * width])

    _in_bands(maps, level)
    for channel in np.flatnonzero(~(finite & ((span == 0) | (span > 1e-30) & (span < 1e30)))):
        exact = _stretched_exactly(maps[..., channel], low[channel], span[channel])
        levels[channel] = cv2.convertScaleAbs(exact).reshape(-1)
    return levels.reshape(channels, height, width)


def _stretched(band: NDArray[np.float32], lows: NDArray[np.float32], gains: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, w * C) float32, 0 and 255 at the limits, not rounded yet; 0 where a channel has no span."""
    with np.errstate(over="ignore", invalid="ignore"):  # Channels for which this happens are done again, exactly.
        if not lows.any():  # What a ReLU gives, most of the time.
            return np.multiply(band, gains)
        # The low value goes first: scaling first would lose small differences between large values.
        stretched = np.subtract(band, lows)
        stretched *= gains
    return stretched


def _stretched_exactly(plane: NDArray[np.float32], low: np.float32, span: np.float64) -> NDArray[np.float32]:
    """(h, w) the same of a channel whose values are not finite or whose span leaves the range of float32."""
    with np.errstate(invalid="ignore"):  # Infinity over infinity is drawn as NaN is.
        share = (plane.astype(np.float64) - low) / (span if span > 0 else np.inf)
    return np.asarray(np.nan_to_num(share, nan=0, posinf=1, neginf=0).clip(0, 1) * 255, np.float32)
