"""Made-up seismic sections: layered rock, folded and faulted, with or without a body of salt, and its exact mask.

A free stand-in for TGS salt, whose pictures may not be passed on: the same size, gray and layout, so that the recipes
of articles C, D and E and of the paper run anywhere. A section is a *convolutional model*, as textbooks of seismic
processing draw it (Ricker, 1953; Yilmaz, *Seismic Data Analysis*, chapter 1): how strongly each layer reflects, seen
through a wavelet. Salt reflects strongly at its border, hardly inside, and drags the layers around it upwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unet_explorer.errors import DatasetError

SIZE = 101
KINDS = {"layers": 0.39, "sheet": 0.21, "dome": 0.25, "flank": 0.15}
"""What a section shows -> its share; layers are rock without salt, as frequent as in TGS salt."""
MARGIN = 24
"""Pixels around a section that are computed too, so that no filter sees its border."""

Map = NDArray[np.float32]
Progress = Callable[[int, int, str], None]
"""Called with pictures done, pictures wanted and a line about the last one."""


@dataclass(frozen=True)
class Section:
    """A seismic section.

    Attributes:
        kind: one of `KINDS`.
        pixels: uint8 (101, 101), gray.
        mask: uint8 (101, 101), 1 where there is salt.
    """

    kind: str
    pixels: NDArray[np.uint8]
    mask: NDArray[np.uint8]


def section_name(seed: int) -> str:
    """What the section of a seed is called: its kind and the seed."""
    return f"{_kind(np.random.default_rng(seed))}_{seed:04}"


def seismic_section(seed: int) -> Section:
    """The section of a seed, 0 or more; equal seeds give equal sections."""
    rng = np.random.default_rng(seed)
    kind = _kind(rng)
    side = SIZE + 2 * MARGIN
    depth, place = np.mgrid[0:side, 0:side].astype(np.float32)
    inside = np.full_like(depth, -1e3) if kind == "layers" else _salt(rng, kind, depth, place)
    period = float(rng.uniform(5, 14))
    amplitude = _rock(rng, depth, place, inside, period) * (inside < 0) + _body(rng, inside, period)
    hiss = float(rng.uniform(0.05, 0.25)) * _grain(rng, side, float(rng.uniform(0.6, 2)))
    amplitude += hiss * np.where(inside < 0, 1, 0.3)
    cut = slice(MARGIN, -MARGIN)
    shown = _blurred(amplitude, float(rng.uniform(0.5, 1.1)))[cut, cut]
    gray = rng.uniform(105, 140) + rng.uniform(22, 42) * shown / max(float(shown.std()), 0.3)
    return Section(kind, np.clip(gray, 0, 255).astype(np.uint8), (inside[cut, cut] > 0).astype(np.uint8))


def render_sections(count: int, out: Path, seed: int = 0, progress: Progress | None = None) -> int:
    """Write sections in the layout of TGS salt: `images/NAME.png` and `masks/NAME.png`, 0 and 255.

    Args:
        count: number of sections in the folder when done.
        out: folder; what it already holds is kept, so that an interrupted run resumes.
        seed: of the first section, the others follow.
        progress: told after each section: done, count, name.

    Returns:
        Number of sections made now; the rest was there already.

    Raises:
        DatasetError: the folder cannot be written.
    """
    folders = [out.expanduser() / part for part in ("images", "masks")]
    made = 0
    try:
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        for done in range(count):
            image, mask = (folder / f"{section_name(seed + done)}.png" for folder in folders)
            if not (image.is_file() and mask.is_file()):
                _write(seismic_section(seed + done), image, mask)
                made += 1
                if progress:
                    progress(done + 1, count, image.stem)
    except OSError as error:
        raise DatasetError(f"The sections cannot be written to {out} ({error}): choose another folder.") from None
    return made


def _write(section: Section, image: Path, mask: Path) -> None:
    """Both files; each appears whole or not at all."""
    for path, values in ((image, section.pixels), (mask, section.mask * np.uint8(255))):
        half = path.with_suffix(".part")
        Image.fromarray(values).save(half, format="PNG", optimize=True)
        half.replace(path)


def _kind(rng: np.random.Generator) -> str:
    return str(rng.choice(list(KINDS), p=list(KINDS.values())))


def _rock(rng: np.random.Generator, depth: Map, place: Map, inside: Map, period: float) -> Map:
    """What the layers around the salt reflect."""
    level = depth + _folds(rng, depth, place)
    near = np.minimum(inside, 0) / float(rng.uniform(8, 30))
    level = level + float(rng.uniform(5, 30)) * np.exp(near)  # dragged upwards by the salt
    level = level - level.min() + 10
    count = int(level.max()) * 4 + 40
    layers = rng.laplace(0, 1, count) * (rng.random(count) < 0.35)
    series = np.convolve(layers, _ricker(period * 4), mode="same").astype(np.float32)
    series /= max(float(series.std()), 1e-6)
    seen: Map = np.interp(level.ravel() * 4, np.arange(count), series).reshape(level.shape).astype(np.float32)
    gain = 1 + float(rng.uniform(0, 0.6)) * _grain(rng, len(depth), 18)  # some stretches answer louder than others
    seen *= np.clip(gain, 0.2, 2).astype(np.float32)
    return seen


def _folds(rng: np.random.Generator, depth: Map, place: Map) -> Map:
    """By how many pixels the layers lie higher than flat ones: tilted, folded, torn by faults."""
    moved = float(rng.normal(0, 0.25)) * place
    for _ in range(int(rng.integers(1, 4))):
        length, height = float(rng.uniform(30, 150)), float(rng.uniform(0, 6))
        moved = moved + height * np.sin(2 * np.pi * (place + 0.3 * depth) / length + float(rng.uniform(0, 6.3)))
    for _ in range(int(rng.integers(0, 3))):
        at, lean = float(rng.uniform(0, len(depth))), float(rng.normal(0, 0.4))
        moved = moved + float(rng.normal(0, 5)) * (place > at + lean * depth)
    return moved + 1.5 * _grain(rng, len(depth), 7)


def _salt(rng: np.random.Generator, kind: str, depth: Map, place: Map) -> Map:
    """How many pixels inside the salt each pixel lies; negative outside."""
    side = len(depth)
    rough = float(rng.uniform(0.5, 3)) * _grain(rng, side, float(rng.uniform(3, 9)))
    middle, top = (float(rng.uniform(0.25, 0.75)) * side for _ in range(2))
    if kind == "sheet":
        wave = 8 * np.sin(2 * np.pi * place / float(rng.uniform(60, 200)) + float(rng.uniform(0, 6.3)))
        body = depth - top + float(rng.normal(0, 0.3)) * (place - middle) + wave
    elif kind == "dome":
        half, power = float(rng.uniform(12, 45)), float(rng.uniform(2, 5))
        body = depth - top - 12 * (np.abs(place - middle) / half) ** power
    else:
        body = float(rng.choice([-1, 1])) * (place - middle + float(rng.uniform(-0.8, 0.8)) * (depth - side / 2))
    body = body + rough
    steepness = _blurred(np.hypot(*np.gradient(body)), 3)
    distance: Map = (body / np.maximum(steepness, 0.2)).astype(np.float32)  # to first order
    return distance


def _body(rng: np.random.Generator, inside: Map, period: float) -> Map:
    """What the salt reflects: its border, and a little of its inside."""
    wavelet = _ricker(period)
    steps = np.arange(len(wavelet)) - len(wavelet) // 2
    border = np.interp(inside, steps, wavelet, left=0, right=0).astype(np.float32)
    loud = np.clip(1 + 0.6 * _grain(rng, len(inside), 14), 0, None)
    quiet = float(rng.uniform(0.03, 0.15)) * _grain(rng, len(inside), float(rng.uniform(4, 9)))
    body: Map = float(rng.uniform(1.5, 4)) * border * loud + quiet * (inside > 0)
    return body


def _ricker(period: float) -> NDArray[np.float64]:
    """Ricker's wavelet of a period in samples, highest in its middle, which is 1."""
    reach = int(2 * period)
    square = (np.pi * np.arange(-reach, reach + 1) / period) ** 2
    wavelet: NDArray[np.float64] = (1 - 2 * square) * np.exp(-square)
    return wavelet


def _grain(rng: np.random.Generator, side: int, size: float) -> Map:
    """Smooth noise of mean 0 and variance 1, with grains of about `size` pixels."""
    noise: Map = _blurred(rng.normal(0, 1, (side, side)).astype(np.float32), size)
    noise -= noise.mean()
    noise /= max(float(noise.std()), 1e-6)
    return noise


def _blurred(values: Map, sigma: float) -> Map:
    """Blurred by a Gaussian of a standard deviation in pixels; what leaves at one side comes in at the other."""
    across, down = np.fft.rfftfreq(values.shape[1]), np.fft.fftfreq(values.shape[0])
    passed = np.exp(-2 * (np.pi * sigma) ** 2 * (across[None, :] ** 2 + down[:, None] ** 2))
    blurred: Map = np.fft.irfft2(np.fft.rfft2(values) * passed, s=values.shape).astype(np.float32)
    return blurred
