"""Where the regions of a class map are, so that their names can be written on them."""

from __future__ import annotations

from typing import TypedDict

import cv2
import numpy as np
from numpy.typing import NDArray

SMALLEST = 0.0005
"""Share of the map that a region must cover to be worth a name."""


class Region(TypedDict):
    """A connected part of a class map.

    `id` is its class; `y` and `x`, shares of the map's height and width, lie inside it, as far from its border as
    possible; `radius` is that distance as a share of the map's width; `share` is how much of the map it covers.
    """

    id: int
    y: float
    x: float
    radius: float
    share: float


def largest_regions(ids: NDArray[np.uint8], classes: int, each: int = 2) -> list[Region]:
    """The largest connected regions of each class, largest first.

    Args:
        ids: (H, W) uint8 class ids; those of `classes` and above are no class.
        classes: number of classes.
        each: regions of one class at most.

    Example:
        >>> largest_regions(np.zeros((3, 3), np.uint8), 1)
        [{'id': 0, 'y': 0.5, 'x': 0.5, 'radius': 0.5, 'share': 1.0}]
    """
    present = [class_id for class_id in np.unique(ids).tolist() if class_id < classes]
    found = [region for class_id in present for region in _regions(ids == class_id, class_id, each)]
    return sorted(found, key=lambda region: -region["share"])


def _regions(mask: NDArray[np.bool_], class_id: int, each: int) -> list[Region]:
    height, width = mask.shape
    _, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    sizes = stats[1:, cv2.CC_STAT_AREA]
    regions: list[Region] = []
    for part in (np.argsort(-sizes, kind="stable")[:each] + 1).tolist():
        share = float(stats[part, cv2.CC_STAT_AREA] / mask.size)
        if share < SMALLEST:
            break
        left, top, wide, tall = stats[part, :4].tolist()
        # A frame of background makes the picture's edge a border too.
        framed = np.pad(parts[top : top + tall, left : left + wide] == part, 1).astype(np.uint8)
        distance = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        y, x = np.unravel_index(int(distance.argmax()), distance.shape)
        centre = (float(top + y - 0.5) / height, float(left + x - 0.5) / width)
        radius = round(float(distance.max() - 0.5) / width, 4)
        regions.append({"id": class_id, "y": centre[0], "x": centre[1], "radius": radius, "share": share})
    return regions
