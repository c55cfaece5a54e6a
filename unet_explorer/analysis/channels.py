"""What the channels of a layer are like: one number a channel, and where a channel fires strongest.

Only finite values count; the others are counted by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = 64

Maps = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class ChannelStatistics:
    """One value a channel, (C,), over its finite values; NaN where it has none.

    Attributes:
        mean, deviation: float64 mean and standard deviation.
        zeros: float64 share of exact zeros, 0 to 1.
        entropy: float64 bits of the channel's histogram of 64 levels between its lowest and highest value, 0 to 6.
        low, high: float64 lowest and highest value.
        not_finite: int64 how many values are NaN or infinite.
        counts: int64 (C, 64) that histogram: how many values each level has; a constant channel has all in the first.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    zeros: NDArray[np.float64]
    entropy: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    not_finite: NDArray[np.int64]
    counts: NDArray[np.int64]

    @property
    def constant(self) -> NDArray[np.bool_]:
        """(C,) every value is the same, zero included."""
        return np.asarray((self.low == self.high) & (self.not_finite == 0), np.bool_)


def channel_statistics(values: Maps) -> ChannelStatistics:
    """Statistics of each channel.

    Args:
        values: (H, W, C).

    Example:
        >>> channel_statistics(np.array([[[0.0], [2.0]]], np.float32)).mean
        array([1.])
    """
    planes = planes_of(values)
    rows = np.empty((7, len(planes)), np.float64)
    counts = np.empty((len(planes), LEVELS), np.int64)
    for channel, plane in enumerate(planes):
        rows[:, channel], counts[channel] = _statistics(plane)
    mean, deviation, zeros, entropy, low, high, missing = rows
    return ChannelStatistics(mean, deviation, zeros, entropy, low, high, missing.astype(np.int64), counts)


@dataclass(frozen=True)
class Place:
    """A pixel of a map and its value."""

    y: int
    x: int
    value: float


def strongest_places(channel: Maps, count: int = 5, apart: int = 8) -> list[Place]:
    """Where a channel fires strongest.

    Args:
        channel: (H, W) one map.
        count: at most so many places.
        apart: pixels between two places, in rows or in columns, so that one bright spot is named once.

    Returns:
        Highest value first; places at the lowest value of the map are left out.

    Example:
        >>> strongest_places(np.array([[0.0, 5.0, 4.0, 0.0, 3.0]]), count=2, apart=2)
        [Place(y=0, x=1, value=5.0), Place(y=0, x=4, value=3.0)]
    """
    left = np.where(np.isfinite(channel), channel, -np.inf)
    finite = left[np.isfinite(left)]
    lowest = finite.min() if finite.size else np.inf
    places: list[Place] = []
    while len(places) < count and left.max() > lowest:
        y, x = (int(index) for index in np.unravel_index(int(left.argmax()), left.shape))
        places.append(Place(y, x, float(left[y, x])))
        left[max(0, y - apart) : y + apart + 1, max(0, x - apart) : x + apart + 1] = -np.inf
    return places


def planes_of(values: Maps) -> NDArray[np.float32]:
    """(C, H*W) float32, a copy of (H, W, C) with one contiguous row a channel."""
    return np.array(values.reshape(-1, values.shape[2]).T, np.float32, order="C", copy=True)


def levels_of(values: NDArray[np.float32], low: float, high: float, levels: int) -> NDArray[np.uint8]:
    """The level of each finite value between its lowest and its highest, 0 to levels - 1, at most 256 levels."""
    # In units of the largest magnitude every range fits float32; in place, because fresh memory is slow.
    unit = max(abs(low), abs(high))
    share = values / np.float32(unit)
    share -= np.float32(low / unit)
    share *= np.float32(levels * unit / (high - low))
    np.minimum(share, np.float32(levels - 1), out=share)
    return share.astype(np.uint8)


def centred(plane: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """Finite values less their mean, in units of their largest magnitude (no square leaves float32), and that unit."""
    unit = max(abs(float(plane.min())), abs(float(plane.max()))) or 1.0
    share = plane / np.float32(unit)
    share -= np.float32(share.mean(dtype=np.float64))
    return share, unit


def _statistics(plane: NDArray[np.float32]) -> tuple[tuple[float, ...], NDArray[np.int64]]:
    """mean, deviation, zeros, entropy, low, high, not finite; and the histogram."""
    finite = plane if np.isfinite(plane).all() else plane[np.isfinite(plane)]
    missing = float(plane.size - finite.size)
    if not finite.size:
        return (*[np.nan] * 6, missing), np.zeros(LEVELS, np.int64)
    low, high = float(finite.min()), float(finite.max())
    share, unit = centred(finite)
    deviation = unit * float(np.sqrt(share @ share / share.size)) if low < high else 0.0
    zeros = 1 - np.count_nonzero(finite) / finite.size
    counts = _histogram(finite, low, high)
    mean = float(finite.mean(dtype=np.float64))
    return (mean, deviation, zeros, _entropy(counts), low, high, missing), counts


def _histogram(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.int64]:
    levels = levels_of(values, low, high, LEVELS) if low < high else np.zeros(values.size, np.uint8)
    return np.bincount(levels, minlength=LEVELS)


def _entropy(counts: NDArray[np.int64]) -> float:
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log2(share)).sum()) + 0.0
