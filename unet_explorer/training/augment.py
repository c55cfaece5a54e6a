"""Random changes of a training picture and its label map, and the copying of objects between pictures (OpenCV).

Every function takes the random generator it draws from, so the same generator state gives the same picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from unet_explorer.training.recipe import Augmentation
from unet_explorer.training.store import VOID

Image = NDArray[np.uint8]
Anchor = tuple[int, int] | None
GRAY = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class View:
    """What the network sees of a picture: height x width pixels, at `scale_y`, `scale_x` times the picture's size."""

    height: int
    width: int
    scale_y: float
    scale_x: float


def use_one_thread() -> None:
    """Keep OpenCV from starting threads of its own: pictures are prepared in parallel, one a thread."""
    cv2.setNumThreads(0)


def augment(
    image: Image, label: Image, view: View, how: Augmentation, rng: np.random.Generator, anchor: Anchor = None
) -> tuple[Image, Image]:
    """One random view of a picture.

    Args:
        image: (H, W, C) uint8.
        label: (H, W) uint8 class ids.
        view: size of the result and the scale before any zoom.
        how: which changes.
        rng: drawn from.
        anchor: (y, x) of a pixel that the view must show.

    Returns:
        Image (height, width, C) uint8 and label map (height, width) uint8, 255 beyond the picture's border.
    """
    image, label = move(image, label, view, _draw_matrix(image.shape[:2], view, how, rng, anchor))
    if rng.random() < how.colour_share:
        image = recolour(image, how, rng)
    if rng.random() < how.blur:
        image = _keep_axis(cv2.GaussianBlur(image, (0, 0), 0.5 + rng.random()), image)
    return image, label


def move(image: Image, label: Image, view: View, matrix: NDArray[np.float64]) -> tuple[Image, Image]:
    """Resample a picture bilinearly and its label map by the nearest pixel.

    Args:
        image: (H, W, C) uint8.
        label: (H, W) uint8.
        view: size of the result.
        matrix: (2, 3) from (x, y) of the result to (x, y) of the picture, in pixel centres.
    """
    size = (view.height, view.width)
    if image.shape[:2] == size and np.array_equal(matrix, np.eye(2, 3)):
        return image, label
    if image.shape[:2] == size and np.array_equal(matrix, [[-1, 0, view.width - 1], [0, 1, 0]]):
        return image[:, ::-1], label[:, ::-1]
    source, to_source = _shrink(image, matrix)
    moved = cv2.warpAffine(
        source,
        to_source,
        (view.width, view.height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    moved_label = cv2.warpAffine(
        label,
        matrix,
        (view.width, view.height),
        flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=VOID,
    )
    return _keep_axis(moved, image), np.asarray(moved_label, np.uint8)


def recolour(image: Image, how: Augmentation, rng: np.random.Generator) -> Image:
    """Random brightness, contrast, gamma, saturation and noise.

    Args:
        image: (H, W, C) uint8.
        how: largest changes.
        rng: drawn from.
    """
    image = _keep_axis(cv2.LUT(image, _curve(how, rng)), image)
    if how.saturation and image.shape[2] == 3:
        share = 1 + rng.uniform(-how.saturation, how.saturation)
        mixing = (share * np.eye(3) + (1 - share) * GRAY).astype(np.float32)
        image = np.asarray(cv2.transform(image, mixing), np.uint8)
    if how.noise:
        image = _add_noise(image, rng.uniform(0, how.noise), rng)
    return image


@dataclass(frozen=True)
class Piece:
    """An object that can be copied: its pixels in a bounding box, and which of them are its own.

    Attributes:
        image: (h, w, C) uint8.
        label: (h, w) uint8.
        mask: (h, w) boolean.
        top: row of the box in the picture it is from; objects keep about their height above ground.
        classes: ids it shows.
    """

    image: Image
    label: Image
    mask: NDArray[np.bool_]
    top: int
    classes: tuple[int, ...]


def find_pieces(image: Image, label: Image, classes: Sequence[int], least: int) -> list[Piece]:
    """The connected regions of these classes; touching ones (a rider and the bicycle) stay together.

    Args:
        image: (H, W, C) uint8.
        label: (H, W) uint8.
        classes: ids.
        least: smallest region, in pixels.
    """
    wanted = np.isin(label, classes).astype(np.uint8)
    count, regions, boxes, _ = cv2.connectedComponentsWithStats(wanted, connectivity=8)
    return [
        _cut(image, label, np.asarray(regions) == number, boxes[number])
        for number in range(1, count)
        if boxes[number][cv2.CC_STAT_AREA] >= least
    ]


def paste(image: Image, label: Image, piece: Piece, rng: np.random.Generator) -> None:
    """Copy an object into a picture, in place: at about the height it had, anywhere from left to right, maybe flipped.

    Args:
        image: (H, W, C) uint8, changed.
        label: (H, W) uint8, changed.
        piece: the object, no larger than the picture.
        rng: drawn from.
    """
    step = -1 if rng.random() < 0.5 else 1
    height, width = piece.mask.shape
    top = int(np.clip(piece.top + rng.integers(-8, 9), 0, label.shape[0] - height))
    left = int(rng.integers(0, label.shape[1] - width + 1))
    where = np.s_[top : top + height, left : left + width]
    mask = piece.mask[:, ::step]
    # A soft edge, so that the network cannot learn the cut instead of the object.
    soft = cv2.GaussianBlur(mask.astype(np.float32), (3, 3), 0)[:, :, None]
    mixed = soft * piece.image[:, ::step] + (1 - soft) * image[where]
    image[where] = np.rint(mixed).astype(np.uint8)
    label[where][mask] = piece.label[:, ::step][mask]


def _draw_matrix(
    size: tuple[int, int], view: View, how: Augmentation, rng: np.random.Generator, anchor: Anchor
) -> NDArray[np.float64]:
    low, high = map(math.log, how.zoom)
    zoom = math.exp(rng.uniform(low, high)) if rng.random() < how.zoom_share else 1.0
    tall = 1 + rng.uniform(-how.stretch, how.stretch) / 2
    scale_y, scale_x = view.scale_y * zoom * tall, view.scale_x * zoom / tall
    angle = math.radians(rng.uniform(-how.rotation, how.rotation))
    mirror_x = -1 if rng.random() < how.flip else 1
    mirror_y = -1 if rng.random() < how.flip_vertical else 1
    row = _place(size[0], view.height / scale_y, None if anchor is None else anchor[0], rng)
    column = _place(size[1], view.width / scale_x, None if anchor is None else anchor[1], rng)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    linear = turn @ np.diag([mirror_x / scale_x, mirror_y / scale_y])
    middle = np.array([(view.width - 1) / 2, (view.height - 1) / 2])
    shift = np.array([column - 0.5, row - 0.5]) - linear @ middle
    return np.column_stack([linear, shift])


def _place(length: int, window: float, anchor: int | None, rng: np.random.Generator) -> float:
    """Centre of a window along one axis: inside the picture, or around it, and over the anchor."""
    low, high = sorted((window / 2, length - window / 2))
    if anchor is not None:
        margin = 0.45 * window
        low, high = max(low, anchor - margin), min(high, anchor + margin)
    return float(rng.uniform(low, high)) if high > low else (low + high) / 2


def _shrink(image: Image, matrix: NDArray[np.float64]) -> tuple[Image, NDArray[np.float64]]:
    """Halve a picture, by averaging, as often as the matrix skips two of its pixels: bilinear sampling would alias."""
    step = min(float(np.linalg.norm(matrix[:, 0])), float(np.linalg.norm(matrix[:, 1])))
    halvings = math.floor(math.log2(max(step, 1.0)) + 1e-6)
    if not halvings:
        return image, matrix
    height, width = (max(1, side >> halvings) for side in image.shape[:2])
    small = _keep_axis(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), image)
    ratio = np.array([width / image.shape[1], height / image.shape[0]])
    linear = matrix[:, :2] * ratio[:, None]
    return small, np.column_stack([linear, (matrix[:, 2] + 0.5) * ratio - 0.5])


def _curve(how: Augmentation, rng: np.random.Generator) -> Image:
    values = np.linspace(0, 1, 256) ** (1 + rng.uniform(-how.gamma, how.gamma))
    values = (values - 0.5) * (1 + rng.uniform(-how.contrast, how.contrast)) + 0.5
    values += rng.uniform(-how.brightness, how.brightness)
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def _add_noise(image: Image, deviation: float, rng: np.random.Generator) -> Image:
    height, values = image.shape[0], image.shape[1] * image.shape[2]
    sheet = _noise(_power_of_two(height), _power_of_two(values))
    row, column = (int(rng.integers(0, free + 1)) for free in (sheet.shape[0] - height, sheet.shape[1] - values))
    chosen = np.ascontiguousarray(sheet[row : row + height, column : column + values])
    added = cv2.addWeighted(image.reshape(height, values), 1.0, chosen, deviation * 255 / 32, 0.0, dtype=cv2.CV_8U)
    return np.asarray(added, np.uint8).reshape(image.shape)


def _power_of_two(size: int) -> int:
    """The next power of two, with room to move."""
    return 1 << (size + 64).bit_length()


@cache
def _noise(height: int, width: int) -> NDArray[np.int16]:
    """A fixed sheet of normal noise (deviation 32): drawing its own for each picture would cost more than the rest."""
    sheet = np.random.default_rng(20150518).standard_normal((height, width), np.float32)
    return np.rint(32 * sheet).astype(np.int16)


def _cut(image: Image, label: Image, region: NDArray[np.bool_], box: NDArray[np.int32]) -> Piece:
    left, top, width, height = (int(value) for value in box[:4])
    where = np.s_[top : top + height, left : left + width]
    mask = region[where].copy()
    shown = tuple(int(value) for value in np.unique(label[where][mask]))
    return Piece(image[where].copy(), label[where].copy(), mask, top, shown)


def _keep_axis(result: object, like: Image) -> Image:
    """OpenCV drops the axis of a single channel; give it back."""
    array = np.asarray(result, np.uint8)
    return array.reshape(*array.shape[:2], like.shape[2])
