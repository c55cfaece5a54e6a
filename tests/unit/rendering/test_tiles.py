"""Tiles: the browser can undo the scaling, and nothing odd is hidden."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from unet_explorer.errors import UserError
from unet_explorer.rendering.tiles import Scaling, make_tiles

RNG = np.random.default_rng(11)
# Channels of very different ranges, asymmetric in every axis.
MAPS = (RNG.standard_normal((7, 12, 5)) * [1, 100, 1e-3, 5, 1e4] + [0, 3, 1, -50, 1e6]).astype(np.float32)


def test_levels_of_a_worked_channel() -> None:
    tiles = make_tiles(np.array([[[-1.0], [0.0], [0.5], [1.0]]], np.float32))
    assert tiles.pixels.tolist() == [[[0, 128, 191, 255]]]
    assert (tiles.low.tolist(), tiles.high.tolist(), tiles.marks) == ([-1], [1], ("",))


def test_each_channel_is_recovered_to_half_a_level() -> None:
    tiles = make_tiles(MAPS)
    assert tiles.pixels.shape == (5, 7, 12)
    for channel in range(5):
        original = MAPS[:, :, channel].astype(np.float64)
        assert (tiles.low[channel], tiles.high[channel]) == (original.min(), original.max())
        step = (original.max() - original.min()) / 255
        recovered = tiles.low[channel] + tiles.pixels[channel] * step
        assert np.abs(recovered - original).max() <= step * 0.5001
    np.testing.assert_allclose(tiles.values()[:, :, 0], MAPS[:, :, 0], atol=0.02)


def test_layer_scaling_shares_one_range() -> None:
    tiles = make_tiles(MAPS, Scaling("layer"))
    assert set(tiles.low.tolist()) == {float(MAPS.min())}
    assert set(tiles.high.tolist()) == {float(MAPS.max())}
    assert (tiles.finite_low.tolist(), tiles.finite_high.tolist()) == (
        MAPS.min(axis=(0, 1)).tolist(),
        MAPS.max(axis=(0, 1)).tolist(),
    )


def test_fixed_scaling_clips() -> None:
    tiles = make_tiles(np.array([[[-9.0], [0.0], [1.0], [2.0], [9.0]]], np.float32), Scaling("fixed", 0.0, 2.0))
    assert tiles.pixels.tolist() == [[[0, 0, 128, 255, 255]]]
    assert (tiles.finite_low.tolist(), tiles.finite_high.tolist()) == ([-9], [9])


def test_symmetric_scaling_puts_zero_in_the_middle() -> None:
    tiles = make_tiles(np.array([[[-1.0, 2.0], [4.0, 3.0]]], np.float32), Scaling(symmetric=True))
    assert (tiles.low.tolist(), tiles.high.tolist()) == ([-4, -3], [4, 3])
    np.testing.assert_allclose(tiles.values()[0, :, 0], [-1, 4], atol=4 / 255)


def test_dead_and_constant_channels_are_marked() -> None:
    values = np.zeros((3, 4, 4), np.float32)
    values[:, :, 1] = 7
    values[:, :, 2] = -0.0
    values[1, 2, 3] = 1
    tiles = make_tiles(values)
    assert tiles.marks == ("zero", "constant", "zero", "")
    assert tiles.pixels[:3].max() == 0
    np.testing.assert_array_equal(tiles.values(), values)


def test_constant_channels_keep_their_level_in_layer_scaling() -> None:
    values = np.dstack([np.full((2, 2), 5.0), [[0.0, 10.0], [3.0, 4.0]]]).astype(np.float32)
    tiles = make_tiles(values, Scaling("layer"))
    assert tiles.marks == ("constant", "")
    assert set(tiles.pixels[0].ravel().tolist()) == {128}


def test_nan_and_infinity_are_drawn_marked_and_counted() -> None:
    values = np.repeat(np.arange(6, dtype=np.float32).reshape(2, 3, 1), 5, axis=2)
    values[0, 0, 1] = np.nan
    values[1, 2, 2] = np.inf
    values[0, :2, 3] = [-np.inf, np.nan]
    values[:, :, 4] = np.nan
    tiles = make_tiles(values)
    assert tiles.marks == ("", "nan", "inf", "nan", "nan")
    assert tiles.not_finite.tolist() == [0, 1, 1, 2, 6]
    assert (tiles.low.tolist(), tiles.high.tolist()) == ([0, 1, 0, 2, 0], [5, 5, 4, 5, 0])
    assert (tiles.pixels[1, 0, 0], tiles.pixels[2, 1, 2], tiles.pixels[3, 0, 0]) == (0, 255, 0)
    assert tiles.pixels[2, 1, 1] == 255
    assert tiles.pixels[0].tolist() == [[0, 51, 102], [153, 204, 255]]


def test_channels_without_a_finite_value_do_not_set_the_range_of_the_layer() -> None:
    values = np.dstack([[[5.0, 6.0]], [[np.nan, np.nan]]]).astype(np.float32)
    tiles = make_tiles(values, Scaling("layer"))
    assert (tiles.low.tolist(), tiles.high.tolist()) == ([5, 5], [6, 6])
    nothing = make_tiles(np.full((2, 2, 1), np.inf, np.float32), Scaling("layer"))
    assert (nothing.low.tolist(), nothing.high.tolist(), nothing.marks) == ([0], [0], ("inf",))


@pytest.mark.parametrize("scale", [1e-42, 1e-35, 1e35, 3e38])
def test_ranges_at_the_ends_of_float32(scale: float) -> None:
    values = (np.array([[[-1.0], [0.0], [1.0]]]) * scale).astype(np.float32)
    assert np.abs(make_tiles(values).pixels.ravel().astype(int) - [0, 128, 255]).max() <= 1


def test_small_differences_between_large_values_survive() -> None:
    values = (1e6 + np.arange(16).reshape(4, 4, 1) / 4).astype(np.float32)
    np.testing.assert_array_equal(make_tiles(values).pixels.ravel(), np.rint(np.arange(16) * 17))


def test_shrinking_averages_areas_and_keeps_the_range_of_the_whole_map() -> None:
    values = np.zeros((4, 6, 1), np.float32)
    values[0, 0], values[3, 5], values[:2, 3:] = 8, -8, 4
    tiles = make_tiles(values, size=(2, 2))
    assert (tiles.low.tolist(), tiles.high.tolist()) == ([-8], [8])
    expected = [[8 / 6, 4], [0, -8 / 6]]
    np.testing.assert_array_equal(tiles.pixels[0], np.rint((np.array(expected) + 8) / 16 * 255))


def test_averages_that_fall_below_a_narrow_range_do_not_wrap_around() -> None:
    # In float32 an average of equal values can be a bit less than they are: that is black, not white.
    values = np.repeat(RNG.uniform(0.1, 1, 60).astype(np.float32)[None, None], 10, axis=0).repeat(12, axis=1)
    low, high = values[0, 0].copy(), np.nextafter(values[0, 0], np.float32(2))
    values[0, 0] = high
    averages = np.dstack(
        [cv2.resize(values[:, :, channel].copy(), (9, 7), interpolation=cv2.INTER_AREA) for channel in range(60)]
    )
    assert (averages < low).any()
    tiles = make_tiles(values, size=(7, 9))
    np.testing.assert_array_equal(np.moveaxis(tiles.pixels, 0, -1), np.where(averages > low, 255, 0))


def test_maps_of_many_bands_are_whole() -> None:
    # Several bands of rows, shared between threads, and a last one that is shorter.
    values = RNG.standard_normal((331, 257, 29)).astype(np.float32)
    values[330, 256] += 9
    tiles = make_tiles(values)
    np.testing.assert_array_equal(tiles.finite_low, values.min(axis=(0, 1)))
    np.testing.assert_array_equal(tiles.finite_high, values.max(axis=(0, 1)))
    span = (tiles.high.astype(np.float64) - tiles.low) / 255
    assert (np.abs(tiles.values() - values) <= span * 0.5001).all()


def test_tiles_never_grow() -> None:
    assert make_tiles(MAPS, size=(100, 6)).pixels.shape == (5, 7, 6)
    np.testing.assert_array_equal(make_tiles(MAPS, size=(100, 100)).pixels, make_tiles(MAPS).pixels)


def test_blocks_do_not_show() -> None:
    # More values than are worked on at once, and an odd number of channels in each block.
    values = RNG.standard_normal((60, 90, 101)).astype(np.float32)
    whole = make_tiles(values)
    for channel in (0, 47, 48, 49, 100):
        single = make_tiles(values[:, :, channel : channel + 1])
        np.testing.assert_array_equal(single.pixels[0], whole.pixels[channel])


def test_other_layouts_and_types_give_the_same_tiles() -> None:
    expected = make_tiles(MAPS).pixels
    np.testing.assert_array_equal(make_tiles(np.asfortranarray(MAPS)).pixels, expected)
    np.testing.assert_array_equal(make_tiles(MAPS[::-1, ::-1]).pixels, expected[:, ::-1, ::-1])
    np.testing.assert_array_equal(make_tiles(MAPS.astype(np.float64)).pixels, expected)
    frozen = MAPS.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(make_tiles(frozen).pixels, expected)
    np.testing.assert_array_equal(make_tiles(frozen[:, :, 2:3]).pixels, expected[2:3])


def test_the_maps_are_left_as_they_were() -> None:
    values = MAPS.copy()
    values[0, 0, 0] = np.nan
    before = values.copy()
    make_tiles(values, Scaling("layer"))
    make_tiles(values, size=(3, 3))
    np.testing.assert_array_equal(values, before)
    single = values[:, :, 1:2].copy()
    single[0, 0] = np.nan
    before = single.copy()
    make_tiles(single)
    np.testing.assert_array_equal(single, before)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("everything",), "'everything' is unknown"),
        (("fixed",), "low must be below high"),
        (("fixed", 1.0, 1.0), "low must be below high"),
        (("fixed", 1.0, 1.0 + 1e-12), "low must be below high"),
        (("fixed", 0.0, float("inf")), "both finite"),
        (("fixed", 0.0, 1e39), "both finite"),
        (("fixed", float("nan"), 1.0), "low must be below high"),
        (("layer", 0.0, 1.0), "finds its own range"),
    ],
)
def test_impossible_scalings_are_refused(arguments: tuple[object, ...], words: str) -> None:
    with pytest.raises(UserError, match=words):
        Scaling(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(3, 4), (0, 4, 2), (3, 4, 0)])
def test_maps_must_have_three_axes_and_content(shape: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match="height, width, channels"):
        make_tiles(np.zeros(shape, np.float32))
