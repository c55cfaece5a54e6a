"""What a car's camera of 2011 makes of the light: exposure, clipping, a steep curve, vignetting, fringes and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.scenes.mesh import generator

Floats = NDArray[np.float32]

# Where the luminance percentiles of rendered sets lay before this step, and (nearly) where those of KITTI lie.
CONTRAST_IN = np.array([0, 19, 27, 47, 74, 117, 170, 229, 255]) / 255
CONTRAST_OUT = np.array([0, 10, 16, 37, 76, 143, 200, 246, 255]) / 255
LENS_BLUR = 0.45


@dataclass(frozen=True)
class Response:
    """How light becomes a picture.

    Attributes:
        exposure: factor on the automatic exposure.
        haze: metres over which air hides two thirds of what is behind it.
        glare: share of light that the lens scatters.
        noise: standard deviation in 8-bit steps at middle gray.
    """

    exposure: float = 1.0
    haze: float = 5000.0
    glare: float = 0.025
    noise: float = 2.0


def develop(light: Floats, depth: Floats, response: Response, seed: int) -> NDArray[np.uint8]:
    """Turn linear light into an 8-bit picture.

    Args:
        light: (H, W, 3) linear light.
        depth: (H, W) metres, infinite for the sky.
        response: the camera.
        seed: of the noise.

    Returns:
        (H, W, 3) uint8 sRGB.
    """
    linear = add_haze(light, depth, response.haze)
    linear = linear * (response.exposure * automatic_exposure(linear, depth))
    linear = add_glare(linear, response.glare)
    linear = vignette(linear)
    linear = blur(fringe(linear), LENS_BLUR)
    signal = tone_curve(linear)
    rng = generator(seed, "sensor")
    grain = (
        rng.normal(0, 1, signal.shape).astype(np.float32) * 0.75
        + rng.normal(0, 1, (*signal.shape[:2], 1)).astype(np.float32) * 0.6
    )
    level = response.noise * (0.55 + 0.9 * np.sqrt(np.clip(signal, 0, 1)) * (1 - np.clip(signal, 0, 1)) * 2)
    return np.clip(np.rint(signal * 255 + grain * level), 0, 255).astype(np.uint8)


def automatic_exposure(linear: Floats, depth: Floats) -> float:
    """A meter that looks at the lower half, where the road is, as KITTI's did: skies may clip."""
    rows = linear.shape[0]
    luminance = linear[rows * 9 // 20 :] @ np.array([0.21, 0.72, 0.07], np.float32)
    mean = float(np.exp(np.mean(np.log(luminance + 0.01)))) * 0.6 + float(luminance.mean()) * 0.4
    return 0.2 / max(mean, 1e-4)


def add_haze(light: Floats, depth: Floats, distance: float) -> Floats:
    """Blend far things towards the light of the low sky."""
    sky = ~np.isfinite(depth)
    colour = (
        np.median(light[sky], axis=0)
        if sky.mean() > 0.002
        else np.array([0.5, 0.55, 0.62], np.float32) * float(light.mean())
    )
    share = np.where(sky, 0, 1 - np.exp(-np.where(sky, 0, depth) / distance))[..., None]
    return (light * (1 - share) + colour * share * 0.8).astype(np.float32)


def blur(image: Floats, radius: float) -> Floats:
    """Separable Gaussian, edges repeated."""
    reach = max(1, int(3 * radius))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / radius) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        padded = np.pad(image, [(reach, reach) if k == axis else (0, 0) for k in range(3)], mode="edge")
        length = image.shape[axis]
        image = sum(w * np.take(padded, range(k, k + length), axis) for k, w in enumerate(kernel))
    return image.astype(np.float32)


def add_glare(linear: Floats, share: float) -> Floats:
    """Bright skies bleed over the edges of what stands in front of them."""
    bright = np.minimum(linear, 6.0)
    scale = linear.shape[1] / 1242
    return (
        linear * (1 - share)
        + share * (0.6 * blur(bright, max(0.6, 2.2 * scale)) + 0.4 * blur(bright, max(1.0, 16 * scale)))
    ).astype(np.float32)


def vignette(linear: Floats) -> Floats:
    """Darker corners."""
    height, width = linear.shape[:2]
    y, x = np.mgrid[:height, :width]
    radius = ((x - width / 2) ** 2 + (y - height / 2) ** 2) / (width / 2) ** 2
    return (linear * (1 - 0.16 * radius)[..., None]).astype(np.float32)


def fringe(linear: Floats) -> Floats:
    """Red and blue focus at slightly different scales: up to half a pixel at the sides."""
    width = linear.shape[1]
    x = np.arange(width) - (width - 1) / 2
    shifted = linear.copy()
    for channel, factor in ((0, 1.0009), (2, 0.9991)):
        at = np.clip(x * factor + (width - 1) / 2, 0, width - 1)
        low = np.floor(at).astype(int)
        high, part = np.minimum(low + 1, width - 1), (at - low).astype(np.float32)
        shifted[..., channel] = linear[:, low, channel] * (1 - part) + linear[:, high, channel] * part
    return shifted


def tone_curve(linear: Floats) -> Floats:
    """Gamma with a crushed foot and a short shoulder, then KITTI's contrast: shadows are black and skies white.

    Args:
        linear: exposed light, 1 saturates.

    Returns:
        Values in [0, 1] as they are stored.
    """
    clipped = np.maximum(linear - 0.003, 0)
    shoulder = np.where(clipped < 0.75, clipped, 0.75 + 0.25 * (1 - np.exp(-(clipped - 0.75) / 0.25)))
    even = 0.028 + 0.972 * shoulder ** np.float32(1 / 1.45)
    return (np.interp(even, CONTRAST_IN, CONTRAST_OUT)).astype(np.float32)
