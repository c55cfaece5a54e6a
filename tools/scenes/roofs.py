"""Roofs with eaves, tiles, gutters, dormers and chimneys, in the frame of `facades.py`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tools.scenes.facades import ZINC, B, House, fill_hole
from tools.scenes.mesh import Look, Mesh


def slope(mesh: Mesh, corners: list[tuple[float, float, float]], look: Look) -> None:
    """A roof plane with tile courses across its fall; corners: two along the eaves, two along the ridge."""
    points = np.array(corners, float)
    along = points[1] - points[0]
    along /= np.linalg.norm(along)
    fall = points[-1] - points[0]
    fall -= along * (fall @ along)
    fall /= np.linalg.norm(fall)
    texture = np.stack([(points - points[0]) @ along, (points - points[0]) @ fall, np.zeros(len(points))], 1)
    normal = np.cross(along, fall) * 0.09
    mesh.add(points, [list(range(len(points)))], look, texture)
    mesh.quad([points[0] - normal, points[1] - normal, points[1], points[0]], Look("wood", B, (0.2, 0.16, 0.13)))
    mesh.add((points - normal)[::-1], [list(range(len(points)))], Look("wood", B, (0.22, 0.18, 0.15)))


def gable_roof(mesh: Mesh, house: House, rng: np.random.Generator) -> None:
    """Ridge along the street."""
    w, d, top = house.width / 2, house.depth, house.eaves
    rise, over = d / 2 * rng.uniform(0.7, 0.95), 0.45
    drop = rise / (d / 2) * over
    ridge = (d / 2, top + rise)
    for y, sign in ((-over, 1), (d + over, -1)):
        corners = [(-w * sign, y, top - drop), (w * sign, y, top - drop), (w * sign, *ridge), (-w * sign, *ridge)]
        slope(mesh, corners, house.tiles)
    for x in (-w + 0.001, w - 0.001):
        gable = [(x, 0, top), (x, d, top), (x, *ridge)]
        mesh.add(gable, [(0, 1, 2)], house.wall, [(p[1], p[2], 0) for p in gable])
    gutter(mesh, -w, w, -over, top - drop)
    for x in np.arange(-w + 2.2, w - 1.5, rng.uniform(2.8, 4.2)):
        if rng.uniform() < 0.65:
            dormer(mesh, house, float(x), rise / (d / 2), rng)
    chimney(mesh, rng.uniform(-w * 0.7, w * 0.7), d / 2 + 0.6, top + rise, rng)


def front_roof(mesh: Mesh, house: House, rng: np.random.Generator) -> None:
    """Gable to the street."""
    w, d, top = house.width / 2, house.depth, house.eaves
    rise, over = w * rng.uniform(0.75, 1.05), 0.5
    drop = rise / w * over
    for sign in (-1, 1):
        eave, ridge = sign * (w + over), (0.0, top + rise)
        corners = [
            (eave, d + over, top - drop),
            (eave, -over, top - drop),
            (ridge[0], -over, ridge[1]),
            (ridge[0], d + over, ridge[1]),
        ]
        slope(mesh, corners if sign < 0 else [corners[1], corners[0], corners[3], corners[2]], house.tiles)
    for y in (0.001, d - 0.001):
        gable = [(-w, y, top), (w, y, top), (0, y, top + rise)]
        mesh.add(gable, [(0, 1, 2)], house.wall, [(p[0], p[2], 0) for p in gable])
    hole = (-0.55, 0.55, top + 0.35, top + 1.45)
    front = Mesh()
    fill_hole(front, house, hole, "window", rng)
    mesh.put(front, (0, -0.19, 0))
    chimney(mesh, w * 0.35, d * 0.6, top + rise * 0.75, rng)


def hip_roof(mesh: Mesh, house: House, rng: np.random.Generator) -> None:
    """Four slopes."""
    over = 0.55
    w, d, top = house.width / 2 + over, house.depth, house.eaves
    half = d / 2 + over
    rise, middle = half * rng.uniform(0.55, 0.8), d / 2
    ridge = max(w - half, 0.3)
    peak, low = top + rise, top - 0.1
    slope(mesh, [(-w, -over, low), (w, -over, low), (ridge, middle, peak), (-ridge, middle, peak)], house.tiles)
    slope(mesh, [(w, d + over, low), (-w, d + over, low), (-ridge, middle, peak), (ridge, middle, peak)], house.tiles)
    slope(mesh, [(w, -over, low), (w, d + over, low), (ridge, middle, peak)], house.tiles)
    slope(mesh, [(-w, d + over, low), (-w, -over, low), (-ridge, middle, peak)], house.tiles)
    gutter(mesh, -w, w, -over, low)
    chimney(mesh, ridge * 0.5, middle + 0.5, peak, rng)


def flat_roof(mesh: Mesh, house: House, rng: np.random.Generator) -> None:
    """Parapet with a metal edge."""
    w, d, top = house.width / 2, house.depth, house.eaves
    mesh.box((-w - 0.04, -0.05, top), (w + 0.04, d + 0.04, top + 0.35), house.wall)
    mesh.box((-w - 0.07, -0.08, top + 0.35), (w + 0.07, d + 0.07, top + 0.42), ZINC)
    if house.ground != "hall":
        mesh.box((-w * 0.3, d * 0.4, top + 0.4), (w * 0.1, d * 0.7, top + 2.3), house.wall)


def mansard_roof(mesh: Mesh, house: House, rng: np.random.Generator) -> None:
    """A steep lower slope with dormers and a flat top."""
    w, d, top = house.width / 2, house.depth, house.eaves
    mesh.box((-w, -0.35, top - 0.2), (w, 0.0, top + 0.05), house.trim)
    for y0, y1, sign in ((-0.3, 0.9, 1), (d + 0.3, d - 0.9, -1)):
        slope(
            mesh,
            [(-w * sign, y0, top), (w * sign, y0, top), (w * sign, y1, top + 2.6), (-w * sign, y1, top + 2.6)],
            house.tiles,
        )
        slope(
            mesh,
            [
                (-w * sign, y1, top + 2.6),
                (w * sign, y1, top + 2.6),
                (w * sign, d / 2, top + 4.2),
                (-w * sign, d / 2, top + 4.2),
            ],
            house.tiles,
        )
    for x in (-w + 0.001, w - 0.001):
        side = [(x, -0.3, top), (x, 0.9, top + 2.6), (x, d / 2, top + 4.2), (x, d - 0.9, top + 2.6), (x, d + 0.3, top)]
        mesh.add(side, [(0, 1, 2), (0, 2, 4), (2, 3, 4)], house.wall, [(p[1], p[2], 0) for p in side])
    count = max(1, int(house.width / 3.2))
    for k in range(count):
        dormer(mesh, house, (k - (count - 1) / 2) * 3.0, 2.6 / 1.2, rng)
    chimney(mesh, w * 0.6, d / 2, top + 4.2, rng)


def gutter(mesh: Mesh, x0: float, x1: float, y: float, z: float) -> None:
    """A half-round gutter along the eaves."""
    mesh.tube([(x0, y - 0.06, z - 0.03), (x1, y - 0.06, z - 0.03)], 0.07, ZINC, 6)


def dormer(mesh: Mesh, house: House, x: float, pitch: float, rng: np.random.Generator) -> None:
    """A small window house on the front slope."""
    foot = 0.75 if pitch < 1.5 else 0.3
    z0 = house.eaves + foot * pitch * (1 if pitch < 1.5 else 0.9)
    y0, high, wide = foot - 0.2, 1.45, 1.3
    z0 -= 0.2 * min(pitch, 1)
    back = y0 + (high + 0.7) / pitch + 0.35
    walls = Mesh()
    walls.box((-wide / 2, 0, 0), (wide / 2, back - y0, high), house.wall)
    fill = Mesh()
    fill_hole(fill, replace(house, shutters=None, balconies=False), (-0.42, 0.42, 0.25, 1.3), "window", rng)
    walls.put(fill, (0, -0.18, 0))
    mesh.put(walls, (x, y0, z0))
    over, ridge = wide / 2 + 0.18, z0 + high + 0.5
    for sign in (-1, 1):
        corners = [
            (x + sign * over, back, z0 + high - 0.1),
            (x + sign * over, y0 - 0.25, z0 + high - 0.1),
            (x, y0 - 0.25, ridge),
            (x, back, ridge),
        ]
        slope(mesh, corners if sign < 0 else [corners[1], corners[0], corners[3], corners[2]], house.tiles)
    front = [(x - wide / 2, y0 - 0.01, z0 + high), (x + wide / 2, y0 - 0.01, z0 + high), (x, y0 - 0.01, ridge - 0.05)]
    mesh.add(front, [(0, 1, 2)], house.wall)


def chimney(mesh: Mesh, x: float, y: float, z: float, rng: np.random.Generator) -> None:
    """A brick chimney through the ridge."""
    high = rng.uniform(0.7, 1.3)
    mesh.box((x - 0.35, y - 0.3, z - 1.5), (x + 0.35, y + 0.3, z + high), Look("brick", B, (0.3, 0.13, 0.09)))
    mesh.box(
        (x - 0.42, y - 0.37, z + high), (x + 0.42, y + 0.37, z + high + 0.1), Look("concrete", B, (0.35, 0.34, 0.32))
    )
