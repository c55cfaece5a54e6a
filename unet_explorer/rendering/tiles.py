"""Float maps -> uint8 tiles for the browser, with what it needs to undo the scaling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from unet_explorer.errors import UserError

Mode = Literal["channel", "layer", "fixed"]

# Floats worked on at once: large enough to hide Python, small enough to stay in a processor's cache.
_BLOCK = 1 << 18


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
    height, width, channels = values.shape
    planes = _planes(values)
    ranges = _ranges(planes)
    low, high = _limits(ranges, scaling or Scaling())
    shown = _shrink(planes.reshape(channels, height, width), size)
    pixels = _levels(shown.reshape(channels, -1), low, high, ranges.not_finite == 0).reshape(shown.shape)
    return Tiles(pixels, low, high, _marks(ranges), ranges.not_finite, ranges.low, ranges.high)


@dataclass(frozen=True, eq=False)
class _Ranges:
    """Of each channel: lowest and highest finite value (0 where it has none), and what is not finite."""

    low: NDArray[np.float32]
    high: NDArray[np.float32]
    has_nan: NDArray[np.bool_]
    has_finite: NDArray[np.bool_]
    not_finite: NDArray[np.int64]


def _planes(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """(C, H*W) float32, one contiguous row a channel; OpenCV transposes several times faster than NumPy."""
    with np.errstate(over="ignore"):  # A float64 beyond float32 becomes infinite, and is counted as such.
        flat = np.ascontiguousarray(values, np.float32).reshape(-1, values.shape[2])
    return flat.reshape(1, -1) if flat.shape[1] == 1 else np.asarray(cv2.transpose(flat), np.float32)


def _ranges(planes: NDArray[np.float32]) -> _Ranges:
    # NaN and infinity show in the minimum or maximum, so that ordinary channels need no pass of their own for them.
    low, high = planes.min(axis=1), planes.max(axis=1)
    not_finite = np.zeros(len(planes), np.int64)
    has_nan = np.isnan(low)
    for channel in np.flatnonzero(~(np.isfinite(low) & np.isfinite(high))):
        finite = planes[channel][np.isfinite(planes[channel])]
        not_finite[channel] = planes.shape[1] - len(finite)
        low[channel], high[channel] = (finite.min(), finite.max()) if len(finite) else (0, 0)
    return _Ranges(low, high, has_nan, not_finite < planes.shape[1], not_finite)


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


def _shrink(planes: NDArray[np.float32], size: tuple[int, int] | None) -> NDArray[np.float32]:
    """(C, h, w) averaged down to at most `size`."""
    channels, height, width = planes.shape
    small = (height, width) if size is None else (min(size[0], height), min(size[1], width))
    if small == (height, width):
        return planes
    shrunk = np.empty((channels, *small), np.float32)
    for plane, target in zip(planes, shrunk, strict=True):
        cv2.resize(plane, (small[1], small[0]), dst=target, interpolation=cv2.INTER_AREA)
    return shrunk


def _levels(
    planes: NDArray[np.float32], low: NDArray[np.float32], high: NDArray[np.float32], finite: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """(C, n) uint8; `finite` tells the channels in which every value is."""
    levels = np.empty(planes.shape, np.uint8)
    span = high.astype(np.float64) - low
    easy = finite & ((span == 0) | (span > 1e-30) & (span < 1e30))
    step = max(1, _BLOCK // planes.shape[1])
    for start in range(0, len(planes), step):
        rows = slice(start, start + step)
        stretch = _stretched if easy[rows].all() else _stretched_exactly
        cv2.convertScaleAbs(stretch(planes[rows], low[rows], span[rows]), dst=levels[rows])
    return levels


def _stretched(block: NDArray[np.float32], low: NDArray[np.float32], span: NDArray[np.float64]) -> NDArray[np.float32]:
    """(c, n) float32 from 0 to 255, not rounded yet; 0 where a channel has no span."""
    gain = np.divide(255, span, out=np.zeros_like(span), where=span > 0).astype(np.float32)
    # The low value goes first: scaling first would lose small differences between large values.
    stretched = np.subtract(block, low[:, None])
    stretched *= gain[:, None]
    return np.clip(stretched, 0, 255, out=stretched)


def _stretched_exactly(
    block: NDArray[np.float32], low: NDArray[np.float32], span: NDArray[np.float64]
) -> NDArray[np.float32]:
    """The same where values are not finite or the span leaves the range of float32."""
    with np.errstate(invalid="ignore"):  # Infinity over infinity is drawn as NaN is.
        share = (block.astype(np.float64) - low[:, None]) / np.where(span > 0, span, np.inf)[:, None]
    return (np.nan_to_num(share, nan=0, posinf=1, neginf=0).clip(0, 1) * 255).astype(np.float32)
