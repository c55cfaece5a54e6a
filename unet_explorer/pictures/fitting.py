"""Fitting a picture, and its labels, to the input of a network."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from unet_explorer.errors import CardError, PictureError
from unet_explorer.pictures.picture import Picture
from unet_explorer.pictures.placement import Axis, Placement

Fit = Literal["stretch", "letterbox", "pad"]
NOT_COVERED = 255

_STRIP = 4_000_000


@dataclass(frozen=True)
class InputSpec:
    """What a network wants as its input.

    Attributes:
        height, width: pixels; None where the network takes any size (the next multiple of `multiple` is used).
        channels: 1 (gray) or 3 (RGB).
        low, high: what pixel values 0 and 255 become; those between are mapped linearly.
        fit: "stretch" resizes to the whole input; "letterbox" keeps the proportions and adds black bars around the
            centred picture; "pad" keeps every pixel and repeats the last row and column below and to the right.
        multiple: whole number that free sizes must be a multiple of.
    """

    height: int | None
    width: int | None
    channels: Literal[1, 3]
    low: float
    high: float
    fit: Fit
    multiple: int = 1

    def __post_init__(self) -> None:
        self._check_types()
        if any(size is not None and size < 1 for size in (self.height, self.width)):
            raise CardError(f"Input size {self.height} x {self.width}: sizes must be positive, or null where free.")
        if self.channels not in (1, 3):
            raise CardError(f"Input with {self.channels} channels: only 1 (gray) and 3 (RGB) are pictures.")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise CardError(f"Value range {self.low} to {self.high}: low must be below high, both finite.")
        if self.fit not in get_args(Fit):
            raise CardError(f"Fit {self.fit!r} is unknown: choose one of {', '.join(get_args(Fit))}.")
        if self.multiple < 1:
            raise CardError(f"Multiple {self.multiple}: it must be at least 1.")

    def _check_types(self) -> None:
        # A card is a file of any content; `true` counts as 1 in Python, and 16.0 is no size for an array.
        whole = {"height": self.height, "width": self.width, "channels": self.channels, "multiple": self.multiple}
        for name, value in whole.items():
            free = value is None and name in ("height", "width")
            if not free and (not isinstance(value, int) or isinstance(value, bool)):
                raise CardError(f"The input's {name} is {value!r}: write a whole number.")
        for name, bound in {"low": self.low, "high": self.high}.items():
            if not isinstance(bound, int | float) or isinstance(bound, bool):
                raise CardError(f"The input's {name} is {bound!r}: write a number.")


@dataclass(frozen=True, eq=False)
class FittedPicture:
    """A picture ready for a network.

    Attributes:
        batch: (1, h, w, c) float32 in the spec's value range.
        placement: the way back.
    """

    batch: NDArray[np.float32]
    placement: Placement


def fit_picture(picture: Picture, spec: InputSpec) -> FittedPicture:
    """Fit a picture to a network's input.

    Resizing is bilinear between pixel centres, as article A and `tf.image.resize` do it; an axis that shrinks to half
    or less is averaged over the area each new pixel covers instead, because bilinear sampling would skip pixels there.

    Raises:
        PictureError: fit "pad" and the picture is larger than a fixed input.
    """
    placement = _place(picture, spec)
    values = picture.pixels if spec.channels == 3 else gray(picture.pixels)[:, :, None]
    content = _resize(values, placement.rows.length, placement.columns.length)
    content *= np.float32((spec.high - spec.low) / 255)
    content += np.float32(spec.low)
    return FittedPicture(batch=_surround(content, placement, spec)[None], placement=placement)


def fit_label_map(label_map: NDArray[np.uint8], placement: Placement, height: int, width: int) -> NDArray[np.uint8]:
    """The class ids that maps of `height` x `width` should hold, by the nearest pixel, as article A resizes labels.

    Args:
        label_map: (H, W) uint8 in the picture's pixels.
        placement: that of the maps.
        height, width: size of the maps.

    Returns:
        (height, width) uint8; 255 (`NOT_COVERED`) in the padding.
    """
    rows, columns = placement.rows.picture_pixels(height), placement.columns.picture_pixels(width)
    inside = np.logical_and.outer(
        (rows >= 0) & (rows < label_map.shape[0]), (columns >= 0) & (columns < label_map.shape[1])
    )
    nearest = label_map[rows.clip(0, label_map.shape[0] - 1)][:, columns.clip(0, label_map.shape[1] - 1)]
    return np.where(inside, nearest, np.uint8(NOT_COVERED))


def gray(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """ITU-R 601 luma in 16-bit fixed point, as Pillow's mode L; gray pixels keep their value.

    Args:
        pixels: (H, W, 3) uint8 RGB.

    Returns:
        (H, W) uint8.

    Example:
        >>> gray(np.array([[[255, 0, 0], [7, 7, 7]]], np.uint8)).tolist()
        [[76, 7]]
    """
    luma = pixels.astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32) + 0x8000
    return (luma >> 16).astype(np.uint8)


def _place(picture: Picture, spec: InputSpec) -> Placement:
    height = spec.height or _round_up(picture.height, spec.multiple)
    width = spec.width or _round_up(picture.width, spec.multiple)
    if spec.fit == "pad":
        if picture.height > height or picture.width > width:
            raise PictureError(
                f"{picture.name} is {picture.width} x {picture.height} pixels and the network's input only "
                f"{width} x {height}: choose fit stretch or letterbox in its card, or a smaller picture."
            )
        return _placement(picture, (height, width), (0, 0), (picture.height, picture.width))
    if spec.fit == "stretch":
        return _placement(picture, (height, width), (0, 0), (height, width))
    scale = min(height / picture.height, width / picture.width)
    content = max(1, round(picture.height * scale)), max(1, round(picture.width * scale))
    start = (height - content[0]) // 2, (width - content[1]) // 2
    return _placement(picture, (height, width), start, content)


def _placement(picture: Picture, size: tuple[int, int], start: tuple[int, int], length: tuple[int, int]) -> Placement:
    return Placement(
        rows=Axis(picture.height, size[0], start[0], length[0], 0, size[0]),
        columns=Axis(picture.width, size[1], start[1], length[1], 0, size[1]),
    )


def _round_up(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple


def _resize(values: NDArray[np.uint8], height: int, width: int) -> NDArray[np.float32]:
    """(height, width, C) float32, 0 to 255."""
    content: NDArray[Any] = values
    # In strips, so that a picture of 64 million pixels is never held as floats.
    if content.shape[1] >= 2 * width:
        strips = _strips(content, 0)
        content = np.concatenate([_resize_by(strip, len(strip), width, cv2.INTER_AREA) for strip in strips])
    if content.shape[0] >= 2 * height:
        strips = _strips(content, 1)
        content = np.hstack([_resize_by(strip, height, strip.shape[1], cv2.INTER_AREA) for strip in strips])
    return _resize_by(content.astype(np.float32), height, width, cv2.INTER_LINEAR)


def _strips(content: NDArray[Any], axis: int) -> Iterator[NDArray[np.float32]]:
    """Parts of some million values, as floats."""
    count = max(1, content.size // _STRIP)
    return (strip.astype(np.float32) for strip in np.array_split(content, count, axis=axis) if strip.size)


def _resize_by(content: NDArray[np.float32], height: int, width: int, method: int) -> NDArray[np.float32]:
    if content.shape[:2] == (height, width):
        return content
    resized = cv2.resize(content, (width, height), interpolation=method)
    # OpenCV drops the axis of a single channel.
    return np.asarray(resized, np.float32).reshape(height, width, content.shape[2])


def _surround(content: NDArray[np.float32], placement: Placement, spec: InputSpec) -> NDArray[np.float32]:
    """The content inside the whole input: black around it, or its last row and column repeated."""
    rows, columns = placement.rows, placement.columns
    if content.shape[:2] == (rows.input, columns.input):
        return content
    margins = (
        (rows.start, rows.input - rows.start - rows.length),
        (columns.start, columns.input - columns.start - columns.length),
        (0, 0),
    )
    if spec.fit == "pad":
        return np.pad(content, margins, mode="edge")
    return np.pad(content, margins, constant_values=spec.low)
