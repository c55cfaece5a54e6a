"""Small pictures: the middle of the large one, or all of it where the middle would be too little."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from unet_explorer.rendering.thumbnails import thumbnail, webp


def test_a_small_surplus_is_cut_off_evenly() -> None:
    pixels = np.zeros((20, 48, 3), np.uint8)
    pixels[:, 4:44] = 200
    assert (thumbnail(pixels, 20, 10) == 200).all()
    tall = thumbnail(pixels.transpose(1, 0, 2), 10, 20)
    assert (tall == 200).all()


def test_a_square_picture_is_whole_in_the_middle_of_a_wide_frame() -> None:
    ramp = np.repeat(np.arange(0, 240, 10, np.uint8)[:, None, None], 24, axis=1).repeat(3, axis=2)

    small = thumbnail(ramp, 30, 12)

    assert small.shape == (12, 30, 4)
    assert small[:, 9:21, 3].all()
    assert not small[:, :9].any()
    assert not small[:, 21:].any()
    np.testing.assert_array_equal(small[:, 9:21, 0], np.arange(5, 240, 20)[:, None].repeat(12, axis=1))


def test_a_banner_is_whole_between_clear_bands() -> None:
    small = thumbnail(np.full((5, 100, 3), 90, np.uint8), 20, 8)

    assert small[3:4, :, 3].all()
    assert not small[[0, 1, 2, 4, 5, 6, 7]].any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (192, 480), (5, 7)])
def test_any_picture_has_one(shape: tuple[int, int]) -> None:
    small = thumbnail(np.full((*shape, 3), 77, np.uint8), 48, 19)

    assert small.shape[:2] == (19, 48)
    seen = small[..., 3] > 0 if small.shape[2] == 4 else np.ones((19, 48), bool)
    assert (small[seen, :3] == 77).all()


def test_a_webp_opens() -> None:
    image = Image.open(io.BytesIO(webp(np.full((19, 48, 3), 120, np.uint8))))
    assert (image.format, image.size) == ("WEBP", (48, 19))
