"""Statistics of channels, by worked examples and against NumPy's own."""

from __future__ import annotations

import numpy as np
import pytest

from unet_explorer.analysis.channels import (
    Place,
    channel_statistics,
    strongest_places,
)

RNG = np.random.default_rng(5)
MAPS = (RNG.standard_normal((37, 53, 6)) * [1, 10, 1e-6, 1e6, 3, 1] + [0, 100, 0, 1e7, -4, 0]).astype(np.float32)


def test_statistics_equal_those_of_numpy() -> None:
    values = np.maximum(MAPS, -1)
    found = channel_statistics(values)
    wide = values.astype(np.float64)
    np.testing.assert_allclose(found.mean, wide.mean(axis=(0, 1)), rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(found.deviation, wide.std(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_array_equal(found.low, wide.min(axis=(0, 1)))
    np.testing.assert_array_equal(found.high, wide.max(axis=(0, 1)))
    for channel in range(6):
        counts, _ = np.histogram(wide[:, :, channel], bins=64)
        assert np.abs(found.counts[channel] - counts).sum() <= 4  # A value on the edge of a bin may lie on either side.
        share = counts[counts > 0] / counts.sum()
        assert found.entropy[channel] == pytest.approx(-(share * np.log2(share)).sum(), abs=0.01)


def test_statistics_of_a_worked_channel() -> None:
    found = channel_statistics(np.array([[[0.0], [0.0]], [[4.0], [8.0]]], np.float32))
    assert (found.mean[0], found.deviation[0] ** 2, found.zeros[0]) == (3, pytest.approx(11), 0.5)
    # Half of the values in the lowest level, a quarter in the middle one, a quarter in the highest.
    assert found.entropy[0] == pytest.approx(1.5)
    assert {level: int(count) for level, count in enumerate(found.counts[0]) if count} == {0: 2, 32: 1, 63: 1}


def test_dead_constant_and_odd_channels() -> None:
    values = np.zeros((4, 5, 4), np.float32)
    values[:, :, 1] = 3
    values[0, 0, 2] = np.nan
    values[1, 1, 2] = 6
    values[:, :, 3] = np.inf
    found = channel_statistics(values)
    assert found.constant.tolist() == [True, True, False, False]
    assert found.not_finite.tolist() == [0, 0, 1, 20]
    assert found.entropy[:2].tolist() == [0, 0]
    assert found.counts.sum(axis=1).tolist() == [20, 20, 19, 0]
    assert found.counts[1, 0] == 20
    assert found.mean[2] == pytest.approx(6 / 19)
    assert found.zeros[2] == pytest.approx(18 / 19)
    assert np.isnan(found.mean[3])
    assert np.isnan(found.entropy[3])


@pytest.mark.parametrize("scale", [1e-40, 1e-25, 1e25, 3e38])
def test_moments_at_the_ends_of_float32(scale: float) -> None:
    values = (np.array([[[-1.0], [0.0], [0.5], [1.0]]]) * scale).astype(np.float32)
    found = channel_statistics(values)
    np.testing.assert_allclose(found.deviation[0] / scale, np.std([-1, 0, 0.5, 1]), rtol=1e-3)
    assert found.entropy[0] == 2


def test_the_maps_are_left_as_they_were() -> None:
    values = MAPS[:, :, :1].copy()
    before = values.copy()
    channel_statistics(values)
    strongest_places(values[:, :, 0])
    np.testing.assert_array_equal(values, before)


def test_strongest_places_name_a_bright_spot_once() -> None:
    channel = np.zeros((20, 30), np.float32)
    channel[4:7, 10:13] = 5
    channel[5, 11] = 6
    channel[2, 11] = channel[8, 11] = channel[5, 8] = channel[5, 14] = 5.5  # As far as still belongs to the spot.
    channel[15, 2] = 4
    channel[0, 29] = np.nan
    assert strongest_places(channel, count=5, apart=3) == [Place(5, 11, 6.0), Place(15, 2, 4.0)]
    assert strongest_places(channel, count=1) == [Place(5, 11, 6.0)]


def test_a_constant_or_empty_channel_fires_nowhere() -> None:
    assert strongest_places(np.full((3, 3), 2.0)) == []
    assert strongest_places(np.full((3, 3), np.nan)) == []
