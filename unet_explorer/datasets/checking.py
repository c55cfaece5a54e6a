"""Looking through a whole data folder: what is in it, and everything that is broken, not just the first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.datasets.dataset import PARTS, Dataset, Problem, Sample
from unet_explorer.errors import UserError

READERS = 4


@dataclass(frozen=True, eq=False)
class DatasetReport:
    """What a data folder holds.

    Attributes:
        dataset: the name it was opened by.
        root: the folder.
        pictures: how many pairs can be read.
        sizes: (height, width) -> how many pairs.
        parts: part of a split -> how many complete pairs it has here; parts that are empty are left out.
        class_names: (K,) of the class table.
        class_pixels: (K,) int64, pixels of each class in all label maps.
        class_pictures: (K,) int64, in how many label maps each class occurs.
        problems: every pair that is broken, and why.
    """

    dataset: str
    root: str
    pictures: int
    sizes: Mapping[tuple[int, int], int]
    parts: Mapping[str, int]
    class_names: tuple[str, ...]
    class_pixels: NDArray[np.int64]
    class_pictures: NDArray[np.int64]
    problems: tuple[Problem, ...]

    @property
    def class_shares(self) -> NDArray[np.float64]:
        """(K,) share of all pixels, in [0, 1]; zeros where nothing could be read."""
        return self.class_pixels / max(1, int(self.class_pixels.sum()))

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        rows = zip(self.class_names, self.class_pixels, self.class_shares, self.class_pictures, strict=True)
        return {
            "dataset": self.dataset,
            "root": self.root,
            "pictures": self.pictures,
            "sizes": [{"height": h, "width": w, "pictures": n} for (h, w), n in self.sizes.items()],
            "parts": dict(self.parts),
            "classes": [
                {"id": class_id, "name": name, "pixels": int(pixels), "share": float(share), "pictures": int(pictures)}
                for class_id, (name, pixels, share, pictures) in enumerate(rows)
            ],
            "problems": [{"name": problem.name, "problem": problem.what} for problem in self.problems],
        }


def check_dataset(dataset: Dataset, progress: Callable[[int, int], None] | None = None) -> DatasetReport:
    """Read every pair once and tell what is there and what is broken.

    Args:
        dataset: opened with `tolerant=True`, so that incomplete pairs are told too.
        progress: called with (pairs read, pairs in all).
    """
    class_count = len(dataset.class_table)
    class_pixels = np.zeros(class_count, dtype=np.int64)
    class_pictures = np.zeros(class_count, dtype=np.int64)
    sizes: Counter[tuple[int, int]] = Counter()
    problems = list(dataset.problems)
    with ThreadPoolExecutor(READERS) as pool:
        for done, outcome in enumerate(pool.map(lambda sample: _read(dataset, sample), dataset.samples), start=1):
            if isinstance(outcome, Problem):
                problems.append(outcome)
            else:
                size, counts = outcome
                sizes[size] += 1
                class_pixels += counts
                class_pictures += counts > 0
            if progress is not None:
                progress(done, len(dataset.samples))
    return DatasetReport(
        dataset=dataset.name,
        root=str(dataset.root),
        pictures=sizes.total(),
        sizes=dict(sizes.most_common()),
        parts=_count_parts(dataset),
        class_names=dataset.class_table.names,
        class_pixels=class_pixels,
        class_pictures=class_pictures,
        problems=tuple(sorted(problems, key=lambda problem: problem.name)),
    )


def _read(dataset: Dataset, sample: Sample) -> tuple[tuple[int, int], NDArray[np.int64]] | Problem:
    """Size and class pixel counts of one pair, or what is wrong with it."""
    try:
        picture = dataset.read(sample)
    except UserError as error:
        return Problem(sample.name, str(error))
    labels = np.empty(0, np.uint8) if picture.label_map is None else picture.label_map.ravel()
    return (picture.height, picture.width), np.bincount(labels, minlength=len(dataset.class_table))


def _count_parts(dataset: Dataset) -> dict[str, int]:
    counts = {}
    for part in PARTS:
        try:
            counts[part] = len(dataset.split(part))
        except UserError:
            # Empty here, or not to be told while a label map is broken; either way there is nothing to count.
            continue
    return counts
