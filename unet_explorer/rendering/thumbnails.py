"""Small pictures for lists."""

from __future__ import annotations

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image


def thumbnail(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """A picture shrunk to fill `width` x `height`, its surplus cut off evenly; never enlarged beyond that.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        width, height: of the result, in pixels.

    Returns:
        (height, width, 3) uint8 RGB.

    Example:
        >>> thumbnail(np.zeros((10, 40, 3), np.uint8), 8, 4).shape
        (4, 8, 3)
    """
    scale = max(height / pixels.shape[0], width / pixels.shape[1])
    rows, columns = min(pixels.shape[0], round(height / scale)), min(pixels.shape[1], round(width / scale))
    top, left = (pixels.shape[0] - rows) // 2, (pixels.shape[1] - columns) // 2
    cut = np.ascontiguousarray(pixels[top : top + max(1, rows), left : left + max(1, columns)])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(cut, (width, height), interpolation=method), np.uint8)


def webp(pixels: NDArray[np.uint8], quality: int = 82) -> bytes:
    """A picture as a WebP file, which loses detail: for looking at, not for measuring."""
    body = io.BytesIO()
    Image.fromarray(pixels).save(body, "WEBP", quality=quality, method=4)
    return body.getvalue()
