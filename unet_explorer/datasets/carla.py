"""CARLA frames of the Lyft/Udacity challenge: 5 sets of 1000 pairs, 800x600.

    ROOT/dataA/CameraRGB/<frame>.png    pictures
    ROOT/dataA/CameraSeg/<frame>.png    label maps: the class id is the red channel
    ROOT/dataB ... dataE                the same; a folder that itself holds CameraRGB and CameraSeg opens too

The data need an account: see `download.MANUAL_DATASETS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unet_explorer.classes import ClassTable, load_class_table
from unet_explorer.datasets.dataset import Dataset, Sample
from unet_explorer.datasets.label_files import read_colours, to_class_ids
from unet_explorer.datasets.pairing import Pairs, pair_files, require_folder, require_pairs, require_subfolder
from unet_explorer.datasets.splits import shuffled_hold_out
from unet_explorer.errors import DatasetError

LAYOUT = "CameraRGB and CameraSeg, or dataA ... dataE with these two in each"
PICTURES, LABELS = "CameraRGB", "CameraSeg"
RUN_LENGTH = 50
SEED = 0


def open_carla(root: Path, tolerant: bool = False) -> Dataset:
    """Open a folder of CARLA frames.

    Frames were recorded one after another, so every run of 50 successive frames is one group.

    Args:
        root: the folder that holds `dataA` and so on, or one of these.
        tolerant: keep incomplete pairs as `problems` instead of refusing the folder.

    Raises:
        DatasetError: the folder is missing, not laid out as expected, empty, or has incomplete pairs.
    """
    root = require_folder(root, "carla", LAYOUT)
    paired = {prefix: _pair_set(folder, prefix, tolerant) for prefix, folder in _find_sets(root).items()}
    pairs = Pairs(
        tuple(pair for one in paired.values() for pair in one.complete),
        tuple(problem for one in paired.values() for problem in one.problems),
    )
    require_pairs(pairs, root, "carla", tolerant)
    table = load_class_table("carla")
    return Dataset(
        name="carla",
        root=root,
        class_table=table,
        samples=tuple(sample for prefix, one in paired.items() for sample in _samples(prefix, one)),
        read_label=partial(read_red_ids, table=table),
        divide=article_split,
        problems=pairs.problems,
    )


def read_red_ids(path: Path, table: ClassTable) -> NDArray[np.uint8]:
    """A label map whose red channel is the class id -> uint8 (H, W).

    Raises:
        PictureError: the file cannot be read.
        DatasetError: an id is not in the table.
    """
    return to_class_ids(read_colours(path)[..., 0], {entry.id: entry.id for entry in table}, path)


def article_split(samples: Sequence[Sample]) -> dict[str, str]:
    """Article B's shares: 0.6 train, 0.2 validation, 0.2 test, drawn by name with a fixed seed."""
    names = [sample.name for sample in samples]
    held_out = shuffled_hold_out(names, 0.4, SEED)
    test = shuffled_hold_out(held_out, 0.5, SEED)
    return {n: "test" if n in test else "validation" if n in held_out else "train" for n in names}


def _find_sets(root: Path) -> dict[str, Path]:
    """The folders with pairs or half of them, by the prefix that keeps the names of their frames apart."""
    try:
        if _is_set(root):
            return {"": root}
        found = {f"{folder.name}-": folder for folder in sorted(root.iterdir()) if _is_set(folder)}
    except OSError as error:
        raise DatasetError(f"The folder {root} cannot be read ({error.strerror}): check its permissions.") from error
    if not found:
        raise DatasetError(f"{root} holds no folder with {PICTURES}: a carla folder holds {LAYOUT}.")
    return found


def _is_set(folder: Path) -> bool:
    return (folder / PICTURES).is_dir() or (folder / LABELS).is_dir()


def _pair_set(folder: Path, prefix: str, tolerant: bool) -> Pairs:
    if not tolerant:
        for part in (PICTURES, LABELS):
            require_subfolder(folder, part, "carla", LAYOUT)
    return pair_files(folder / PICTURES, folder / LABELS, prefix, tolerant)


def _samples(prefix: str, pairs: Pairs) -> list[Sample]:
    return [
        Sample(name, image, label, f"{prefix}run-{place // RUN_LENGTH:03d}")
        for place, (name, image, label) in enumerate(pairs.complete)
    ]
