"""Properties of tiles that hold for all maps."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from unet_explorer.rendering.tiles import Scaling, make_tiles

shapes = hnp.array_shapes(min_dims=3, max_dims=3, max_side=9)
finite_maps = hnp.arrays(np.float32, shapes, elements=st.floats(-1e6, 1e6, width=32))
any_maps = hnp.arrays(np.float32, shapes, elements=st.floats(width=32))
scalings = st.sampled_from([Scaling(), Scaling("layer"), Scaling("layer", symmetric=True), Scaling(symmetric=True)])


@given(finite_maps, scalings)
def test_values_come_back_to_half_a_level(values: NDArray[np.float32], scaling: Scaling) -> None:
    tiles = make_tiles(values, scaling)
    step = (tiles.high.astype(np.float64) - tiles.low) / 255
    recovered = tiles.low + np.moveaxis(tiles.pixels, 0, -1) * step
    slack = 1e-6 * np.abs(values).max() + 1e-30
    assert (np.abs(recovered - values) <= step * 0.501 + slack).all()


@given(any_maps, scalings)
def test_whatever_the_maps_hold_the_range_is_finite_and_the_oddities_are_counted(
    values: NDArray[np.float32], scaling: Scaling
) -> None:
    tiles = make_tiles(values, scaling)
    assert np.isfinite(tiles.low).all()
    assert np.isfinite(tiles.high).all()
    assert (tiles.low <= tiles.high).all()
    np.testing.assert_array_equal(tiles.not_finite, (~np.isfinite(values)).sum(axis=(0, 1)))
    for channel, mark in enumerate(tiles.marks):
        plane = values[:, :, channel]
        expected = "nan" if np.isnan(plane).any() else "inf" if np.isinf(plane).any() else ""
        if not expected and plane.min() == plane.max():
            expected = "zero" if plane.flat[0] == 0 else "constant"
        assert mark == expected


@given(finite_maps, st.data())
def test_brighter_never_means_less(values: NDArray[np.float32], data: st.DataObject) -> None:
    low, high = sorted(data.draw(st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=2, unique=True)))
    for scaling in (Scaling(), Scaling("layer"), Scaling("fixed", low, high)):
        levels = np.moveaxis(make_tiles(values, scaling).pixels, 0, -1)
        for channel in range(values.shape[2]):
            order = np.argsort(values[:, :, channel], axis=None, kind="stable")
            assert (np.diff(levels[:, :, channel].ravel()[order].astype(int)) >= 0).all()


@given(finite_maps, st.integers(1, 9), st.integers(1, 9))
def test_shrunken_tiles_stay_within_the_levels_of_the_whole(
    values: NDArray[np.float32], height: int, width: int
) -> None:
    tiles = make_tiles(values, size=(height, width))
    whole = make_tiles(values)
    assert tiles.pixels.shape == (values.shape[2], min(height, values.shape[0]), min(width, values.shape[1]))
    np.testing.assert_array_equal(tiles.low, whole.low)
    np.testing.assert_array_equal(tiles.high, whole.high)
