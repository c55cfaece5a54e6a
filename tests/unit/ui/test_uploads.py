"""What a session may keep of its uploads."""

from __future__ import annotations

import numpy as np

from unet_explorer.pictures import Picture
from unet_explorer.ui.uploads import bounded


def test_the_latest_pictures_that_fit_are_kept_and_the_newest_always() -> None:
    pictures = [Picture.from_pixels(np.full((2, 5, 3), level, np.uint8), f"{level}.png") for level in range(4)]
    assert bounded(pictures, most=3, most_bytes=1000) == pictures[:3]
    assert bounded(pictures, most=9, most_bytes=60) == pictures[:2]
    assert bounded(pictures, most=9, most_bytes=59) == pictures[:1]
    assert bounded(pictures, most=9, most_bytes=1) == pictures[:1]
