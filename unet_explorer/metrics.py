"""How good a prediction is: counts first, and every score derived from them.

Pictures are scored together by adding their counts, never by averaging their scores; `salt_scores` alone are defined
a picture at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.errors import ClassTableError

SALT_THRESHOLDS = np.arange(50, 100, 5) / 100


def confusion_matrix(
    labels: NDArray[np.integer[Any]],
    predictions: NDArray[np.integer[Any]],
    classes: int,
    ignore: Sequence[int] = (),
) -> NDArray[np.int64]:
    """Count how often each label was predicted as each class.

    Args:
        labels: class ids of any shape.
        predictions: class ids of the same shape.
        classes: number of classes K.
        ignore: pixels with these labels are left out; such as 255, where a label map was not covered.

    Returns:
        (K, K) counts, rows are labels, columns predictions. Matrices of several pictures may be added.

    Raises:
        ClassTableError: the shapes differ, or an id is not one of the classes.

    Example:
        >>> confusion_matrix(np.array([0, 0, 1, 255]), np.array([0, 1, 1, 0]), classes=2, ignore=[255]).tolist()
        [[1, 1], [0, 1]]
    """
    if labels.shape != predictions.shape:
        raise ClassTableError(
            f"Labels {labels.shape} and predictions {predictions.shape} differ in shape: resize one to the other first."
        )
    rows, columns = labels.reshape(-1).astype(np.int64), predictions.reshape(-1).astype(np.int64)
    for ignored in ignore:
        kept = rows != ignored
        rows, columns = rows[kept], columns[kept]
    _check_ids(rows, classes, "label")
    _check_ids(columns, classes, "prediction")
    return np.bincount(rows * classes + columns, minlength=classes * classes).reshape(classes, classes)


def intersection_over_union(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """IoU of each class.

    Args:
        confusion: (K, K) counts, rows are labels, columns predictions.

    Returns:
        (K,) values in [0, 1]; NaN where a class occurs in neither.

    Example:
        >>> intersection_over_union(np.array([[3, 1, 0], [1, 5, 0], [0, 0, 0]])).round(3).tolist()
        [0.6, 0.714, nan]
    """
    hits = np.diag(confusion)
    return _ratio(hits, confusion.sum(axis=0) + confusion.sum(axis=1) - hits)


def dice(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Dice coefficient (F1) of each class: (K,) values in [0, 1]; NaN where a class occurs in neither.

    Example:
        >>> dice(np.array([[3, 1], [1, 5]])).round(3).tolist()
        [0.75, 0.833]
    """
    return _ratio(2 * np.diag(confusion), confusion.sum(axis=0) + confusion.sum(axis=1))


def mean_iou(confusion: NDArray[np.int64]) -> float:
    """Mean IoU over the classes that occur, as Keras' `MeanIoU` defines it; NaN where none does (Keras says 0).

    Example:
        >>> round(mean_iou(np.array([[3, 1, 0], [1, 5, 0], [0, 0, 0]])), 3)
        0.657
    """
    scores = intersection_over_union(confusion)
    occurring = scores[~np.isnan(scores)]
    return float(occurring.mean()) if occurring.size else float("nan")


def pixel_accuracy(confusion: NDArray[np.int64]) -> float:
    """Share of pixels that were predicted as labelled; NaN where there are none.

    Example:
        >>> pixel_accuracy(np.array([[3, 1], [1, 5]]))
        0.8
    """
    total = int(confusion.sum())
    return float(np.trace(confusion) / total) if total else float("nan")


def mistakes(confusion: NDArray[np.int64], most: int) -> list[tuple[int, int]]:
    """Which classes are mistaken for which: (labelled, found) with the most pixels first, ties by their ids.

    Args:
        confusion: (K, K) counts, rows are labels, columns predictions.
        most: at most so many pairs; only those that occur.

    Example:
        >>> mistakes(np.array([[5, 1, 0], [4, 9, 0], [0, 0, 3]]), most=5)
        [(1, 0), (0, 1)]
    """
    wrong = np.where(np.eye(len(confusion), dtype=np.bool_), 0, confusion)
    order = np.argsort(-wrong, axis=None, kind="stable")[: min(most, np.count_nonzero(wrong))]
    return [divmod(int(place), len(confusion)) for place in order]


@dataclass(frozen=True, eq=False)
class ThresholdCurve:
    """Scores of a binary prediction at each threshold, all float64 (T,); NaN where a score is not defined.

    Attributes:
        thresholds: a pixel is predicted where its probability reaches it.
        iou, precision, recall: of the pixels predicted against the mask.
    """

    thresholds: NDArray[np.float64]
    iou: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]

    @property
    def best(self) -> float:
        """The threshold of the highest IoU, the lowest of several; NaN where the IoU never is defined."""
        return float(self.thresholds[np.nanargmax(self.iou)]) if not np.isnan(self.iou).all() else float("nan")


def threshold_curve(
    probabilities: NDArray[np.floating[Any]],
    mask: NDArray[np.bool_],
    thresholds: NDArray[np.floating[Any]],
) -> ThresholdCurve:
    """IoU, precision and recall of one class as its threshold moves.

    Args:
        probabilities: of the class, 0 to 1, any shape; NaN is never predicted.
        mask: where the class is, same shape.
        thresholds: (T,) in rising order.

    Raises:
        ClassTableError: the shapes differ, or the thresholds fall.

    Example:
        >>> mask = np.array([True, False, False])
        >>> threshold_curve(np.array([0.9, 0.6, 0.2]), mask, np.array([0.5, 0.7])).iou.tolist()
        [0.5, 1.0]
    """
    if probabilities.shape != mask.shape:
        raise ClassTableError(f"Probabilities {probabilities.shape} and mask {mask.shape} differ in shape.")
    # In the type of the probabilities: that is how NumPy compares an array with a number.
    cuts = np.asarray(thresholds, probabilities.dtype)
    if (np.diff(cuts) < 0).any():
        raise ClassTableError("The thresholds of a curve must be in rising order.")
    # The number of thresholds that a pixel reaches; counting pixels by it gives all thresholds in one pass.
    passed = np.searchsorted(cuts, np.where(np.isnan(probabilities), -np.inf, probabilities).ravel(), side="right")
    hits = _count_reaching(passed[mask.ravel()], len(cuts))
    predicted = _count_reaching(passed, len(cuts))
    wanted = np.full_like(hits, np.count_nonzero(mask))
    return ThresholdCurve(
        thresholds=np.asarray(thresholds, np.float64),
        iou=_ratio(hits, predicted + wanted - hits),
        precision=_ratio(hits, predicted),
        recall=_ratio(hits, wanted),
    )


def salt_scores(confusions: NDArray[np.integer[Any] | np.floating[Any]]) -> NDArray[np.float64]:
    """The score of each picture in the TGS salt challenge: the share of IoU 0.5, 0.55 ... 0.95 that its IoU is above.

    A picture without salt scores 1 where nothing is predicted and 0 otherwise. Kaggle's score is the mean of all.

    Args:
        confusions: (..., 2, 2) counts of each picture, rows are labels, columns predictions; salt is class 1.

    Returns:
        (...) values in [0, 1].

    Example:
        >>> salt_scores(np.array([[[90, 0], [3, 7]], [[100, 0], [0, 0]], [[99, 1], [0, 0]]])).tolist()
        [0.4, 1.0, 0.0]
    """
    hits, either = confusions[..., 1, 1], confusions[..., 0, 1] + confusions[..., 1, :].sum(axis=-1)
    overlap = np.divide(hits, either, out=np.ones(np.shape(hits)), where=either > 0)
    scores: NDArray[np.float64] = (overlap[..., None] > SALT_THRESHOLDS).mean(axis=-1)
    return scores


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """part / whole; NaN where whole is 0."""
    ratio: NDArray[np.float64] = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
    return ratio


def _count_reaching(passed: NDArray[np.int64], thresholds: int) -> NDArray[np.int64]:
    """(T,) how many pixels reach each threshold."""
    counts = np.bincount(passed, minlength=thresholds + 1)
    return counts[::-1].cumsum()[::-1][1:]


def _check_ids(ids: NDArray[np.int64], classes: int, kind: str) -> None:
    if ids.size and (ids.min() < 0 or ids.max() >= classes):
        wrong = int(ids.min() if ids.min() < 0 else ids.max())
        raise ClassTableError(
            f"There is a {kind} {wrong}, but the classes are 0 to {classes - 1}: use the class table of the data."
        )
