"""What the themes share: ground looks, bends, skies and the director with the camera in its lane."""

from __future__ import annotations

import numpy as np

from tools.scenes.director import Director
from tools.scenes.labels import Label
from tools.scenes.mesh import Look
from tools.scenes.scene import Camera, Scene, Sky
from tools.scenes.street import Axis, Corridor

COBBLES = Look("cobble", Label.PARKING, (0.2, 0.185, 0.17), smooth=True)
PAVING = Look("paving", Label.SIDEWALK, (0.3, 0.25, 0.22))
SLABS = Look("tiles", Label.SIDEWALK, (0.3, 0.29, 0.275))
TARRED = Look("asphalt", Label.SIDEWALK, (0.145, 0.14, 0.135), smooth=True)
PARKING = Look("paving", Label.PARKING, (0.21, 0.2, 0.19), smooth=True)
GRAVEL = Look("gravel", Label.GROUND, (0.3, 0.27, 0.23))
YARD = Look("asphalt", Label.GROUND, (0.13, 0.128, 0.12))
EARTH = Look("soil", Label.TERRAIN, (0.11, 0.085, 0.055), smooth=True)
LEAFY = ("lime", "maple", "oak", "plane")
MIXED = ("lime", "maple", "oak", "birch", "spruce")


def make_director(theme: str, seed: int, corridor: Corridor, lateral: float) -> Director:
    """A director with the camera in its lane."""
    return Director(Scene(theme, seed, camera=Camera(lateral=lateral)), corridor)


def phases(rng: np.random.Generator) -> tuple[float, ...]:
    """Random phases of the terrain's waves."""
    return tuple(float(v) for v in rng.uniform(0, 6.28, 4))


def bend(rng: np.random.Generator, tight: float) -> Axis:
    """A road with a bend or two, and a slight slope."""
    k = rng.uniform(-tight, tight)
    start = rng.uniform(15, 60)
    bends = ((-40, 0.0), (start, 0.0), (start + 35, k), (start + 110, k), (start + 160, -k * 0.6), (400, 0.0))
    hill = rng.uniform(-0.012, 0.018)
    return Axis(bends, ((-40, 0.0), (30, 0.0), (110, hill), (400, hill * 0.3)))


def pick_sky(rng: np.random.Generator, kind: str | None = None) -> Sky:
    """Weather: mostly clear as in KITTI; "clear", "haze", "overcast", "low" or "rain"."""
    kind = kind or str(rng.choice(["clear", "haze", "overcast", "low"], p=[0.6, 0.2, 0.1, 0.1]))
    azimuth = float(rng.choice([rng.uniform(-160, -50), rng.uniform(50, 160)]))
    if kind == "overcast":
        return Sky(rng.uniform(35, 55), azimuth, 0.12, 0.85, 1.5)
    if kind == "rain":
        return Sky(rng.uniform(30, 45), azimuth, 0.1, 0.9, 2.0, 1.0)
    if kind == "low":
        return Sky(rng.uniform(9, 15), float(rng.uniform(-55, 55)), 1.0, 0.12, 1.2)
    return Sky(
        rng.uniform(28, 52),
        azimuth,
        1.0,
        rng.uniform(0.0, 0.3),
        3.0 if kind == "haze" else 1.0,
        seen=rng.uniform(0.3, 0.9),
    )
