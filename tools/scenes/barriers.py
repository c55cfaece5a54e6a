"""Fences, walls, guard rails and works barriers, in pieces along y."""

from __future__ import annotations

import numpy as np

from tools.scenes.labels import Label
from tools.scenes.mesh import Colour, Look, Mesh, generator


def guard_rail(length: float = 4.0) -> Mesh:
    """A steel W-beam along y whose face is on -x."""
    mesh = Mesh()
    steel = Look("metal", Label.GUARD_RAIL, (0.5, 0.51, 0.52), smooth=True)
    profile = np.array(
        [
            (0.03, 0.44),
            (0.0, 0.47),
            (-0.07, 0.5),
            (-0.07, 0.54),
            (0.0, 0.58),
            (0.0, 0.61),
            (-0.07, 0.65),
            (-0.07, 0.69),
            (0.0, 0.72),
            (0.03, 0.75),
        ]
    )
    rows = [np.stack([profile[:, 0], np.full(10, y), profile[:, 1]], 1) for y in (-length / 2, length / 2)]
    mesh.grid(np.stack(rows), steel)
    for y in (-length / 4, length / 4):
        mesh.box((0.05, y - 0.05, 0), (0.15, y + 0.05, 0.72), steel)
    return mesh


def railing(length: float = 2.5, height: float = 1.0, tint: Colour = (0.4, 0.41, 0.42)) -> Mesh:
    """A metal railing along y with vertical bars."""
    mesh, look = Mesh(), Look("metal", Label.FENCE, tint)
    for z in (0.12, height):
        mesh.box((-0.02, -length / 2, z - 0.02), (0.02, length / 2, z + 0.02), look)
    for y in np.arange(-length / 2, length / 2, 0.13):
        mesh.box((-0.008, y, 0.1), (0.008, y + 0.016, height), look)
    mesh.box((-0.03, -length / 2 - 0.03, 0), (0.03, -length / 2 + 0.03, height + 0.03), look)
    return mesh


def picket_fence(length: float = 2.5, height: float = 1.1, tint: Colour = (0.25, 0.17, 0.1)) -> Mesh:
    """Wooden slats on two rails, along y, facing -x."""
    mesh, wood = Mesh(), Look("wood", Label.FENCE, tint)
    rng = generator(int(height * 100), "pickets")
    for z in (0.3, height - 0.25):
        mesh.box((0.0, -length / 2, z), (0.05, length / 2, z + 0.09), wood)
    for y in np.arange(-length / 2, length / 2 - 0.05, 0.125):
        shade = float(rng.uniform(0.75, 1.2))
        mesh.box(
            (-0.025, y, 0.07),
            (0.0, y + 0.09, height + rng.uniform(-0.015, 0.015)),
            wood.tinted((tint[0] * shade, tint[1] * shade, tint[2] * shade)),
        )
    mesh.box((0.0, -length / 2 - 0.06, 0), (0.11, -length / 2 + 0.06, height + 0.02), wood)
    return mesh


def mesh_fence(length: float = 2.5, height: float = 1.6) -> Mesh:
    """A welded wire panel: green bars dense enough to read as a surface from afar."""
    mesh, look = Mesh(), Look("paint", Label.FENCE, (0.03, 0.09, 0.05))
    for y in np.arange(-length / 2, length / 2, 0.085):
        mesh.box((-0.007, y, 0.05), (0.007, y + 0.014, height), look)
    for z in np.arange(0.08, height, 0.24):
        mesh.box((-0.01, -length / 2, z), (0.01, length / 2, z + 0.02), look)
    mesh.tube([(0, -length / 2, 0), (0, -length / 2, height + 0.06)], 0.035, look, 6)
    return mesh


def board_fence(length: float = 2.5, height: float = 1.8, tint: Colour = (0.22, 0.14, 0.08)) -> Mesh:
    """A closed wooden fence."""
    mesh = Mesh()
    mesh.box((-0.03, -length / 2, 0.06), (0.03, length / 2, height), Look("planks", Label.FENCE, tint))
    mesh.box(
        (-0.06, -length / 2 - 0.06, 0),
        (0.06, -length / 2 + 0.06, height + 0.06),
        Look("wood", Label.FENCE, (tint[0] * 0.8, tint[1] * 0.8, tint[2] * 0.8)),
    )
    return mesh


def wall_piece(length: float, height: float, look: Look, cap: bool = True) -> Mesh:
    """A garden or retaining wall along y."""
    mesh = Mesh()
    mesh.box((-0.12, -length / 2, -0.3), (0.12, length / 2, height), look)
    if cap:
        mesh.box(
            (-0.17, -length / 2, height),
            (0.17, length / 2, height + 0.07),
            Look("concrete", look.label, (0.4, 0.39, 0.36)),
        )
    return mesh


def noise_wall(length: float = 5.0, height: float = 3.6) -> Mesh:
    """Concrete panels between steel posts, along y."""
    mesh = Mesh()
    mesh.box((-0.07, -length / 2, -0.2), (0.07, length / 2, height), Look("boards", Label.WALL, (0.36, 0.35, 0.31)))
    mesh.box(
        (-0.14, -length / 2 - 0.1, 0),
        (0.14, -length / 2 + 0.1, height + 0.05),
        Look("metal", Label.WALL, (0.35, 0.36, 0.35)),
    )
    return mesh


def barrier() -> Mesh:
    """A red and white works barrier: dynamic, somebody will carry it away."""
    mesh = Mesh()
    for k in range(8):
        tint = (0.78, 0.78, 0.76) if k % 2 else (0.55, 0.03, 0.03)
        mesh.box((-1.0 + 0.25 * k, -0.02, 0.75), (-0.75 + 0.25 * k, 0.02, 1.0), Look("sign", Label.DYNAMIC, tint))
    for x in (-0.85, 0.85):
        mesh.box((x - 0.03, -0.03, 0.1), (x + 0.03, 0.03, 0.95), Look("paint", Label.DYNAMIC, (0.6, 0.6, 0.6)))
        mesh.box((x - 0.12, -0.35, 0), (x + 0.12, 0.35, 0.1), Look("rubber", Label.DYNAMIC, (0.03, 0.03, 0.03)))
    return mesh
