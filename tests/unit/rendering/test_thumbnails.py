"""Small pictures: the middle of the large one."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from unet_explorer.rendering.thumbnails import thumbnail, webp


def test_the_surplus_is_cut_off_evenly() -> None:
    pixels = np.zeros((10, 40, 3), np.uint8)
    pixels[:, 10:30] = 200
    assert (thumbnail(pixels, 20, 10) == 200).all()
    tall = thumbnail(pixels.transpose(1, 0, 2), 10, 20)
    assert (tall == 200).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (192, 480), (5, 7)])
def test_any_picture_has_one(shape: tuple[int, int]) -> None:
    assert thumbnail(np.full((*shape, 3), 77, np.uint8), 48, 19).shape == (19, 48, 3)
    assert (thumbnail(np.full((*shape, 3), 77, np.uint8), 48, 19) == 77).all()


def test_a_webp_opens() -> None:
    image = Image.open(io.BytesIO(webp(np.full((19, 48, 3), 120, np.uint8))))
    assert (image.format, image.size) == ("WEBP", (48, 19))
