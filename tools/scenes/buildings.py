"""Houses of several kinds, drawn from a random stream."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tools.scenes.facades import PLASTERS, ZINC, B, House, facade, pick
from tools.scenes.mesh import Colour, Look, Mesh
from tools.scenes.roofs import flat_roof, front_roof, gable_roof, hip_roof, mansard_roof

BRICKS: tuple[Colour, ...] = ((0.27, 0.1, 0.065), (0.33, 0.15, 0.09), (0.38, 0.26, 0.14))
ROOFS: tuple[Colour, ...] = (
    (0.24, 0.085, 0.05),
    (0.3, 0.11, 0.06),
    (0.16, 0.07, 0.05),
    (0.075, 0.07, 0.07),
    (0.2, 0.1, 0.07),
)
SHUTTERS: tuple[Colour, ...] = (
    (0.05, 0.11, 0.06),
    (0.2, 0.1, 0.05),
    (0.35, 0.33, 0.3),
    (0.07, 0.1, 0.16),
    (0.25, 0.04, 0.03),
)


def draw_house(rng: np.random.Generator, kind: str) -> House:
    """A random house: "terrace", "detached", "block", "shop" or "hall"."""
    brick = rng.uniform() < (0.25 if kind in ("terrace", "detached") else 0.12)
    wall = Look("brick", B, pick(rng, BRICKS)) if brick else Look("plaster", B, pick(rng, PLASTERS))
    trim = Look("plaster", B, (0.72, 0.7, 0.66)) if rng.uniform() < 0.6 else Look("stone", B, (0.4, 0.3, 0.22))
    tiles = Look("rooftile", B, pick(rng, ROOFS))
    shutters = pick(rng, SHUTTERS) if rng.uniform() < 0.4 else None
    if kind == "terrace":
        house = House(
            rng.uniform(8, 15),
            11,
            int(rng.integers(2, 5)),
            rng.uniform(3.0, 3.5),
            str(rng.choice(["gable", "gable", "mansard"])),
            str(rng.choice(["home", "home", "shop"])),
            wall,
            trim,
            tiles,
        )
    elif kind == "block":
        return House(
            rng.uniform(16, 26),
            12,
            int(rng.integers(3, 6)),
            2.85,
            str(rng.choice(["flat", "hip", "gable"])),
            "home",
            wall,
            trim,
            tiles,
            (1.4, 1.35),
            2.9,
            None,
            bool(rng.uniform() < 0.6),
        )
    elif kind == "shop":
        house = House(
            rng.uniform(9, 16),
            12,
            int(rng.integers(2, 4)),
            3.4,
            str(rng.choice(["gable", "mansard", "flat"])),
            "shop",
            wall,
            trim,
            tiles,
        )
    elif kind == "hall":
        panel = Look("boards", B, pick(rng, ((0.5, 0.52, 0.53), (0.7, 0.7, 0.68), (0.35, 0.38, 0.42))))
        return House(
            rng.uniform(22, 38), 20, 1, rng.uniform(4.5, 7.0), "flat", "hall", panel, trim, tiles, (2.4, 1.0), 4.0
        )
    else:
        house = House(
            rng.uniform(8.5, 12),
            rng.uniform(8.5, 11),
            int(rng.integers(1, 3)),
            2.8,
            str(rng.choice(["front", "gable", "hip"])),
            str(rng.choice(["home", "home", "garage"])),
            wall,
            trim,
            tiles,
            (1.15, 1.3),
            2.7,
        )
    return replace(house, shutters=shutters)


def build_house(house: House, rng: np.random.Generator) -> Mesh:
    """The mesh of a house."""
    mesh = Mesh()
    w, d, top = house.width / 2, house.depth, house.eaves
    facade(mesh, house, house.width, rng, front=True)
    for yaw, x, y, length in ((np.pi / 2, w, d / 2, d), (-np.pi / 2, -w, d / 2, d), (np.pi, 0.0, d, house.width)):
        side = Mesh()
        facade(side, house, length, rng, front=False)
        mesh.put(side, (x, y, 0), yaw)
    {"gable": gable_roof, "front": front_roof, "hip": hip_roof, "flat": flat_roof, "mansard": mansard_roof}[house.roof](
        mesh, house, rng
    )
    mesh.tube([(w - 0.15, -0.1, 0), (w - 0.15, -0.1, top)], 0.05, ZINC, 6)
    return mesh
