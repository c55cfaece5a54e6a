"""House walls, cut open for windows and doors that have reveals, frames, panes and sills.

Local frame: the front stands on y = 0 and faces -y, x runs along the street around 0, the house lies behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tools.scenes.labels import Label
from tools.scenes.mesh import Colour, Look, Mesh

B = Label.BUILDING
ZINC = Look("metal", B, (0.32, 0.33, 0.34))
STONE = Look("stone", B, (0.33, 0.29, 0.24))
PLASTERS: tuple[Colour, ...] = (
    (0.72, 0.68, 0.58), (0.78, 0.75, 0.69), (0.66, 0.56, 0.38), (0.74, 0.64, 0.46), (0.62, 0.46, 0.36),
    (0.55, 0.55, 0.52),
    (0.8, 0.78, 0.74), (0.6, 0.62, 0.55), (0.68, 0.5, 0.42), (0.5, 0.46, 0.4), (0.74, 0.7, 0.52),
)  # fmt: skip


@dataclass(frozen=True)
class House:
    """What a house looks like.

    Attributes:
        width: along the street, metres.
        depth: away from the street, metres.
        storeys: full storeys.
        storey: height of one.
        roof: "gable" (ridge along the street), "front" (gable to the street), "hip", "flat" or "mansard".
        ground: "home", "shop", "garage" or "hall".
        wall, trim, tiles: looks of the facade, of the window surrounds and of the roof.
        window: width and height of one.
        every: distance between window axes.
        shutters: colour of wooden shutters, or None.
        balconies: whether middle windows have them.
    """

    width: float
    depth: float
    storeys: int
    storey: float
    roof: str
    ground: str
    wall: Look
    trim: Look
    tiles: Look
    window: tuple[float, float] = (1.05, 1.45)
    every: float = 2.3
    shutters: Colour | None = None
    balconies: bool = False

    @property
    def eaves(self) -> float:
        """Height of the walls."""
        return 0.45 + self.storeys * self.storey


def pick(rng: np.random.Generator, options: tuple[Colour, ...]) -> Colour:
    """One of some colours, slightly varied."""
    base = np.array(options[rng.integers(len(options))]) * rng.uniform(0.86, 1.1)
    return (float(base[0]), float(base[1]), float(base[2]))


def openings(
    house: House, length: float, front: bool, rng: np.random.Generator
) -> list[tuple[float, float, float, float, str]]:
    """(x0, x1, z0, z1, kind) holes of a facade around x = 0; kinds "window", "door", "shop", "gate"."""
    holes: list[tuple[float, float, float, float, str]] = []
    wide, tall = house.window
    if house.ground == "hall":
        count = int(length / 7)
        for k in range(count):
            x = (k - (count - 1) / 2) * 7
            holes.append(
                (x - 1.8, x + 1.8, 0.05, 3.6, "gate")
                if front and k % 2
                else (x - 1.2, x + 1.2, house.eaves - 2.2, house.eaves - 1.2, "window")
            )
        return holes
    count = max(1, int((length - 1.2) / house.every))
    axes = (np.arange(count) - (count - 1) / 2) * min(house.every * 1.15, (length - 0.8) / count)
    for storey in range(house.storeys):
        floor = 0.45 + storey * house.storey
        for k, x in enumerate(axes):
            if storey == 0 and front:
                if house.ground == "shop" and k != count // 2:
                    holes.append((x - house.every * 0.42, x + house.every * 0.42, 0.45, 2.75, "shop"))
                    continue
                if k == count // 2:
                    holes.append((x - 0.52, x + 0.52, 0.12, 2.5, "door"))
                    continue
                if house.ground == "garage" and k == 0:
                    holes.append((x - 1.2, x + 1.2, 0.06, 2.3, "gate"))
                    continue
            if not front and rng.uniform() < 0.35:
                continue
            low = floor + 0.85
            holes.append((x - wide / 2, x + wide / 2, low, min(low + tall, floor + house.storey - 0.25), "window"))
    return holes


def facade(mesh: Mesh, house: House, length: float, rng: np.random.Generator, front: bool) -> None:
    """One wall with everything in its holes."""
    top, half = house.eaves, length / 2
    holes = openings(house, length, front, rng)
    xs = np.unique(np.round([-half, half, *[v for h in holes for v in h[:2]]], 3))
    zs = np.unique(np.round([0, 0.45, top, *[v for h in holes for v in h[2:4]]], 3))
    for x0, x1 in pairwise(xs):
        for z0, z1 in pairwise(zs):
            x, z = (x0 + x1) / 2, (z0 + z1) / 2
            if not any(h[0] < x < h[1] and h[2] < z < h[3] for h in holes):
                look = STONE if z < 0.45 and house.ground != "hall" else house.wall
                mesh.quad(
                    [(x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1)],
                    look,
                    [(x0, z0, 0), (x1, z0, 0), (x1, z1, 0), (x0, z1, 0)],
                )
    for x0, x1, z0, z1, kind in holes:
        fill_hole(mesh, house, (x0, x1, z0, z1), kind, rng)
    if front and house.ground in ("home", "shop") and house.storeys > 1:
        z = 0.45 + house.storey - 0.12
        mesh.box((-half, -0.06, z), (half, 0.01, z + 0.16), house.trim)
    if front and house.ground == "shop":
        name = Look(
            "paint",
            B,
            pick(rng, ((0.5, 0.05, 0.04), (0.05, 0.12, 0.35), (0.7, 0.66, 0.6), (0.05, 0.25, 0.1), (0.6, 0.4, 0.03))),
        )
        mesh.box((-half * 0.86, -0.16, 2.8), (half * 0.86, -0.03, 3.28), name)
        letters = Look("paint", B, (0.8, 0.8, 0.76))
        x = -half * 0.5
        while x < half * 0.5:
            step = rng.uniform(0.12, 0.24)
            mesh.box((x, -0.19, 2.9), (x + step * 0.62, -0.15, 2.9 + rng.uniform(0.18, 0.28)), letters)
            x += step


def fill_hole(
    mesh: Mesh, house: House, hole: tuple[float, float, float, float], kind: str, rng: np.random.Generator
) -> None:
    """Reveals, frame, panes, sill; or a door or gate."""
    x0, x1, z0, z1 = hole
    deep = 0.34 if kind == "shop" else 0.17
    reveal = house.wall if house.wall.material == "plaster" else Look("plaster", B, (0.5, 0.47, 0.43))
    for a, b in (((x0, z0), (x0, z1)), ((x1, z1), (x1, z0)), ((x0, z1), (x1, z1)), ((x1, z0), (x0, z0))):
        mesh.quad([(a[0], 0, a[1]), (b[0], 0, b[1]), (b[0], deep, b[1]), (a[0], deep, a[1])], reveal)
    if kind in ("gate", "door"):
        colour = pick(rng, ((0.16, 0.08, 0.04), (0.5, 0.5, 0.48), (0.08, 0.12, 0.1), (0.3, 0.28, 0.25)))
        look = Look("boards" if kind == "gate" else "wood", B, colour)
        mesh.quad(
            [(x0, deep, z0), (x1, deep, z0), (x1, deep, z1), (x0, deep, z1)],
            look,
            [(x0, z0, 0), (x1, z0, 0), (x1, z1, 0), (x0, z1, 0)],
        )
        if kind == "door":
            mesh.quad(
                [
                    (x0 + 0.2, deep - 0.02, z1 - 0.75),
                    (x1 - 0.2, deep - 0.02, z1 - 0.75),
                    (x1 - 0.2, deep - 0.02, z1 - 0.2),
                    (x0 + 0.2, deep - 0.02, z1 - 0.2),
                ],
                Look("glass", B, (0.02, 0.022, 0.024)),
            )
            mesh.box((x0 - 0.1, -0.5, 0.0), (x1 + 0.1, 0.0, z0), Look("concrete", B, (0.36, 0.35, 0.33)))
        return
    room = rng.choice([0.012, 0.02, 0.035, 0.3], p=[0.4, 0.3, 0.15, 0.15])
    pane = Look("glass", B, (room, room * 1.0, room * 0.96))
    mesh.quad([(x0, deep, z0), (x1, deep, z0), (x1, deep, z1), (x0, deep, z1)], pane)
    if room < 0.1 and kind == "window" and rng.uniform() < 0.6:
        drape(mesh, hole, deep, rng)
    frame = Look("paint", B, (0.72, 0.72, 0.7) if house.trim.tint[0] > 0.5 else (0.3, 0.2, 0.13))
    bar, y = 0.07, deep - 0.05
    for low, high in (
        ((x0, z0), (x0 + bar, z1)),
        ((x1 - bar, z0), (x1, z1)),
        ((x0, z0), (x1, z0 + bar)),
        ((x0, z1 - bar), (x1, z1)),
    ):
        mesh.box((low[0], y, low[1]), (high[0], deep - 0.005, high[1]), frame)
    middle = (x0 + x1) / 2
    mesh.box((middle - 0.04, y, z0), (middle + 0.04, deep - 0.005, z1), frame)
    if kind == "window":
        mesh.box((x0 - 0.08, -0.12, z0 - 0.07), (x1 + 0.08, 0.02, z0), Look("concrete", B, (0.48, 0.46, 0.43)))
        surround(mesh, house, hole, rng)


def drape(mesh: Mesh, hole: tuple[float, float, float, float], deep: float, rng: np.random.Generator) -> None:
    """Curtains or a half-lowered roller blind behind the pane."""
    x0, x1, z0, z1 = hole
    cloth = Look("glass", B, (0.42, 0.41, 0.38))
    y = deep - 0.004
    if rng.uniform() < 0.4:
        z = z0 + (z1 - z0) * rng.uniform(0.25, 0.85)
        slats = Look("boards", B, (0.55, 0.54, 0.5))
        mesh.quad(
            [(x0, y - 0.02, z), (x1, y - 0.02, z), (x1, y - 0.02, z1), (x0, y - 0.02, z1)],
            slats,
            [(x0, z, 0), (x1, z, 0), (x1, z1, 0), (x0, z1, 0)],
        )
        return
    share = (x1 - x0) * rng.uniform(0.14, 0.32)
    for a, b in ((x0, x0 + share), (x1 - share, x1)):
        mesh.quad([(a, y, z0), (b, y, z0), (b, y, z1), (a, y, z1)], cloth)


def surround(mesh: Mesh, house: House, hole: tuple[float, float, float, float], rng: np.random.Generator) -> None:
    """Stone surround, shutters or balcony of a window."""
    x0, x1, z0, z1 = hole
    if house.shutters is not None:
        half = (x1 - x0) / 2
        look = Look("boards", B, house.shutters)
        for a in (x0 - half - 0.04, x1 + 0.04):
            mesh.box((a, -0.05, z0), (a + half, 0.0, z1), look)
    elif house.every < 2.6:
        for low, high in (
            ((x0 - 0.12, z0), (x0, z1)),
            ((x1, z0), (x1 + 0.12, z1)),
            ((x0 - 0.14, z1), (x1 + 0.14, z1 + 0.15)),
        ):
            mesh.box((low[0], -0.035, low[1]), (high[0], 0.0, high[1]), house.trim)
    if house.balconies and z0 > 3 and rng.uniform() < 0.75:
        floor = z0 - 0.9
        mesh.box((x0 - 0.7, -1.25, floor - 0.16), (x1 + 0.7, 0.0, floor), Look("concrete", B, (0.5, 0.49, 0.47)))
        mesh.box(
            (x0 - 0.7, -1.25, floor),
            (x1 + 0.7, -1.19, floor + 0.85),
            house.wall.tinted(pick(np.random.default_rng(int(abs(x0) * 7)), PLASTERS)),
        )
