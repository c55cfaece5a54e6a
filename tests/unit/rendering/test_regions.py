"""Where names are written on a class map."""

from __future__ import annotations

import numpy as np
import pytest

from unet_explorer.rendering.regions import largest_regions


def test_regions_by_hand() -> None:
    ids = np.zeros((10, 20), np.uint8)
    ids[2:7, 5:10] = 3  # A square of 5: its centre pixel (4, 7) is 2.5 from the border.
    ids[9, 19] = 3
    regions = largest_regions(ids, 4)
    assert [(region["id"], region["share"]) for region in regions] == [(0, 174 / 200), (3, 25 / 200), (3, 1 / 200)]
    square = regions[1]
    assert (square["y"] * 10, square["x"] * 20) == pytest.approx((4.5, 7.5))
    assert square["radius"] * 20 == pytest.approx(2.5)


def test_the_point_lies_inside_a_hollow_region() -> None:
    ids = np.ones((30, 50), np.uint8)
    ids[5:25, 5:45] = 0
    region = next(region for region in largest_regions(ids, 2) if region["id"] == 1)
    assert ids[int(region["y"] * 30), int(region["x"] * 50)] == 1


def test_specks_other_ids_and_surplus_regions_have_no_name() -> None:
    ids = np.full((100, 100), 255, np.uint8)
    ids[0, 0] = 1
    ids[10:20:3, 10:20] = 2
    assert [region["id"] for region in largest_regions(ids, 9, each=3)] == [2, 2, 2]
