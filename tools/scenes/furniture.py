"""What stands along a street: lamps, poles, masts, wires, posts, bins, benches, shelters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tools.scenes.labels import Label
from tools.scenes.mesh import Colour, Look, Mesh

GALVANISED = Look("metal", Label.POLE, (0.42, 0.43, 0.44), smooth=True)
GREEN_POLE = Look("paint", Label.POLE, (0.06, 0.1, 0.08), smooth=True)
CONCRETE_POLE = Look("concrete", Label.POLE, (0.42, 0.4, 0.37), smooth=True)
WOOD_POLE = Look("bark", Label.POLE, (0.16, 0.12, 0.09), smooth=True)


def street_lamp(height: float = 8.0, arm: float = 1.6, look: Look = GALVANISED) -> Mesh:
    """A lamp whose arm reaches towards -x."""
    mesh = Mesh()
    mesh.tube([(0, 0, 0), (0, 0, 1.0)], 0.085, look, 10)
    mesh.tube(
        [
            (0, 0, 1.0),
            (0, 0, height - 0.7),
            (-0.15, 0, height - 0.2),
            (-arm * 0.5, 0, height),
            (-arm, 0, height + 0.05),
        ],
        [0.065, 0.05, 0.045, 0.04, 0.035],
        look,
        8,
    )
    mesh.box(
        (-arm - 0.55, -0.11, height - 0.02), (-arm, 0.11, height + 0.12), Look("paint", Label.POLE, (0.5, 0.5, 0.5))
    )
    return mesh


def ball_lamp(height: float = 4.2) -> Mesh:
    """A short lamp with a globe, for residential streets."""
    mesh = Mesh()
    mesh.tube([(0, 0, 0), (0, 0, height)], [0.06, 0.04], GREEN_POLE, 8)
    mesh.ellipsoid((0, 0, height + 0.2), (0.22, 0.22, 0.24), Look("paint", Label.POLE, (0.7, 0.7, 0.66), smooth=True))
    mesh.disc((0, 0, height + 0.42), 0.26, GREEN_POLE, (0, 0, 1))
    return mesh


def delineator() -> Mesh:
    """The white post with a slanted black band along German roads."""
    mesh = Mesh()
    mesh.box((-0.06, -0.045, 0), (0.06, 0.045, 0.95), Look("paint", Label.POLE, (0.78, 0.78, 0.76)))
    mesh.box((-0.064, -0.049, 0.66), (0.064, 0.049, 0.86), Look("paint", Label.POLE, (0.02, 0.02, 0.02)))
    mesh.quad(
        [(-0.025, -0.054, 0.68), (0.025, -0.054, 0.68), (0.025, -0.054, 0.84), (-0.025, -0.054, 0.84)],
        Look("sign", Label.POLE, (0.8, 0.45, 0.1)),
    )
    return mesh


def bollard() -> Mesh:
    """A red and white post."""
    mesh = Mesh()
    for k in range(5):
        mesh.tube(
            [(0, 0, 0.18 * k), (0, 0, 0.18 * (k + 1))],
            0.045,
            Look("paint", Label.POLE, (0.75, 0.75, 0.73) if k % 2 == 0 else (0.55, 0.03, 0.03), smooth=True),
            10,
        )
    return mesh


def utility_pole() -> Mesh:
    """A wooden pole with a cross arm at 7.2 m."""
    mesh = Mesh()
    mesh.tube([(0, 0, 0), (0, 0, 7.8)], [0.15, 0.1], WOOD_POLE, 9)
    mesh.box((-0.8, -0.06, 7.1), (0.8, 0.06, 7.24), Look("wood", Label.POLE, (0.17, 0.13, 0.1)))
    return mesh


def catenary_mast(arm: float = 3.2) -> Mesh:
    """A railway mast whose arm reaches towards -x at 5.7 m."""
    mesh = Mesh()
    mesh.tube([(0, 0, 0), (0, 0, 7.4)], [0.14, 0.09], GALVANISED, 10)
    mesh.tube([(0, 0, 6.9), (-arm, 0, 6.2)], 0.035, GALVANISED, 6)
    mesh.tube([(0, 0, 5.9), (-arm - 0.3, 0, 5.85)], 0.03, GALVANISED, 6)
    return mesh


def wire(mesh: Mesh, start: Sequence[float], end: Sequence[float], sag: float, radius: float = 0.012) -> None:
    """A hanging cable; KITTI's annotators leave wires unlabelled or sky, we call them static."""
    share = np.linspace(0, 1, 13)[:, None]
    line = np.asarray(start) + (np.asarray(end, float) - start) * share
    line[:, 2] -= sag * 4 * (share * (1 - share))[:, 0]
    mesh.tube(line, radius, Look("plastic", Label.STATIC, (0.02, 0.02, 0.02)), 4)


def rubbish_bin(tint: Colour = (0.035, 0.05, 0.04)) -> Mesh:
    """A wheeled bin."""
    mesh, look = Mesh(), Look("plastic", Label.STATIC, tint)
    mesh.box((-0.27, -0.3, 0.08), (0.27, 0.3, 0.95), look)
    mesh.box((-0.3, -0.36, 0.95), (0.3, 0.32, 1.05), look)
    mesh.tube([(-0.28, 0.28, 0.1), (0.28, 0.28, 0.1)], 0.1, Look("rubber", Label.STATIC, (0.02, 0.02, 0.02)), 10)
    return mesh


def cabinet() -> Mesh:
    """A grey switch cabinet."""
    mesh = Mesh()
    mesh.box((-0.4, -0.17, 0), (0.4, 0.17, 0.12), Look("concrete", Label.STATIC, (0.3, 0.29, 0.28)))
    mesh.box((-0.4, -0.16, 0.12), (0.4, 0.16, 1.15), Look("paint", Label.STATIC, (0.4, 0.41, 0.39)))
    mesh.box((-0.004, -0.165, 0.15), (0.004, -0.155, 1.1), Look("plastic", Label.STATIC, (0.1, 0.1, 0.1)))
    return mesh


def bench() -> Mesh:
    """A park bench facing -y."""
    mesh, wood = Mesh(), Look("wood", Label.STATIC, (0.2, 0.12, 0.07))
    for k in range(4):
        mesh.box((-0.8, -0.4 + 0.11 * k, 0.43), (0.8, -0.31 + 0.11 * k, 0.47), wood)
        mesh.box((-0.8, 0.03 + 0.02 * k, 0.55 + 0.11 * k), (0.8, 0.06 + 0.02 * k, 0.63 + 0.11 * k), wood)
    for x in (-0.65, 0.65):
        mesh.box((x - 0.03, -0.38, 0), (x + 0.03, 0.05, 0.43), Look("metal", Label.STATIC, (0.05, 0.05, 0.05)))
    return mesh


def shelter() -> Mesh:
    """A tram or bus stop shelter facing -y."""
    mesh = Mesh()
    steel, pane = Look("metal", Label.STATIC, (0.3, 0.31, 0.32)), Look("glass", Label.STATIC, (0.06, 0.07, 0.07))
    for x in (-1.9, 0.0, 1.9):
        mesh.box((x - 0.04, 0.55, 0), (x + 0.04, 0.63, 2.4), steel)
    mesh.quad([(-1.9, 0.6, 0.25), (1.9, 0.6, 0.25), (1.9, 0.6, 2.2), (-1.9, 0.6, 2.2)], pane)
    mesh.box((-2.1, -0.7, 2.4), (2.1, 0.75, 2.5), steel)
    mesh.box((1.86, -0.5, 0.25), (1.95, 0.55, 2.1), Look("paint", Label.STATIC, (0.5, 0.35, 0.25)))
    mesh.box((-1.4, 0.2, 0.45), (0.8, 0.5, 0.5), Look("wood", Label.STATIC, (0.25, 0.16, 0.1)))
    return mesh
