"""Doubt, ranks and outcomes, by hand and against textbook formulas."""

from __future__ import annotations

import numpy as np
import pytest

from unet_explorer.analysis.probabilities import (
    class_ids,
    class_probability,
    class_shares,
    entropy_map,
    margin_map,
)
from unet_explorer.errors import ClassTableError

RNG = np.random.default_rng(8)
LOGITS = RNG.standard_normal((6, 9, 4)) * 3
SOFTMAX = (np.exp(LOGITS) / np.exp(LOGITS).sum(axis=-1, keepdims=True)).astype(np.float32)
SIGMOID = RNG.random((6, 9, 1)).astype(np.float32)


def test_entropy_is_a_share_of_the_highest_possible() -> None:
    worked = np.array([[[0.5, 0.5, 0, 0], [0.25, 0.25, 0.25, 0.25], [0, 0, 1, 0]]], np.float32)
    np.testing.assert_allclose(entropy_map(worked), [[0.5, 1, 0]], atol=1e-6)
    wide = SOFTMAX.astype(np.float64)
    np.testing.assert_allclose(entropy_map(SOFTMAX), -(wide * np.log(wide)).sum(-1) / np.log(4), atol=1e-6)
    assert (entropy_map(SOFTMAX).dtype, entropy_map(SOFTMAX).shape) == (np.dtype(np.float32), (6, 9))


def test_margin_is_first_less_second() -> None:
    ranked = np.sort(SOFTMAX, axis=-1)
    np.testing.assert_allclose(margin_map(SOFTMAX), ranked[..., -1] - ranked[..., -2], atol=1e-7)


def test_a_single_probability_is_two_classes() -> None:
    p = SIGMOID[..., 0].astype(np.float64)
    np.testing.assert_allclose(entropy_map(SIGMOID), -p * np.log2(p) - (1 - p) * np.log2(1 - p), atol=1e-5)
    np.testing.assert_allclose(margin_map(SIGMOID), np.abs(2 * p - 1), atol=1e-6)
    np.testing.assert_allclose(class_probability(SIGMOID, 0), 1 - p, atol=1e-7)
    np.testing.assert_array_equal(class_probability(SIGMOID, 1), SIGMOID[..., 0])


def test_nan_is_shown_not_hidden() -> None:
    odd = SOFTMAX.copy()
    odd[2, 3] = np.nan
    odd[0, 0, 1] = np.nan
    for doubt in (entropy_map(odd), margin_map(odd)):
        assert np.isnan(doubt[2, 3])
        assert np.isnan(doubt[0, 0])
        assert np.isnan(doubt).sum() == 2


def test_unknown_classes_are_refused() -> None:
    with pytest.raises(ClassTableError, match="no class 4: the network tells classes 0 to 3 apart"):
        class_probability(SOFTMAX, 4)
    with pytest.raises(ClassTableError, match="classes 0 to 1"):
        class_probability(SIGMOID, 2)


def test_shares_of_the_picture() -> None:
    ids = np.array([[0, 1, 1], [3, 255, 3]], np.uint8)
    assert class_shares(ids, 4).tolist() == [0.2, 0.4, 0, 0.4]
    assert class_shares(np.full((2, 2), 255, np.uint8), 2).tolist() == [0, 0]


def test_more_classes_than_a_byte_can_name_keep_their_ids() -> None:
    probabilities = np.zeros((1, 2, 300), np.float32)
    probabilities[0, 0, 299] = probabilities[0, 1, 4] = 1
    assert class_ids(probabilities).tolist() == [[299, 4]]
