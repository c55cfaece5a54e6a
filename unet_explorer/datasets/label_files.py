"""Label maps: PNG files whose pixels mean class ids or class colours, never light.

Errors about them carry the whole path, because a label map often has the very name of its picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.errors import DatasetError
from unet_explorer.pictures import open_label_levels, open_picture
from unet_explorer.pictures.formats import PNG, kind_of

_PNG_COLOUR_TYPE = 25
_HEADER_BYTES = 4096
_RGB, _RGBA = 2, 6


def read_colours(path: Path) -> NDArray[np.uint8]:
    """The pixels of a label map that is drawn in class colours, (H, W, 3) RGB.

    Raises:
        DatasetError: the file is no PNG.
        PictureError: it cannot be read.
    """
    _header(path)
    return open_picture(path, name=str(path)).pixels


def read_numbers(path: Path) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """The numbers stored in a label map, (H, W): gray levels or palette indices, as they are.

    Raises:
        DatasetError: the file is no PNG.
        PictureError: it cannot be read, or holds colours instead of numbers.
    """
    _header(path)
    return open_label_levels(path, name=str(path))


def is_colour_file(path: Path) -> bool:
    """Whether the header of a PNG says that it holds colours rather than one number per pixel.

    Raises:
        DatasetError: the file cannot be read, or is no PNG.
    """
    return _header(path)[_PNG_COLOUR_TYPE : _PNG_COLOUR_TYPE + 1] in (bytes([_RGB]), bytes([_RGBA]))


def _header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except OSError as error:
        raise DatasetError(
            f"The label map {path} cannot be read ({error.strerror}): check the file and its permissions."
        ) from error
    if not header.startswith(PNG):
        raise DatasetError(
            f"The label map {path} is {kind_of(header)}: export it as PNG, which keeps what each pixel means."
        )
    return header


def to_class_ids(numbers: NDArray[Any], ids: Mapping[int, int], path: Path) -> NDArray[np.uint8]:
    """Class ids of the numbers in a label map.

    Args:
        numbers: (H, W) of any integer type.
        ids: number -> class id, 0 to 255.
        path: the file they come from, for the error.

    Raises:
        DatasetError: a number means no class; the sentence names file, number and position.

    Example:
        >>> to_class_ids(np.array([[7, 255]]), {7: 0, 255: 1}, Path("a.png")).tolist()
        [[0, 1]]
    """
    largest = max(ids)
    lookup = np.full(largest + 2, -1, dtype=np.int16)
    lookup[list(ids)] = list(ids.values())
    found = lookup[np.where((numbers < 0) | (numbers > largest), largest + 1, numbers)]
    if (found < 0).any():
        y, x = np.unravel_index(int(np.argmin(found)), found.shape)
        raise DatasetError(
            f"The label map {path} holds the number {numbers[y, x]} at row {y}, column {x}, which means no class (the "
            f"known ones lie between {min(ids)} and {largest}): correct the file, or check that it is a label map."
        )
    return found.astype(np.uint8)
