"""Small pictures for lists."""

from __future__ import annotations

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

KEPT_SHARE = 2 / 3


def thumbnail(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """A picture in `width` x `height`: filling it where at most a third is cut off for that, else whole.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        width, height: of the result, in pixels.

    Returns:
        (height, width, 3) uint8 RGB; for a picture shown whole (height, width, 4) RGBA, clear beside the picture.

    Example:
        >>> thumbnail(np.zeros((10, 40, 3), np.uint8), 8, 4).shape
        (4, 8, 4)
    """
    rows, columns = pixels.shape[:2]
    kept = min(rows * width, columns * height) / max(rows * width, columns * height)
    return _fill(pixels, width, height) if kept >= KEPT_SHARE else _show_whole(pixels, width, height)


def _fill(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    scale = max(height / pixels.shape[0], width / pixels.shape[1])
    rows, columns = min(pixels.shape[0], round(height / scale)), min(pixels.shape[1], round(width / scale))
    top, left = (pixels.shape[0] - rows) // 2, (pixels.shape[1] - columns) // 2
    return _resize(pixels[top : top + max(1, rows), left : left + max(1, columns)], width, height)


def _show_whole(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    scale = min(height / pixels.shape[0], width / pixels.shape[1])
    rows, columns = max(1, round(pixels.shape[0] * scale)), max(1, round(pixels.shape[1] * scale))
    top, left = (height - rows) // 2, (width - columns) // 2
    framed = np.zeros((height, width, 4), np.uint8)
    inside = framed[top : top + rows, left : left + columns]
    inside[..., :3] = _resize(pixels, columns, rows)
    inside[..., 3] = 255
    return framed


def _resize(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    method = cv2.INTER_AREA if pixels.shape[0] > height else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(np.ascontiguousarray(pixels), (width, height), interpolation=method), np.uint8)


def webp(pixels: NDArray[np.uint8], quality: int = 82) -> bytes:
    """A picture as a WebP file, which loses detail: for looking at, not for measuring."""
    body = io.BytesIO()
    Image.fromarray(pixels).save(body, "WEBP", quality=quality, method=4)
    return body.getvalue()
