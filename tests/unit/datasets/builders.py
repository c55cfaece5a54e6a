"""Small data folders in every layout, with pictures and label maps written by Pillow alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROAD, CAR, NONE = (128, 64, 128), (0, 0, 142), (0, 0, 0)


def write_png(path: Path, pixels: NDArray[np.generic]) -> Path:
    """Write an array as PNG, making the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def street(seed: int, height: int = 6, width: int = 8) -> NDArray[np.uint8]:
    """A picture unlike any other seed's."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def colour_label(height: int = 6, width: int = 8) -> NDArray[np.uint8]:
    """Road below, Car in the upper left, None elsewhere: 24 + 6 + 18 pixels of 6x8."""
    label = np.zeros((height, width, 3), np.uint8)
    label[height // 2 :] = ROAD
    label[: height // 2, :2] = CAR
    return label


def kitti_folder(root: Path, numbers: Iterable[int]) -> Path:
    """KITTI's layout with coloured label maps."""
    for number in numbers:
        write_png(root / f"training/image_2/{number:06d}_10.png", street(number))
        write_png(root / f"training/semantic_rgb/{number:06d}_10.png", colour_label())
    return root
