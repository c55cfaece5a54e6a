"""The classes of article A as numbers, and their colours: what every face of every mesh is stamped with."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Label(IntEnum):
    """Class ids of article A (KITTI semantics, Cityscapes colours)."""

    ROAD = 0
    SIDEWALK = 1
    PARKING = 2
    RAIL_TRACK = 3
    PERSON = 4
    RIDER = 5
    CAR = 6
    TRUCK = 7
    BUS = 8
    ON_RAILS = 9
    MOTORCYCLE = 10
    BICYCLE = 11
    CARAVAN = 12
    TRAILER = 13
    BUILDING = 14
    WALL = 15
    FENCE = 16
    GUARD_RAIL = 17
    BRIDGE = 18
    TUNNEL = 19
    POLE = 20
    TRAFFIC_SIGN = 21
    TRAFFIC_LIGHT = 22
    VEGETATION = 23
    TERRAIN = 24
    SKY = 25
    GROUND = 26
    DYNAMIC = 27
    STATIC = 28
    NONE = 29


NAMES = (
    "Road", "Sidewalk", "Parking", "Rail track", "Person", "Rider", "Car", "Truck", "Bus", "On rails",
    "Motorcycle", "Bicycle", "Caravan", "Trailer", "Building", "Wall", "Fence", "Guard rail", "Bridge", "Tunnel",
    "Pole", "Traffic sign", "Traffic light", "Vegetation", "Terrain", "Sky", "Ground", "Dynamic", "Static", "None",
)  # fmt: skip

COLOURS = np.array(
    [
        (128, 64, 128), (244, 35, 232), (250, 170, 160), (230, 150, 140), (220, 20, 60), (255, 0, 0), (0, 0, 142),
        (0, 0, 70), (0, 60, 100), (0, 80, 100), (0, 0, 230), (119, 11, 32), (0, 0, 90), (0, 0, 110), (70, 70, 70),
        (102, 102, 156), (190, 153, 153), (180, 165, 180), (150, 100, 100), (150, 120, 90), (153, 153, 153),
        (220, 220, 0), (250, 170, 30), (107, 142, 35), (152, 251, 152), (70, 130, 180), (81, 0, 81), (111, 74, 0),
        (20, 20, 20), (0, 0, 0),
    ],
    np.uint8,
)  # fmt: skip


def to_ids(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Class ids of a colour-coded label picture.

    Args:
        rgb: (H, W, 3) colours of article A.

    Returns:
        (H, W) ids.

    Raises:
        ValueError: where a colour is not one of article A's.
    """
    keys = rgb.astype(np.int64) @ np.array([65536, 256, 1])
    table = COLOURS.astype(np.int64) @ np.array([65536, 256, 1])
    order = np.argsort(table)
    found = order[np.clip(np.searchsorted(table, keys, sorter=order), 0, len(table) - 1)]
    if not np.array_equal(table[found], keys):
        raise ValueError("a label colour is not in article A's table")
    return found.astype(np.uint8)
