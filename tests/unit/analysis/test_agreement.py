"""Channels against classes, with planted answers and independent oracles."""

from __future__ import annotations

import numpy as np
import pytest

from unet_explorer.analysis.agreement import class_means, correlation_with_mask
from unet_explorer.errors import LayerError

RNG = np.random.default_rng(9)
MASK = np.zeros((24, 31), bool)
MASK[5:14, 8:29] = True
NOISE = RNG.standard_normal((24, 31, 4)).astype(np.float32)


def test_correlation_equals_pearson() -> None:
    offset = MASK[:, :, None] * np.array([0.0, 1e-12, -2e12, 50.0]) + np.array([0.0, 0.0, 0.0, 100.0])
    values = (NOISE * [1, 1e-12, 1e12, 1] + offset).astype(np.float32)
    found = correlation_with_mask(values, MASK)
    for channel in range(4):
        oracle = np.corrcoef(values[:, :, channel].ravel(), MASK.ravel())[0, 1]
        assert found[channel] == pytest.approx(oracle, abs=1e-5)


def test_correlation_is_not_a_number_where_nothing_varies() -> None:
    values = np.dstack([NOISE[:, :, 0], np.full(MASK.shape, 3.0)]).astype(np.float32)
    assert np.isnan(correlation_with_mask(values, MASK)).tolist() == [False, True]
    assert np.isnan(correlation_with_mask(values, np.zeros_like(MASK))).all()
    assert np.isnan(correlation_with_mask(values, np.ones_like(MASK))).all()


def test_values_that_are_not_finite_are_left_out() -> None:
    values = NOISE[:, :, :1] + MASK[:, :, None].astype(np.float32)
    odd = values.copy()
    odd[0, :, 0] = np.nan
    odd[1, :, 0] = np.inf
    assert correlation_with_mask(odd, MASK) == pytest.approx(correlation_with_mask(values[2:], MASK[2:]))
    means = class_means(odd, MASK.astype(np.uint8), 2)
    np.testing.assert_allclose(means, class_means(values[2:], MASK[2:].astype(np.uint8), 2))


def test_a_planted_channel_agrees_perfectly() -> None:
    values = np.dstack([np.where(MASK, 7.0, 1.0), np.where(MASK, 1.0, 7.0), NOISE[:, :, 0]]).astype(np.float32)
    assert correlation_with_mask(values, MASK)[:2].tolist() == pytest.approx([1, -1])


def test_class_means_equal_averaging_each_class() -> None:
    ids = RNG.integers(0, 5, MASK.shape).astype(np.uint8)
    ids[ids == 3] = 255
    means = class_means(NOISE, ids, 5)
    assert means.shape == (5, 4)
    for class_id in (0, 1, 2, 4):
        np.testing.assert_allclose(means[class_id], NOISE[ids == class_id].mean(axis=0), atol=1e-6)
    assert np.isnan(means[3]).all()


def test_sizes_must_agree() -> None:
    with pytest.raises(LayerError, match=r"\(24, 30\).*\(24, 31\)"):
        correlation_with_mask(NOISE, MASK[:, :30])
    with pytest.raises(LayerError, match="differ in size"):
        class_means(NOISE, MASK[1:].astype(int), 2)
