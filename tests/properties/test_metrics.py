"""Properties of scores and of what is derived from probabilities."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from unet_explorer.analysis.probabilities import class_shares, entropy_map, margin_map
from unet_explorer.metrics import (
    confusion_matrix,
    dice,
    intersection_over_union,
    mean_iou,
    pixel_accuracy,
    salt_scores,
    threshold_curve,
)

shapes = hnp.array_shapes(min_dims=2, max_dims=2, max_side=8)
id_maps = shapes.flatmap(lambda shape: st.tuples(*[hnp.arrays(np.uint8, shape, elements=st.integers(0, 4))] * 2))


@given(id_maps)
def test_confusions_count_every_pixel_once_and_add_up(pair: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> None:
    labels, predictions = pair
    whole = confusion_matrix(labels, predictions, 5)
    assert whole.sum() == labels.size
    np.testing.assert_array_equal(whole.T, confusion_matrix(predictions, labels, 5))
    half = labels.shape[0] // 2
    parts = [confusion_matrix(labels[rows], predictions[rows], 5) for rows in (slice(half), slice(half, None))]
    np.testing.assert_array_equal(parts[0] + parts[1], whole)


@given(id_maps)
def test_iou_and_dice_are_two_views_of_one_overlap(pair: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> None:
    labels, predictions = pair
    confusion = confusion_matrix(labels, predictions, 5)
    iou = intersection_over_union(confusion)
    np.testing.assert_allclose(dice(confusion), 2 * iou / (1 + iou))
    for class_id in range(5):
        either = (labels == class_id) | (predictions == class_id)
        both = (labels == class_id) & (predictions == class_id)
        assert np.isnan(iou[class_id]) if not either.any() else iou[class_id] == both.sum() / either.sum()
    assert (mean_iou(confusion) == 1) == (pixel_accuracy(confusion) == 1) == bool((labels == predictions).all())


@given(hnp.arrays(np.float32, shapes, elements=st.floats(0, 1, width=32)), st.integers(0, 2**32 - 1))
def test_raising_a_threshold_finds_less(probabilities: NDArray[np.float32], seed: int) -> None:
    mask = np.random.default_rng(seed).random(probabilities.shape) < 0.5
    curve = threshold_curve(probabilities, mask, np.linspace(0, 1, 11))
    if mask.any():
        assert curve.recall[0] == 1
        assert (np.diff(curve.recall) <= 0).all()


@given(hnp.arrays(np.bool_, shapes))
def test_a_perfect_prediction_of_salt_scores_one_and_its_opposite_none(mask: NDArray[np.bool_]) -> None:
    assert salt_scores(confusion_matrix(mask, mask, 2)) == 1
    assert salt_scores(confusion_matrix(mask, ~mask, 2)) == 0


@given(hnp.arrays(np.float64, (3, 4, 5), elements=st.floats(-20, 20)))
def test_doubt_is_within_its_range(logits: NDArray[np.float64]) -> None:
    shares = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    for doubt in (entropy_map(shares), margin_map(shares)):
        assert ((doubt >= 0) & (doubt <= 1)).all()
    assert abs(class_shares(shares.argmax(axis=-1), 5).sum() - 1) < 1e-12
