"""Data folders as samples and splits; `open_dataset` is the door, and nothing here needs TensorFlow."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Protocol, cast

from unet_explorer.datasets.dataset import PARTS, Dataset, Problem, Sample
from unet_explorer.errors import DatasetError, close_names

__all__ = ["DATASETS", "PARTS", "Dataset", "Problem", "Sample", "open_dataset"]

# Name -> where its reader is; imported when asked for, so that opening one costs nothing of the others.
DATASETS = {
    "kitti": "unet_explorer.datasets.kitti:open_kitti",
    "carla": "unet_explorer.datasets.carla:open_carla",
    "tgs-salt": "unet_explorer.datasets.tgs_salt:open_tgs_salt",
    "folder": "unet_explorer.datasets.folder:open_folder",
    "scenes": "unet_explorer.datasets.scenes:open_scenes",
}


class Opener(Protocol):
    """What each reader offers."""

    def __call__(self, root: Path, tolerant: bool = False) -> Dataset: ...


def open_dataset(name: str, root: Path | str, tolerant: bool = False) -> Dataset:
    """Open a data folder.

    Args:
        name: a key of `DATASETS`.
        root: the folder, in the layout that its reader describes.
        tolerant: keep incomplete pairs as `problems` instead of refusing the folder, as `check_dataset` wants it.

    Raises:
        DatasetError: unknown name, or a folder that is missing, empty or not laid out as expected.
    """
    if name not in DATASETS:
        raise DatasetError(
            f"There is no data set {name!r}{close_names(name, DATASETS)} (choose from {', '.join(DATASETS)})."
        )
    module, function = DATASETS[name].split(":")
    opener = cast(Opener, getattr(importlib.import_module(module), function))
    return opener(Path(root).expanduser(), tolerant=tolerant)
