"""Channels against each other."""

from __future__ import annotations

import numpy as np
import pytest

from unet_explorer.analysis.correlations import channel_correlations, input_strengths, most_similar
from unet_explorer.errors import LayerError

RNG = np.random.default_rng(4)
BASE = RNG.standard_normal((19, 23)).astype(np.float32)
MAPS = np.dstack(
    [
        BASE,
        RNG.standard_normal((19, 23)),
        -3 * BASE + 1000,
        np.full((19, 23), 7.0),
        BASE + 0.5 * RNG.standard_normal((19, 23)),
        np.where(BASE > 2, np.nan, BASE),
    ]
).astype(np.float32)


def test_correlations_equal_those_of_numpy() -> None:
    found = channel_correlations(MAPS)
    usable = [0, 1, 2, 4]
    oracle = np.corrcoef(MAPS[:, :, usable].reshape(-1, 4).T.astype(np.float64))
    np.testing.assert_allclose(found[np.ix_(usable, usable)], oracle, atol=1e-4)
    assert np.isnan(found[3]).all()
    assert np.isnan(found[:, 5]).all()


def test_the_most_similar_are_ranked_by_strength_in_either_direction() -> None:
    similar = most_similar(channel_correlations(MAPS), 0, count=9)
    assert [channel for channel, _ in similar] == [2, 4, 1]
    assert similar[0][1] == pytest.approx(-1, abs=1e-4)
    assert most_similar(channel_correlations(MAPS), 3) == []
    with pytest.raises(LayerError, match="no channel 6: the layer has channels 0 to 5"):
        most_similar(channel_correlations(MAPS), 6)


def test_the_maps_are_left_as_they_were() -> None:
    single = MAPS[:, :, :1].copy()
    channel_correlations(single)
    np.testing.assert_array_equal(single, MAPS[:, :, :1])


def test_input_strengths_are_norms_of_kernel_slices() -> None:
    kernel = RNG.standard_normal((3, 3, 5, 2)).astype(np.float32)
    kernel[:, :, 3] = 0
    expected = [np.linalg.norm(kernel[:, :, entry, 1].ravel()) for entry in range(5)]
    np.testing.assert_allclose(input_strengths(kernel, 1), expected, rtol=1e-6)
    with pytest.raises(LayerError, match="no channel 2"):
        input_strengths(kernel, 2)
