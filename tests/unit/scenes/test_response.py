"""The simulated camera."""

import numpy as np

from tools.scenes.response import Response, add_haze, automatic_exposure, blur, develop, tone_curve, vignette


def ramp(height: int = 12, width: int = 30) -> np.ndarray:
    return np.broadcast_to(np.linspace(0, 2, width, dtype=np.float32)[None, :, None], (height, width, 3)).copy()


def test_the_curve_rises_from_near_black_to_white() -> None:
    curve = tone_curve(np.linspace(0, 3, 200, dtype=np.float32))
    assert (np.diff(curve[1:]) >= 0).all()
    assert (np.diff(curve[2:60]) > 0).all()
    assert 0 <= curve[0] < 0.05
    assert 0.99 < curve[-1] <= 1.001


def test_developing_is_reproducible_and_the_noise_is_the_seed_s() -> None:
    light, depth = ramp(), np.full((12, 30), 10.0, np.float32)
    first = develop(light, depth, Response(), 5)
    assert first.dtype == np.uint8
    assert first.shape == (12, 30, 3)
    np.testing.assert_array_equal(develop(light, depth, Response(), 5), first)
    other = develop(light, depth, Response(), 6)
    assert (other != first).any()
    assert np.abs(other.astype(int) - first).mean() < 6


def test_haze_leaves_the_sky_and_the_near_alone_and_hides_the_far() -> None:
    light = np.zeros((1, 3, 3), np.float32)
    light[0, 0] = 1.0  # sky
    depth = np.array([[np.inf, 0.0, 1e6]], np.float32)
    hazy = add_haze(light, depth, 500.0)
    np.testing.assert_allclose(hazy[0, :, 0], [1.0, 0.0, 0.8], atol=1e-6)


def test_exposure_undoes_the_brightness_of_the_scene() -> None:
    light, depth = ramp() + 0.5, np.full((12, 30), 5.0, np.float32)
    ratio = automatic_exposure(light, depth) / automatic_exposure(light * 4, depth)
    np.testing.assert_allclose(ratio, 4.0, rtol=0.03)


def test_blur_keeps_the_mean_of_a_flat_picture_and_spreads_a_dot() -> None:
    flat = np.full((9, 9, 3), 0.25, np.float32)
    np.testing.assert_allclose(blur(flat, 1.5), flat, atol=1e-6)
    dot = np.zeros((9, 11, 3), np.float32)
    dot[4, 5] = 1.0
    spread = blur(dot, 1.0)
    np.testing.assert_allclose(spread.sum(axis=(0, 1)), 1.0, atol=0.01)
    np.testing.assert_allclose(spread[4, 5] / spread[4, 6], np.exp(0.5), rtol=1e-4)


def test_corners_are_darker_than_the_middle() -> None:
    shaded = vignette(np.ones((11, 31, 3), np.float32))
    assert shaded[5, 15, 0] > shaded[5, 0, 0] > shaded[0, 0, 0] > 0.7
