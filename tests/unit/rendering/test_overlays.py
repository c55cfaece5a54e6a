"""Drawing on pictures, by worked examples."""

from __future__ import annotations

import numpy as np
import pytest

from unet_explorer.classes import load_class_table
from unet_explorer.errors import UserError
from unet_explorer.rendering.colormaps import COLORMAPS
from unet_explorer.rendering.overlays import (
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    TRUE_POSITIVE,
    blend_overlay,
    class_map_rgb,
    error_overlay,
    heat_overlay,
    outline,
)

PIXELS = np.array([[[0, 100, 255], [10, 20, 30]]], np.uint8)
OVERLAY = np.array([[[255, 200, 0], [0, 0, 0]]], np.uint8)


@pytest.mark.parametrize(
    ("opacity", "expected"),
    [
        (0, PIXELS.tolist()),
        (1, OVERLAY.tolist()),
        (0.5, [[[128, 150, 128], [5, 10, 15]]]),
        (0.2, [[[51, 120, 204], [8, 16, 24]]]),
    ],
)
def test_blending(opacity: float, expected: list[object]) -> None:
    assert blend_overlay(PIXELS, OVERLAY, opacity).tolist() == expected


def test_blending_only_somewhere() -> None:
    mixed = blend_overlay(PIXELS, OVERLAY, 1, where=np.array([[False, True]]))
    assert mixed.tolist() == [[[0, 100, 255], [0, 0, 0]]]


def test_what_cannot_be_blended_is_refused() -> None:
    with pytest.raises(UserError, match="differ in size"):
        blend_overlay(PIXELS, OVERLAY[:, :1], 0.5)
    for opacity in (-0.1, 1.1, float("nan")):
        with pytest.raises(UserError, match="not within 0 to 1"):
            blend_overlay(PIXELS, OVERLAY, opacity)


def test_class_maps_take_the_colours_of_their_table() -> None:
    assert class_map_rgb(np.array([[6, 255]]), load_class_table("kitti")).tolist() == [[[0, 0, 142], [0, 0, 0]]]


def test_heat_is_the_colour_map_over_the_picture() -> None:
    heated = heat_overlay(PIXELS, np.array([[3, 200]], np.uint8), "magma", 1)
    np.testing.assert_array_equal(heated, COLORMAPS["magma"][[[3, 200]]])


def test_outlines_run_between_classes() -> None:
    ids = np.array([[1, 1, 1], [1, 2, 2], [1, 2, 2]])
    assert outline(ids).astype(int).tolist() == [[0, 1, 1], [1, 0, 0], [1, 0, 0]]


def test_errors_have_three_colours() -> None:
    predicted = np.array([[True, True, False, False]])
    wanted = np.array([[True, False, True, False]])
    pixels = np.full((1, 4, 3), 9, np.uint8)
    drawn = error_overlay(pixels, predicted, wanted, 1)
    assert [tuple(pixel) for pixel in drawn[0].tolist()] == [TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE, (9, 9, 9)]
