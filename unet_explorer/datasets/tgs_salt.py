"""TGS salt (Kaggle, 2018): gray seismic pictures of 101x101 pixels with masks of salt bodies.

    ROOT/images/<id>.png    pictures
    ROOT/masks/<id>.png     masks, 8 or 16 bit: salt where the value is above zero; all black means no salt

The data need a Kaggle account: see `download.MANUAL_DATASETS`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unet_explorer.classes import load_class_table
from unet_explorer.datasets.dataset import Dataset, Sample, two_parts
from unet_explorer.datasets.label_files import read_numbers
from unet_explorer.datasets.pairing import pair_files, require_folder, require_pairs, require_subfolder
from unet_explorer.datasets.splits import stratified_hold_out

LAYOUT = "images and masks"
HELD_OUT = 0.2
SEED = 0


def open_tgs_salt(root: Path, tolerant: bool = False) -> Dataset:
    """Open a TGS salt folder.

    No two of its pictures are near-duplicates (only the few blank ones are alike), so every sample is its own group.

    Args:
        root: the folder that holds `images` and `masks`.
        tolerant: keep incomplete pairs as `problems` instead of refusing the folder.

    Raises:
        DatasetError: the folder is missing, not laid out as expected, empty, or has incomplete pairs.
    """
    root = require_folder(root, "tgs-salt", LAYOUT)
    images, masks = (require_subfolder(root, part, "tgs-salt", LAYOUT) for part in ("images", "masks"))
    pairs = pair_files(images, masks)
    require_pairs(pairs, root, "tgs-salt", tolerant)
    return Dataset(
        name="tgs-salt",
        root=root,
        class_table=load_class_table("salt"),
        samples=tuple(Sample(name, image, mask, name) for name, image, mask in pairs.complete),
        read_label=read_mask,
        divide=split_by_coverage,
        problems=pairs.problems,
    )


def read_mask(path: Path) -> NDArray[np.uint8]:
    """A mask -> uint8 (H, W): 1 where there is salt, 0 elsewhere.

    Raises:
        PictureError: the file cannot be read, or holds colours.
    """
    return (read_numbers(path) > 0).astype(np.uint8)


def split_by_coverage(samples: Sequence[Sample]) -> dict[str, str]:
    """A fifth of the pictures validates; every tenth of salt coverage, and "no salt", gives its share.

    Raises:
        PictureError: a mask cannot be read.
    """
    strata = {sample.name: coverage_stratum(read_mask(sample.label)) for sample in samples if sample.label is not None}
    return two_parts(strata, stratified_hold_out(strata, HELD_OUT, SEED))


def coverage_stratum(mask: NDArray[np.uint8]) -> int:
    """0 where there is no salt, else 1..10 for a coverage of up to 10 %, ..., up to 100 %.

    Example:
        >>> coverage_stratum(np.array([[0, 0], [0, 1]], dtype=np.uint8))
        3
    """
    return math.ceil(10 * np.count_nonzero(mask) / mask.size)
