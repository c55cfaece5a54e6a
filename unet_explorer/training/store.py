"""The training pictures in memory: every file is decoded and fitted once, by a few threads, before the first step."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from unet_explorer.classes import ClassTable
from unet_explorer.datasets.dataset import Sample
from unet_explorer.errors import DatasetError
from unet_explorer.pictures import InputSpec, Picture, fit_label_map, fit_picture

VOID = 255


class Source(Protocol):
    """What training asks of a data set."""

    @property
    def name(self) -> str: ...
    @property
    def class_table(self) -> ClassTable: ...
    def split(self, part: str) -> tuple[Sample, ...]: ...
    def read(self, sample: Sample) -> Picture: ...


@dataclass(frozen=True)
class Pictures:
    """Pictures and label maps of one size.

    Attributes:
        names: (N,) of the samples.
        images: (N, H, W, C) uint8.
        labels: (N, H, W) uint8 class ids; 255 counts nowhere.
        counts: (N, K) pixels of each class in each picture.
    """

    names: tuple[str, ...]
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    counts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def shares(self) -> NDArray[np.float64]:
        """(K,) share of the pixels of each class; they sum to 1."""
        totals = self.counts.sum(axis=0)
        shares: NDArray[np.float64] = totals / max(1, totals.sum())
        return shares


def load_pictures(source: Source, samples: Sequence[Sample], spec: InputSpec) -> Pictures:
    """Decode and fit samples.

    Args:
        source: reads them.
        samples: which.
        spec: size and channels; the values are kept as 0 to 255.

    Raises:
        DatasetError: a sample without a label map, or class ids that the class table does not have.
        PictureError: a file that cannot be read.
    """
    height, width = spec.height or 0, spec.width or 0
    images = np.empty((len(samples), height, width, spec.channels), np.uint8)
    labels = np.empty((len(samples), height, width), np.uint8)
    counts = np.zeros((len(samples), len(source.class_table)), np.int64)

    def load(index: int) -> None:
        images[index], labels[index] = _load(source, samples[index], spec)
        counts[index] = np.bincount(labels[index].ravel(), minlength=256)[: counts.shape[1]]

    with ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as threads:
        list(threads.map(load, range(len(samples))))
    return Pictures(tuple(sample.name for sample in samples), images, labels, counts)


def _load(source: Source, sample: Sample, spec: InputSpec) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    picture = source.read(sample)
    if picture.label_map is None:
        raise DatasetError(f"The picture {sample.image} has no label map: training needs one for each picture.")
    _check_ids(picture.label_map, sample, source.class_table)
    fitted = fit_picture(picture, spec)
    label = fit_label_map(picture.label_map, fitted.placement, *fitted.batch.shape[1:3])
    return np.rint(fitted.batch[0]).astype(np.uint8), label


def _check_ids(label_map: NDArray[np.uint8], sample: Sample, table: ClassTable) -> None:
    beyond = label_map[(label_map >= len(table)) & (label_map != VOID)]
    if beyond.size:
        raise DatasetError(
            f"The label map {sample.label} has the class id {int(beyond[0])}, but the ids of class table "
            f"{table.name!r} are 0 to {len(table) - 1}: use the class table these labels were made with."
        )
