"""Scores against hand-computed values and against Keras."""

from __future__ import annotations

import numpy as np
import pytest

from unet_explorer.errors import ClassTableError
from unet_explorer.metrics import (
    confusion_matrix,
    dice,
    intersection_over_union,
    mean_iou,
    pixel_accuracy,
    salt_scores,
    threshold_curve,
)

# Rows are labels. Class 2 occurs nowhere; class 3 is only predicted.
CONFUSION = np.array([[4, 1, 0, 1], [2, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])


def test_confusion_counts_labels_in_rows() -> None:
    labels = np.array([[0, 0, 1], [2, 1, 1]], np.uint8)
    predictions = np.array([[0, 2, 1], [2, 0, 0]], np.uint8)
    assert confusion_matrix(labels, predictions, 3).tolist() == [[1, 0, 1], [2, 1, 0], [0, 0, 1]]


def test_ignored_labels_are_left_out_whatever_was_predicted() -> None:
    labels = np.array([0, 255, 1, 29], np.uint8)
    predictions = np.array([0, 1, 0, 1], np.uint8)
    assert confusion_matrix(labels, predictions, 2, ignore=(255, 29)).tolist() == [[1, 0], [1, 0]]


def test_many_classes_do_not_overflow_small_ids() -> None:
    ids = np.array([200, 249], np.uint8)
    confusion = confusion_matrix(ids, ids, 250)
    assert (confusion[200, 200], confusion[249, 249], confusion.sum()) == (1, 1, 2)


@pytest.mark.parametrize(
    ("labels", "predictions", "word"), [([0, 2], [0, 0], "label 2"), ([0, 0], [0, 7], "prediction 7")]
)
def test_an_unknown_id_is_refused_by_name(labels: list[int], predictions: list[int], word: str) -> None:
    with pytest.raises(ClassTableError, match=word):
        confusion_matrix(np.array(labels), np.array(predictions), 2)


def test_shapes_must_agree() -> None:
    with pytest.raises(ClassTableError, match=r"\(2, 3\).*\(3, 2\)"):
        confusion_matrix(np.zeros((2, 3), int), np.zeros((3, 2), int), 2)


def test_scores_of_a_worked_matrix() -> None:
    np.testing.assert_allclose(intersection_over_union(CONFUSION), [4 / 8, 2 / 5, np.nan, 0])
    np.testing.assert_allclose(dice(CONFUSION), [8 / 12, 4 / 7, np.nan, 0])
    assert mean_iou(CONFUSION) == pytest.approx(0.3)
    assert pixel_accuracy(CONFUSION) == pytest.approx(0.6)


def test_nothing_to_score_is_not_a_number_rather_than_zero() -> None:
    nothing = np.zeros((3, 3), np.int64)
    assert np.isnan(mean_iou(nothing))
    assert np.isnan(pixel_accuracy(nothing))


@pytest.mark.parametrize("seed", range(5))
def test_mean_iou_and_confusion_equal_those_of_keras(seed: int) -> None:
    import keras  # Here, because importing it takes seconds that the other tests do not need.

    rng = np.random.default_rng(seed)
    # Classes 7 to 11 never occur, so that leaving out the absent ones is tested too.
    labels, predictions = rng.integers(0, 7, (2, 3, 41, 29))
    metric = keras.metrics.MeanIoU(num_classes=12)
    metric.update_state(labels, predictions)
    confusion = confusion_matrix(labels, predictions, 12)
    np.testing.assert_array_equal(confusion, np.asarray(metric.total_cm))
    assert mean_iou(confusion) == pytest.approx(float(metric.result()), abs=1e-6)


def test_threshold_curve_equals_counting_at_each_threshold() -> None:
    rng = np.random.default_rng(3)
    probabilities = rng.random((17, 23)).astype(np.float32)
    mask = rng.random((17, 23)) < probabilities
    thresholds = np.linspace(0, 1, 21)
    curve = threshold_curve(probabilities, mask, thresholds)
    for place, threshold in enumerate(thresholds.tolist()):
        predicted = probabilities >= threshold
        hits, either = (predicted & mask).sum(), (predicted | mask).sum()
        assert curve.iou[place] == hits / either
        assert curve.recall[place] == hits / mask.sum()
        if predicted.any():
            assert curve.precision[place] == hits / predicted.sum()
    assert np.isnan(curve.precision[-1])
    assert curve.best == thresholds[int(np.argmax(curve.iou))]


def test_a_pixel_at_the_threshold_reaches_it_and_nan_reaches_none() -> None:
    curve = threshold_curve(np.array([0.5, np.nan]), np.array([True, True]), np.array([0.0, 0.5, 0.6]))
    assert curve.recall.tolist() == [0.5, 0.5, 0.0]


def test_thresholds_must_rise() -> None:
    with pytest.raises(ClassTableError, match="rising"):
        threshold_curve(np.zeros(2), np.zeros(2, bool), np.array([0.5, 0.4]))


def test_best_threshold_of_nothing_is_not_a_number() -> None:
    assert np.isnan(threshold_curve(np.zeros(3), np.zeros(3, bool), np.array([0.5])).best)


@pytest.mark.parametrize(
    ("confusion", "score"),
    [
        ([[90, 0], [0, 10]], 1.0),
        ([[100, 0], [0, 0]], 1.0),  # no salt, none predicted
        ([[99, 1], [0, 0]], 0.0),  # no salt, some predicted
        ([[90, 0], [10, 0]], 0.0),  # salt missed
        ([[90, 0], [3, 7]], 0.4),  # IoU 0.7 exceeds 0.5, 0.55, 0.6, 0.65
        ([[0, 0], [5, 15]], 0.5),  # IoU 0.75 exceeds those and 0.7, but not 0.75
        ([[90, 0], [5, 5]], 0.0),  # IoU 0.5 does not exceed 0.5
    ],
)
def test_salt_score_of_one_picture(confusion: list[list[int]], score: float) -> None:
    assert salt_scores(np.array(confusion)) == pytest.approx(score)
    # The device counts in float32.
    assert salt_scores(np.array([[confusion]], np.float32)).tolist() == [[pytest.approx(score)]]
