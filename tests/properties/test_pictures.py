"""Properties of opening and fitting that hold for every picture."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from unet_explorer.errors import PictureError
from unet_explorer.pictures import InputSpec, Picture, Placement, fit_label_map, fit_picture, open_picture

sizes = st.integers(1, 60)
fits = st.sampled_from(["stretch", "letterbox"])


def placement_of(height: int, width: int, spec: InputSpec) -> Placement:
    return fit_picture(Picture.from_pixels(np.zeros((height, width, 3), np.uint8), "p"), spec).placement


@st.composite
def placements(draw: st.DrawFn) -> Placement:
    fit = draw(st.sampled_from(["stretch", "letterbox", "pad"]))
    if fit == "pad":
        spec = InputSpec(None, None, 3, 0.0, 1.0, "pad", draw(st.integers(1, 16)))
    else:
        spec = InputSpec(draw(sizes), draw(sizes), 3, 0.0, 1.0, fit)
    return placement_of(draw(sizes), draw(sizes), spec)


@given(placements())
def test_each_picture_pixel_names_the_input_pixel_around_its_centre(placement: Placement) -> None:
    for axis in (placement.rows, placement.columns):
        for pixel, named in enumerate(axis.map_pixels(axis.input)):
            place = axis.start + (pixel + 0.5) * axis.length / axis.picture
            assert named <= place + 1e-9
            assert place < named + 1 + 1e-9
            assert 0 <= axis.start <= named < axis.start + axis.length <= axis.input


@given(placements())
def test_there_and_back_is_the_same_pixel(placement: Placement) -> None:
    for axis in (placement.rows, placement.columns):
        inward, outward = axis.map_pixels(axis.input), axis.picture_pixels(axis.input)
        if axis.length >= axis.picture:  # The input is finer: picture -> input -> picture loses nothing.
            assert outward[inward].tolist() == list(range(axis.picture))
        if axis.length <= axis.picture:  # The picture is finer.
            inside = range(axis.start, axis.start + axis.length)
            assert inward[outward[inside]].tolist() == list(inside)


@given(placements())
def test_restoring_follows_the_same_pixels_as_pointing_does(placement: Placement) -> None:
    rows, columns = placement.rows, placement.columns
    names = np.arange(rows.input * columns.input).reshape(rows.input, columns.input)
    restored = placement.restore(names)
    assert restored.shape == (rows.picture, columns.picture)
    for y in (0, rows.picture // 2, rows.picture - 1):
        for x in (0, columns.picture // 2, columns.picture - 1):
            assert restored[y, x] == names[rows.map_pixels(rows.input)[y], columns.map_pixels(columns.input)[x]]


@given(placements(), sizes, sizes)
def test_maps_of_any_size_restore_to_the_picture(placement: Placement, height: int, width: int) -> None:
    rows = placement.restore(np.arange(height, dtype=np.float32)[:, None].repeat(width, 1))
    assert rows.shape == (placement.rows.picture, placement.columns.picture)
    assert np.isfinite(rows).all()
    assert (np.diff(rows, axis=0) >= 0).all()
    assert (rows == rows[:, :1]).all()


@given(sizes, sizes, st.integers(0, 2**32 - 1))
def test_labels_survive_where_the_input_is_finer(height: int, width: int, seed: int) -> None:
    labels = np.random.default_rng(seed).integers(0, 30, (height, width), dtype=np.uint8)
    placement = placement_of(height, width, InputSpec(height + 3, width * 2 + 1, 3, 0.0, 1.0, "stretch"))
    fitted = fit_label_map(labels, placement, height + 3, width * 2 + 1)
    np.testing.assert_array_equal(placement.restore(fitted), labels)


@given(sizes, sizes, sizes, sizes, fits, st.integers(0, 255))
def test_a_plain_picture_stays_plain(height: int, width: int, tall: int, wide: int, fit: str, level: int) -> None:
    plain = Picture.from_pixels(np.full((height, width, 3), level, np.uint8), "p")
    fitted = fit_picture(plain, InputSpec(tall, wide, 3, 0.0, 255.0, fit))
    restored = fitted.placement.restore(fitted.batch[0])
    np.testing.assert_allclose(restored, level, atol=1e-3)


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    """A real file of one of the formats, cut off or with some bytes changed."""
    kind = draw(st.sampled_from(["PNG", "JPEG", "WEBP", "BMP", "TIFF"]))
    mode = draw(st.sampled_from(["RGB", "L", "P", "RGBA"] if kind in ("PNG", "TIFF") else ["RGB"]))
    levels = np.random.default_rng(draw(st.integers(0, 9))).integers(0, 256, (13, 17, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(levels).convert(mode).save(buffer, kind)
    data = bytearray(buffer.getvalue())
    for _ in range(draw(st.integers(0, 4))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))])


# Pillow warns about some damage and then reads what it can; both outcomes are fine here, and the warning is not ours.
@pytest.mark.filterwarnings("ignore")
@settings(max_examples=400)
@given(damaged_files())
def test_damaged_files_open_or_are_refused_in_one_sentence(data: bytes) -> None:
    refusal = None
    try:
        picture = open_picture(data, "street")
    except PictureError as error:
        refusal = str(error)
    if refusal is None:
        assert picture.pixels.shape == (picture.height, picture.width, 3)
    else:
        assert refusal.startswith("street ")
        assert refusal.endswith(".")
        assert "\n" not in refusal
