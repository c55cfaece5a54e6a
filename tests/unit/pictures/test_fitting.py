"""Fitting against TensorFlow's own resizing, worked examples, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unet_explorer.errors import CardError, PictureError
from unet_explorer.pictures import Axis, InputSpec, Picture, fit_label_map, fit_picture
from unet_explorer.pictures.fitting import Fit, gray


def picture(height: int, width: int, seed: int = 0) -> Picture:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Picture.from_pixels(pixels, "street")


def spec(height: int | None, width: int | None, fit: Fit, multiple: int = 1) -> InputSpec:
    return InputSpec(height, width, 3, 0.0, 255.0, fit, multiple)


@pytest.mark.parametrize(("height", "width"), [(368, 1248), (192, 624), (400, 1300), (375, 1242)])
def test_stretching_equals_the_bilinear_resizing_of_article_a(height: int, width: int) -> None:
    import tensorflow as tf  # Here, because importing it takes seconds that the other tests do not need.

    source = picture(375, 1242)
    ours = fit_picture(source, spec(height, width, "stretch")).batch
    theirs = tf.image.resize(source.pixels[None], (height, width)).numpy()
    assert ours.dtype == np.float32
    # Gray levels of 255; TensorFlow computes the positions of pixels in float32.
    np.testing.assert_allclose(ours, theirs, atol=0.03)


@pytest.mark.parametrize(("height", "width"), [(368, 1248), (192, 624), (101, 101), (1000, 90)])
def test_label_maps_equal_the_nearest_resizing_of_article_a(height: int, width: int) -> None:
    import tensorflow as tf

    source = picture(375, 1242)
    labels = source.pixels[:, :, 0]
    placement = fit_picture(source, spec(368, 1248, "stretch")).placement
    theirs = tf.image.resize(labels[:, :, None], (height, width), method="nearest").numpy()[:, :, 0]
    np.testing.assert_array_equal(fit_label_map(labels, placement, height, width), theirs)


def area_means(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Mean over the area of each new pixel along the first axis, by its definition."""
    edges = np.arange(size + 1) * len(values) / size
    weights = np.zeros((size, len(values)))
    for new, old in np.ndindex(weights.shape):
        weights[new, old] = max(0, min(edges[new + 1], old + 1) - max(edges[new], old))
    result: NDArray[np.float64] = np.tensordot(weights / weights.sum(axis=1, keepdims=True), values, axes=1)
    return result


def test_shrinking_to_half_or_less_averages_areas() -> None:
    source = picture(23, 40)
    ours = fit_picture(source, spec(7, 12, "stretch")).batch[0]
    rows = area_means(source.pixels.astype(float), 7)
    expected = area_means(rows.swapaxes(0, 1), 12).swapaxes(0, 1)
    np.testing.assert_allclose(ours, expected, atol=1e-3)


def test_shrinking_large_pictures_in_strips_leaves_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    source = picture(46, 80)
    whole = fit_picture(source, spec(20, 30, "stretch")).batch
    for size in (300, 1000, 5000):
        monkeypatch.setattr("unet_explorer.pictures.fitting._STRIP", size)
        np.testing.assert_allclose(fit_picture(source, spec(20, 30, "stretch")).batch, whole, atol=1e-4)


def test_a_map_that_covers_nothing_cannot_be_placed() -> None:
    placement = fit_picture(picture(4, 4), spec(8, 8, "stretch")).placement
    with pytest.raises(PictureError, match="covers nothing"):
        placement.covering(0, 0, 0, 4)


def test_values_are_mapped_linearly() -> None:
    source = Picture.from_pixels(np.array([[[0, 51, 255]]], np.uint8), "p")
    fitted = fit_picture(source, InputSpec(1, 1, 3, -1.0, 1.0, "stretch"))
    np.testing.assert_allclose(fitted.batch, [[[[-1, -0.6, 1]]]], atol=1e-6)


def test_gray_input_is_luma_and_gray_pixels_keep_their_value() -> None:
    source = Picture.from_pixels(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]]], np.uint8), "p")
    fitted = fit_picture(source, InputSpec(1, 4, 1, 0.0, 255.0, "stretch"))
    np.testing.assert_allclose(fitted.batch[0, 0, :, 0], [76, 150, 29, 9], atol=1e-4)
    levels = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, 2)
    np.testing.assert_array_equal(gray(levels)[0], np.arange(256))


def test_letterbox_centres_between_black_bars() -> None:
    source = Picture.from_pixels(np.full((2, 4, 3), 200, np.uint8), "p")
    fitted = fit_picture(source, InputSpec(9, 8, 3, -1.0, 1.0, "letterbox"))
    bright = fitted.batch[0, :, :, 0] > 0
    assert fitted.batch.shape == (1, 9, 8, 3)
    assert [bool(row.all()) for row in bright] == [False, False, True, True, True, True, False, False, False]
    np.testing.assert_array_equal(fitted.batch[0, 0], -1)
    rows, columns = fitted.placement.rows.picture_pixels(9), fitted.placement.columns.picture_pixels(8)
    assert ([*rows[2:6]], [*columns]) == ([0, 0, 1, 1], [0, 0, 1, 1, 2, 2, 3, 3])
    assert rows[1] < 0
    assert rows[6] > 1


def test_padding_keeps_every_pixel_and_repeats_the_edge() -> None:
    source = picture(5, 7)
    fitted = fit_picture(source, spec(None, None, "pad", multiple=4))
    assert fitted.batch.shape == (1, 8, 8, 3)
    np.testing.assert_array_equal(fitted.batch[0, :5, :7], source.pixels)
    np.testing.assert_array_equal(fitted.batch[0, 7, :7], source.pixels[4])
    np.testing.assert_array_equal(fitted.batch[0, :5, 7], source.pixels[:, 6])
    np.testing.assert_array_equal(fitted.placement.restore(fitted.batch[0]), source.pixels)


def test_free_sizes_become_the_next_multiple() -> None:
    assert fit_picture(picture(33, 16), spec(None, None, "stretch", 16)).batch.shape == (1, 48, 16, 3)
    assert fit_picture(picture(33, 16), spec(64, None, "letterbox", 16)).batch.shape == (1, 64, 16, 3)


def test_a_picture_too_large_to_pad_is_refused_with_both_sizes() -> None:
    with pytest.raises(PictureError, match="street is 9 x 4 pixels and the network's input only 8 x 8"):
        fit_picture(picture(4, 9), spec(8, 8, "pad"))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 20000), (20000, 1)])
@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
def test_extreme_proportions_fit(height: int, width: int, fit: Fit) -> None:
    source = picture(height, width)
    fitted = fit_picture(source, spec(64, 96, fit))
    assert fitted.batch.shape == (1, 64, 96, 3)
    assert np.isfinite(fitted.batch).all()
    assert fitted.placement.restore(fitted.batch[0]).shape == source.pixels.shape


def test_restoring_takes_the_map_pixel_around_each_centre() -> None:
    # Centres of 4 picture pixels lie at 1/8, 3/8, 5/8, 7/8 of the width; a map of 3 has edges at 1/3 and 2/3.
    placement = fit_picture(picture(1, 4), spec(8, 8, "stretch")).placement
    assert placement.restore(np.array([[10, 11, 12]], np.uint8)).tolist() == [[10, 11, 11, 12]]


def test_maps_of_unpadded_convolutions_leave_out_a_margin() -> None:
    # An input of 8 x 8 shows the picture pixel for pixel; the map covers rows 2..5 and columns 3..6, pixel for pixel.
    placement = fit_picture(picture(8, 8), spec(8, 8, "stretch")).placement.covering(2, 3, 4, 4)
    maps = np.arange(16, dtype=np.float32).reshape(4, 4)
    restored = placement.restore(maps)
    np.testing.assert_array_equal(restored[2:6, 3:7], maps)
    assert np.isnan(restored).sum() == 64 - 16
    assert placement.extent() == (2, 3, 4, 4)
    ids = placement.restore(maps.astype(np.uint8))
    assert (ids[0, 0], ids[2, 3], ids[5, 6]) == (255, 0, 15)
    assert not placement.restore(maps >= 0)[0, 0]


def test_a_map_may_begin_inside_an_input_pixel() -> None:
    # A 2 x 2 convolution without padding: pixel i lies between input pixels i and i + 1 and covers i + [.5, 1.5).
    placement = fit_picture(picture(4, 4), spec(8, 8, "stretch")).placement.covering(0.5, 0.5, 7, 7)
    maps = np.arange(7, dtype=np.float32)[:, None].repeat(7, 1)
    # Centres of the 4 picture pixels lie at 1, 3, 5 and 7 input pixels.
    assert placement.restore(maps)[:, 0].tolist() == [0, 2, 4, 6]
    assert placement.rows.picture_pixels(7).tolist() == [0, 1, 1, 2, 2, 3, 3]
    assert placement.extent() == (0.25, 0.25, 3.5, 3.5)


def test_labels_of_what_the_padding_shows_are_255() -> None:
    source = picture(3, 3)
    placement = fit_picture(source, spec(4, 4, "pad")).placement
    fitted = fit_label_map(source.pixels[:, :, 0], placement, 4, 4)
    np.testing.assert_array_equal(fitted[:3, :3], source.pixels[:, :, 0])
    assert (fitted[3] == 255).all()
    assert (fitted[:, 3] == 255).all()


def test_labels_for_a_cropping_network_come_from_what_its_map_covers() -> None:
    source = picture(8, 8)
    placement = fit_picture(source, spec(8, 8, "stretch")).placement.covering(2, 3, 4, 4)
    np.testing.assert_array_equal(fit_label_map(source.pixels[:, :, 1], placement, 4, 4), source.pixels[2:6, 3:7, 1])


def test_pixels_map_as_worked_out_by_hand() -> None:
    # 10 picture pixels on 4 input pixels that start at 3: each input pixel is 2.5 picture pixels wide.
    axis = Axis(picture=10, input=9, start=3, length=4, map_start=0, map_length=9)
    assert axis.map_pixels(9).tolist() == [3, 3, 4, 4, 4, 5, 5, 6, 6, 6]
    assert axis.picture_pixels(9)[3:7].tolist() == [1, 3, 6, 8]
    assert axis.picture_pixels(9)[2] < 0
    assert axis.picture_pixels(9)[7] > 9


def test_fitting_changes_nothing_in_the_picture() -> None:
    source = picture(6, 9)
    before = source.pixels.copy()
    fit_picture(source, spec(6, 9, "stretch")).batch[:] = 0
    np.testing.assert_array_equal(source.pixels, before)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"height": 0}, "sizes must be positive"),
        ({"channels": 4}, "4 channels"),
        ({"low": 1.0, "high": 1.0}, "low must be below high"),
        ({"high": float("nan")}, "low must be below high"),
        ({"fit": "crop"}, "'crop' is unknown"),
        ({"multiple": 0}, "at least 1"),
        ({"height": 8.5}, "height is 8.5: write a whole number"),
        ({"width": True}, "width is True: write a whole number"),
        ({"width": "8"}, "width is '8': write a whole number"),
        ({"channels": True}, "channels is True: write a whole number"),
        ({"channels": 3.0}, "channels is 3.0: write a whole number"),
        ({"multiple": 16.0}, "multiple is 16.0: write a whole number"),
        ({"multiple": None}, "multiple is None: write a whole number"),
        ({"low": False}, "low is False: write a number"),
    ],
)
def test_impossible_specs_are_refused(change: dict[str, object], words: str) -> None:
    good: dict[str, object] = {"height": 8, "width": 8, "channels": 3, "low": 0.0, "high": 1.0, "fit": "stretch"}
    with pytest.raises(CardError, match=words):
        InputSpec(**(good | change))  # type: ignore[arg-type]
