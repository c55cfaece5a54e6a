"""An overpass and a tunnel."""

# ruff: noqa: RUF005 - what is added to lists here are arrays

from __future__ import annotations

import numpy as np

from tools.scenes.labels import Label
from tools.scenes.mesh import Look, Mesh


def bridge(span: float, width: float = 9.0, clear: float = 4.9) -> Mesh:
    """An overpass along x with abutments at both ends, its near edge at y = 0."""
    mesh = Mesh()
    concrete = Look("concrete", Label.BRIDGE, (0.4, 0.385, 0.36))
    mesh.box((-span, 0, clear), (span, width, clear + 0.9), concrete)
    mesh.box((-span, -0.25, clear + 0.75), (span, 0.15, clear + 1.05), concrete)
    mesh.box((-span, -0.27, clear + 0.1), (span, 0.0, clear + 0.16), Look("concrete", Label.BRIDGE, (0.22, 0.21, 0.2)))
    for side in (-1, 1):
        mesh.box((side * span * 0.5 - 1.1, 0.2, -0.5), (side * span * 0.5 + 1.1, width - 0.2, clear), concrete)
    rail = Look("metal", Label.BRIDGE, (0.3, 0.36, 0.4))
    for z in (1.45, 2.0):
        mesh.box((-span, -0.14, clear + z - 0.03), (span, -0.08, clear + z + 0.03), rail)
    for x in np.arange(-span, span, 0.28):
        mesh.box((x, -0.13, clear + 1.05), (x + 0.025, -0.1, clear + 2.0), rail)
    return mesh


def tunnel(length: float, half: float = 6.2, height: float = 5.6) -> Mesh:
    """A road tunnel along y from its portal at y = 0: arch, portal wall, lamps, emergency signs' glow."""
    mesh = Mesh()
    inside = Look("concrete", Label.TUNNEL, (0.3, 0.285, 0.26), smooth=True)
    angles = np.linspace(0, np.pi, 21)
    arch = np.stack([-half * np.cos(angles), np.zeros(21), 1.6 + (height - 1.6) * np.sin(angles)], 1)
    arch = np.concatenate([[[-half, 0, -0.2]], arch, [[half, 0, -0.2]]])
    rows = [arch + [0, y, 0] for y in np.arange(0, length, 6.0)]
    mesh.grid(np.stack(rows)[:, ::-1], inside)
    mesh.add(rows[-1], [(0, k, k + 1) for k in range(1, len(arch) - 1)], inside)
    stone = Look("stone", Label.TUNNEL, (0.34, 0.29, 0.23))
    outer = np.array([[np.sign(x) * max(abs(x) * 1.0, 0), 0, height + 2.2] for x, _, _ in arch])
    outer[:, 0] = arch[:, 0]
    front = np.stack([arch + [0, -0.05, 0], outer + [0, -0.05, 0]])
    mesh.grid(front, stone, np.stack([front[..., 0], front[..., 2], np.zeros(front.shape[:2])], -1))
    for side in (-1, 1):
        mesh.box(
            (min(side * half, side * (half + 9)), -0.05, -0.5),
            (max(side * half, side * (half + 9)), 0.6, height + 2.2),
            stone,
        )
    mesh.box(
        (-half - 9, -0.25, height + 2.2),
        (half + 9, 0.7, height + 2.5),
        Look("concrete", Label.TUNNEL, (0.4, 0.38, 0.35)),
    )
    ring = arch[1:-1]
    middle = np.array([0, 0, 1.6])
    outer_ring = middle + (ring - middle) * 1.09
    lip = np.stack([ring, outer_ring]) + np.array([0, -0.2, 0])
    mesh.grid(lip, Look("concrete", Label.TUNNEL, (0.42, 0.4, 0.37)))
    for y in np.arange(5, length - 4, 9.0):
        for x in (-half * 0.45, half * 0.45):
            mesh.box(
                (x - 0.16, y, height - 0.82),
                (x + 0.16, y + 1.3, height - 0.7),
                Look("tunnelglow", Label.TUNNEL, (1.0, 0.72, 0.38)),
            )
    return mesh
