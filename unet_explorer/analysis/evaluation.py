"""How good is a network on a data set? Every picture is shown once, its counts are added, and all scores come of them.

The network sees each picture as the app shows it (`fit_picture`), and is judged at the resolution of its output, where
the label map is resized by the nearest pixel, as article A does it. The salt score alone is taken in the picture's own
pixels, as Kaggle took it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.datasets import Dataset, Sample
from unet_explorer.errors import DatasetError
from unet_explorer.metrics import (
    ThresholdCurve,
    confusion_matrix,
    dice,
    intersection_over_union,
    mean_iou,
    pixel_accuracy,
    salt_scores,
)
from unet_explorer.network import FeatureMaps, Network
from unet_explorer.pictures import fit_label_map
from unet_explorer.pictures.fitting import NOT_COVERED

THRESHOLDS = np.arange(1, 100) / 100
DEFAULT_THRESHOLD = 49  # Place of 0.5.
# While one picture is in the network, the other thread decodes the next one and counts the one before.
WORKERS = 2


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a network scores on some pictures.

    Attributes:
        class_names: (K,) of the data set's class table.
        confusion: (K, K) int64 pixels, rows are labels, columns predictions; at the network's output size.
        pictures: how many were shown.
        seconds: wall clock, from the first picture to the last.
        curve: of a binary network, scores of the object as the threshold moves; None for others.
        salt_scores: (T,) Kaggle's salt score at the thresholds of the curve; None unless the data are TGS salt.
    """

    class_names: tuple[str, ...]
    confusion: NDArray[np.int64]
    pictures: int
    seconds: float
    curve: ThresholdCurve | None = None
    salt_scores: NDArray[np.float64] | None = None

    @cached_property
    def class_iou(self) -> NDArray[np.float64]:
        """(K,) IoU of each class; NaN where it occurs in neither labels nor predictions."""
        return intersection_over_union(self.confusion)

    @cached_property
    def class_dice(self) -> NDArray[np.float64]:
        """(K,) Dice coefficient of each class; NaN where it occurs in neither labels nor predictions."""
        return dice(self.confusion)

    @property
    def mean_iou(self) -> float:
        """Mean over the classes that occur, as Keras' `MeanIoU` defines it."""
        return mean_iou(self.confusion)

    @property
    def pixel_accuracy(self) -> float:
        """Share of pixels that were predicted as labelled."""
        return pixel_accuracy(self.confusion)

    @property
    def salt_score(self) -> float | None:
        """Kaggle's salt score at the threshold 0.5."""
        return None if self.salt_scores is None else float(self.salt_scores[DEFAULT_THRESHOLD])

    def to_dict(self) -> dict[str, Any]:
        """All scores as JSON values; null where a score is not defined.

        `confusion` has, for each class, the pixels labelled so by the class they were found to be.
        """
        report: dict[str, Any] = {
            "pictures": self.pictures,
            "seconds": round(self.seconds, 3),
            "mean_iou": _number(self.mean_iou),
            "pixel_accuracy": _number(self.pixel_accuracy),
            "class_iou": self._by_name(self.class_iou),
            "class_dice": self._by_name(self.class_dice),
            "class_pixels": dict(zip(self.class_names, self.confusion.sum(axis=1).tolist(), strict=True)),
            "confusion": {name: self._found(row) for name, row in zip(self.class_names, self.confusion, strict=True)},
        }
        if self.curve is not None:
            report["threshold_curve"] = {
                "thresholds": self.curve.thresholds.tolist(),
                "iou": [_number(value) for value in self.curve.iou],
                "best_threshold": _number(self.curve.best),
                "best_iou": _number(np.nanmax(self.curve.iou, initial=-np.inf)),
            }
        if self.salt_scores is not None:
            best = int(np.argmax(self.salt_scores))
            report["salt_score"] = {
                "threshold_0.5": self.salt_score,
                "best": float(self.salt_scores[best]),
                "best_threshold": float(THRESHOLDS[best]),
            }
        return report

    def _found(self, counts: NDArray[np.int64]) -> dict[str, int]:
        """Class found -> pixels; those that were not are left out."""
        return {name: int(count) for name, count in zip(self.class_names, counts, strict=True) if count}

    def _by_name(self, values: NDArray[np.float64]) -> dict[str, float | None]:
        return {name: _number(value) for name, value in zip(self.class_names, values, strict=True)}


def evaluate(
    network: Network,
    dataset: Dataset,
    samples: Sequence[Sample],
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Show a network some pictures of a data set and count what it gets right.

    Args:
        network: opened; its classes must be those of the data set.
        dataset: where the pictures are from.
        samples: which of its pictures.
        progress: called with (pictures done, pictures in all).

    Raises:
        DatasetError: the classes differ, there are no samples, or one has no label map.
        UserError: a pair cannot be read; the first one in the order of the samples.
    """
    _check(network, dataset, samples)
    begin = time.perf_counter()
    total: _Counts | None = None
    with ThreadPoolExecutor(WORKERS) as pool:
        for done, counts in enumerate(pool.map(lambda sample: _count(network, dataset, sample), samples), start=1):
            total = counts if total is None else total + counts
            if progress is not None:
                progress(done, len(samples))
    assert total is not None  # There are samples.
    return Evaluation(
        class_names=dataset.class_table.names,
        confusion=total.confusion,
        pictures=len(samples),
        seconds=time.perf_counter() - begin,
        curve=None if total.reached is None else _curve(total.reached),
        salt_scores=None if total.salt is None else total.salt / len(samples),
    )


@dataclass(frozen=True, eq=False)
class _Counts:
    """What one picture, or several together, add to an evaluation.

    Attributes:
        confusion: (K, K).
        reached: of a binary network (2, T + 1) pixels by label and by how many of the thresholds they reach.
        salt: (T,) sum over the pictures of the salt score at each threshold.
    """

    confusion: NDArray[np.int64]
    reached: NDArray[np.int64] | None = None
    salt: NDArray[np.float64] | None = None

    def __add__(self, other: _Counts) -> _Counts:
        return _Counts(
            self.confusion + other.confusion,
            None if self.reached is None or other.reached is None else self.reached + other.reached,
            None if self.salt is None or other.salt is None else self.salt + other.salt,
        )


def _check(network: Network, dataset: Dataset, samples: Sequence[Sample]) -> None:
    wanted = dataset.class_table
    if not samples:
        raise DatasetError(
            f"There are no pictures of {dataset.name} to evaluate {network.name} on: choose another part."
        )
    if len(network.class_table) != len(wanted):
        raise DatasetError(
            f"{network.name} tells {len(network.class_table)} classes apart and {dataset.name} has {len(wanted)}: "
            f"choose a network that was trained on such data."
        )
    if network.card is not None and network.card.class_table is not None and network.class_table.names != wanted.names:
        pairs = zip(network.class_table.names, wanted.names, strict=True)
        theirs, ours = next((theirs, ours) for theirs, ours in pairs if theirs != ours)
        raise DatasetError(
            f"{network.name} and {dataset.name} name their classes differently (such as {theirs!r} and {ours!r}): "
            f"choose a network that was trained on such data."
        )
    unlabelled = [sample.name for sample in samples if sample.label is None]
    if unlabelled:
        raise DatasetError(f"{unlabelled[0]} of {dataset.name} has no label map to compare with: choose labelled data.")


def _count(network: Network, dataset: Dataset, sample: Sample) -> _Counts:
    """Show the network one picture."""
    picture = dataset.read(sample)
    assert picture.label_map is not None  # `_check` has seen that there is one.
    maps = network.probabilities(picture)
    height, width, channels = maps.values.shape
    labels = fit_label_map(picture.label_map, maps.placement, height, width)
    classes = len(dataset.class_table)
    if channels > 1:
        return _Counts(confusion_matrix(labels, maps.values.argmax(axis=-1), classes, ignore=(NOT_COVERED,)))
    reached = _reached(labels, maps.values[..., 0])
    salt = _salt_scores(picture.label_map, maps) if dataset.name == "tgs-salt" else None
    return _Counts(_binary_confusion(reached), reached, salt)


def _reached(labels: NDArray[np.uint8], probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
    """(2, T + 1) pixels by label and by how many of the thresholds their probability reaches; NaN reaches none."""
    cuts = THRESHOLDS.astype(probabilities.dtype)
    places = np.searchsorted(cuts, np.where(np.isnan(probabilities), -np.inf, probabilities), side="right")
    return confusion_matrix(labels, places, len(cuts) + 1, ignore=(NOT_COVERED,))[:2]


def _counts_at(reached: NDArray[np.int64]) -> NDArray[np.int64]:
    """(T, 2, 2) confusion at each threshold; rows are labels, columns predictions."""
    above = reached[:, ::-1].cumsum(axis=1)[:, -2::-1]
    return np.stack([reached.sum(axis=1, keepdims=True) - above, above], axis=-1).transpose(1, 0, 2)


def _binary_confusion(reached: NDArray[np.int64]) -> NDArray[np.int64]:
    confusion: NDArray[np.int64] = _counts_at(reached)[DEFAULT_THRESHOLD]
    return confusion


def _curve(reached: NDArray[np.int64]) -> ThresholdCurve:
    """The curve of all pictures together."""
    confusions = _counts_at(reached)
    hits, false, missed = confusions[:, 1, 1], confusions[:, 0, 1], confusions[:, 1, 0]
    return ThresholdCurve(
        THRESHOLDS, _ratio(hits, hits + false + missed), _ratio(hits, hits + false), _ratio(hits, hits + missed)
    )


def _salt_scores(label_map: NDArray[np.uint8], maps: FeatureMaps) -> NDArray[np.float64]:
    """(T,) salt score of one picture, in its own pixels, at each threshold."""
    return salt_scores(_counts_at(_reached(label_map, maps.placement.restore(maps.values[..., 0]))))


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    ratio: NDArray[np.float64] = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return ratio


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
