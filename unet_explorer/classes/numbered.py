"""A class table for networks that come without one: numbers for names, and colours as far apart as they can be."""

from __future__ import annotations

import functools
import itertools

import numpy as np
from numpy.typing import NDArray

from unet_explorer.classes.table import ClassEntry, ClassTable
from unet_explorer.errors import ClassTableError

# One for every colour there is: outputs of a network that is no segmentation may be thousands.
MAX_CLASSES = 1 << 24
_STEP = 10_368_889  # The golden share of it, and odd, so that steps of it meet every colour once.

# How bright the candidates are, in Oklab lightness: visible on white and on black pages.
_LIGHTNESS = (0.42, 0.9)


@functools.cache
def numbered_class_table(count: int) -> ClassTable:
    """A table of `count` classes named "Class 0", "Class 1" and so on.

    The colours are chosen one after the other, each as far as possible from those before it in Oklab (Ottosson 2020),
    a colour space whose distances follow the eye. A shorter table has the first colours of a longer one.

    Args:
        count: number of classes, 1 to 16,777,216.

    Raises:
        ClassTableError: another count.

    Example:
        >>> numbered_class_table(2).names
        ('Class 0', 'Class 1')
    """
    if not 1 <= count <= MAX_CLASSES:
        raise ClassTableError(f"A class table cannot have {count} classes: 1 to {MAX_CLASSES:,} are possible.")
    colours = _colours(count).tolist()
    entries = (ClassEntry(number, f"Class {number}", tuple(colour)) for number, colour in enumerate(colours))
    return ClassTable(name="numbered", classes=tuple(entries))


def _colours(count: int) -> NDArray[np.uint8]:
    """(count, 3) uint8 RGB, no two alike: the distinct ones, then those between them in steps across the whole cube."""
    distinct = _distinct_colours()
    if count <= len(distinct):
        return distinct[:count]
    codes = np.arange(count, dtype=np.int64) * _STEP % MAX_CLASSES
    between = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], -1).astype(np.uint8)
    between = between[(between % 17 > 0).any(-1)]  # The lattice of the distinct ones has steps of 17.
    return np.concatenate([distinct, between])[:count]


@functools.cache
def _distinct_colours() -> NDArray[np.uint8]:
    """(4096, 3) uint8 RGB: the distinct ones first, then every other colour of the lattice."""
    levels = np.linspace(0, 255, 16).round().astype(np.uint8)
    lattice = np.array(list(itertools.product(levels, repeat=3)), np.uint8)
    lab = oklab(lattice)
    usable = (lab[:, 0] >= _LIGHTNESS[0]) & (lab[:, 0] <= _LIGHTNESS[1])
    candidates = np.flatnonzero(usable)
    chosen = candidates[_farthest_first(lab[candidates], first=int(np.argmax(lab[candidates, 1])), count=256)]
    rest = np.setdiff1d(np.arange(len(lattice)), chosen)
    colours: NDArray[np.uint8] = lattice[np.concatenate([chosen, rest])]
    return colours


def _farthest_first(points: NDArray[np.float64], first: int, count: int) -> list[int]:
    """Indices of points, each the farthest from all before it."""
    order = [first]
    distance = np.linalg.norm(points - points[first], axis=1)
    while len(order) < count:
        order.append(int(np.argmax(distance)))
        distance = np.minimum(distance, np.linalg.norm(points - points[order[-1]], axis=1))
    return order


def oklab(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Oklab coordinates of sRGB colours.

    Args:
        rgb: (..., 3) uint8.

    Returns:
        (..., 3) lightness 0 to 1, green-red, blue-yellow.

    Example:
        >>> oklab(np.array([255, 255, 255], np.uint8)).round(3).tolist()
        [1.0, 0.0, 0.0]
    """
    share = rgb / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    cones = np.cbrt(
        linear
        @ np.array(
            [
                [0.4122214708, 0.2119034982, 0.0883024619],
                [0.5363325363, 0.6806995451, 0.2817188376],
                [0.0514459929, 0.1073969566, 0.6299787005],
            ]
        )
    )
    result: NDArray[np.float64] = cones @ np.array(
        [
            [0.2104542553, 1.9779984951, 0.0259040371],
            [0.7936177850, -2.4285922050, 0.7827717662],
            [-0.0040720468, 0.4505937099, -0.8086757660],
        ]
    )
    return result
