"""Finding pictures that show nearly the same thing, by comparing small versions of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unet_explorer.datasets.splits import similar_groups
from unet_explorer.errors import PictureError
from unet_explorer.pictures import open_picture

THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH = 20, 64
FAR = 1_000_000_000


def picture_groups(images: Sequence[Path], positions: Sequence[int | None]) -> list[int]:
    """The group of each picture, as the index of its first member.

    Args:
        images: files; one that cannot be read is a group of its own (telling that is for `read` and `data check`).
        positions: place of each picture in the recording; None where it is not known.

    Returns:
        See `similar_groups`, which holds the rule.
    """
    with ThreadPoolExecutor(max_workers=4) as pool:
        thumbnails = list(pool.map(_thumbnail, images))
    groups = list(range(len(images)))
    seen = [index for index, thumbnail in enumerate(thumbnails) if thumbnail is not None]
    if seen:
        places = [FAR * (index + 1) if (place := positions[index]) is None else place for index in seen]
        stack = np.stack([thumbnail for thumbnail in thumbnails if thumbnail is not None])
        for index, first in zip(seen, similar_groups(stack, places), strict=True):
            groups[index] = seen[first]
    return groups


def name_groups(names: Sequence[str], groups: Sequence[Hashable]) -> dict[str, str]:
    """Name of each picture -> name of the first picture of its group.

    Example:
        >>> name_groups(["a", "b", "c"], [7, 5, 7])
        {'a': 'a', 'b': 'b', 'c': 'a'}
    """
    first: dict[Hashable, str] = {}
    return {name: first.setdefault(group, name) for name, group in zip(names, groups, strict=True)}


def _thumbnail(path: Path) -> NDArray[np.uint8] | None:
    try:
        pixels = open_picture(path).pixels
    except PictureError:
        return None
    return np.asarray(Image.fromarray(pixels).resize((THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT), Image.Resampling.BOX))
