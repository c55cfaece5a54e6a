"""Large vehicles: truck, bus, tram, caravan, trailer, delivery van bodies."""

from __future__ import annotations

import numpy as np

from tools.scenes.labels import Label
from tools.scenes.mesh import Colour, Look, Mesh
from tools.scenes.vehicles import make_wheel


def shell(
    mesh: Mesh,
    low: tuple[float, float, float],
    high: tuple[float, float, float],
    look: Look,
    round_by: float = 0.12,
    ends: float = 0.2,
) -> None:
    """A box along y with rounded long edges and softly rounded ends."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    half, tall, mid_x, mid_z = (x1 - x0) / 2, (z1 - z0) / 2, (x0 + x1) / 2, (z0 + z1) / 2
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False) + np.pi / 40
    corner = np.stack([np.sign(np.cos(turn)), np.sign(np.sin(turn))], 1)
    unit = corner * [half - round_by, tall - round_by] + round_by * np.stack([np.cos(turn), np.sin(turn)], 1)
    rings = []
    for y, inset in (
        (y0, ends),
        (y0 + ends * 0.3, ends * 0.3),
        (y0 + ends, 0.0),
        (y1 - ends, 0.0),
        (y1 - ends * 0.3, ends * 0.3),
        (y1, ends),
    ):
        shrink = 1 - np.array([inset / half, inset / tall]) * 0.6
        rings.append(np.stack([mid_x + unit[:, 0] * shrink[0], np.full(40, y), mid_z + unit[:, 1] * shrink[1]], 1))
    mesh.grid(np.array(rings), look.smoothed(), closed=True)
    for ring in (rings[0][::-1], rings[-1]):
        mesh.add(ring, [(0, k, k + 1) for k in range(1, 39)], look)


def pane(mesh: Mesh, side: int, x: float, y0: float, y1: float, z0: float, z1: float, label: Label) -> None:
    """A window on a long side (`side` -1 left, 1 right)."""
    look = Look("carglass", label)
    mesh.box((min(x, x + side * 0.012), y0, z0), (max(x, x + side * 0.012), y1, z1), look)


def wheels(mesh: Mesh, axles: tuple[float, ...], x: float, radius: float, width: float, label: Label) -> None:
    """Pairs of wheels."""
    wheel = make_wheel(radius, width, label)
    for y in axles:
        mesh.put(wheel, (x, y, radius))
        mesh.put(wheel, (-x, y, radius), np.pi)


def lamps(mesh: Mesh, x: float, front: float, rear: float, z: float, label: Label) -> None:
    """Head lamps, tail lamps and plates."""
    for side in (-1, 1):
        mesh.box(
            (side * x - 0.16, front - 0.05, z - 0.1), (side * x + 0.16, front + 0.02, z + 0.1), Look("headlamp", label)
        )
        mesh.box(
            (side * x - 0.12, rear - 0.02, z - 0.12), (side * x + 0.12, rear + 0.05, z + 0.16), Look("taillamp", label)
        )
    for y0, y1 in ((front, front + 0.025), (rear - 0.025, rear)):
        mesh.box((-0.26, y0, z - 0.25), (0.26, y1, z - 0.14), Look("plate", label))


def bus(tint: Colour = (0.55, 0.5, 0.4)) -> Mesh:
    """A city bus, 12 m, front along +y."""
    mesh, label = Mesh(), Label.BUS
    body = Look("carpaint", label)
    shell(mesh, (-1.25, -6, 0.32), (1.25, 6, 3.0), body, 0.16, 0.16)
    shell(mesh, (-0.9, -4, 3.0), (0.9, 2, 3.2), Look("paint", label, (0.6, 0.6, 0.6)), 0.06, 0.1)
    mesh.box((-1.262, -5.6, 1.15), (1.262, 5.6, 1.22), Look("plastic", label, (0.02, 0.02, 0.02)))
    for side in (-1, 1):
        for k, y in enumerate(np.arange(-5.5, 5.2, 1.42)):
            door = side > 0 and k in (2, 5, 7)
            pane(mesh, side, side * 1.25, float(y), float(y) + 1.3, 0.5 if door else 1.25, 2.55, label)
    glass = Look("carglass", label)
    mesh.box((-1.1, 5.95, 1.1), (1.1, 6.03, 2.5), glass)
    mesh.box((-1.05, -6.03, 1.6), (1.05, -5.95, 2.45), glass)
    mesh.box((-0.9, 5.98, 2.58), (0.9, 6.02, 2.85), Look("plastic", label, (0.01, 0.01, 0.01)))
    mesh.box((-0.5, 6.02, 2.63), (0.45, 6.035, 2.8), Look("sign", label, (0.7, 0.4, 0.05)))
    lamps(mesh, 0.95, 6.0, -6.0, 0.75, label)
    for y in (3.6, -2.6):
        for side in (-1, 1):
            mesh.disc((side * 1.256, y, 0.5), 0.56, Look("plastic", label, (0.008, 0.008, 0.008)), (side, 0, 0))
    wheels(mesh, (3.6, -2.6), 1.14, 0.48, 0.28, label)
    for side in (-1, 1):
        mesh.box(
            (side * 1.4 - 0.08, 5.95, 1.75), (side * 1.4 + 0.08, 6.2, 2.2), Look("plastic", label, (0.02, 0.02, 0.02))
        )
    return mesh


def tram(label: Label = Label.ON_RAILS) -> Mesh:
    """Two articulated tram cars on rails, 27 m, front along +y."""
    mesh = Mesh()
    body, skirt, glass = Look("carpaint", label), Look("paint", label, (0.62, 0.6, 0.52)), Look("carglass", label)
    for low, high in ((-13.5, -0.5), (0.5, 13.5)):
        shell(mesh, (-1.2, low, 0.35), (1.2, high, 1.25), body, 0.1, 0.3)
        shell(mesh, (-1.2, low, 1.2), (1.2, high, 3.35), skirt, 0.22, 0.35)
        for side in (-1, 1):
            for k, y in enumerate(np.arange(low + 0.9, high - 1.6, 1.55)):
                pane(mesh, side, side * 1.2, float(y), float(y) + 1.4, 0.55 if k % 4 == 2 else 1.5, 2.75, label)
        shell(mesh, (-0.8, low + 2, 3.35), (0.8, high - 2, 3.6), Look("paint", label, (0.35, 0.35, 0.36)), 0.06, 0.15)
        mesh.box((-1.0, low + 0.5, 0.12), (1.0, high - 0.5, 0.5), Look("plastic", label, (0.02, 0.02, 0.02)))
    shell(mesh, (-1.05, -0.6, 0.5), (1.05, 0.6, 3.2), Look("rubber", label, (0.04, 0.04, 0.04)), 0.1, 0.02)
    for end in (-1, 1):
        y = end * 13.5
        mesh.box((-0.98, min(y, y + end * 0.03), 1.45), (0.98, max(y, y + end * 0.03), 2.75), glass)
        mesh.box(
            (-0.6, min(y, y + end * 0.03), 2.9),
            (0.6, max(y, y + end * 0.03), 3.15),
            Look("sign", label, (0.6, 0.35, 0.04)),
        )
        for side in (-1, 1):
            mesh.box(
                (side * 0.75 - 0.12, min(y, y + end * 0.03), 0.85),
                (side * 0.75 + 0.12, max(y, y + end * 0.03), 1.05),
                Look("headlamp" if end > 0 else "taillamp", label),
            )
    arm = Look("metal", label, (0.2, 0.2, 0.2))
    mesh.tube([(0, 5.0, 3.6), (0, 6.6, 4.5), (0, 5.4, 5.55)], 0.035, arm, 6)
    mesh.tube([(-0.8, 5.4, 5.58), (0.8, 5.4, 5.58)], 0.03, arm, 6)
    return mesh


def truck(cargo: Colour = (0.6, 0.6, 0.58)) -> Mesh:
    """A rigid lorry with a box body, 8.5 m, front along +y; the cab takes the object's colour."""
    mesh, label = Mesh(), Label.TRUCK
    shell(mesh, (-1.2, 2.35, 0.55), (1.2, 4.25, 3.0), Look("carpaint", label), 0.18, 0.24)
    shell(mesh, (-1.27, -4.25, 1.05), (1.27, 2.2, 3.65), Look("paint", label, cargo), 0.04, 0.02)
    for z in (1.1, 3.55):
        mesh.box((-1.29, -4.27, z), (1.29, 2.22, z + 0.09), Look("metal", label, (0.4, 0.4, 0.41)))
    mesh.box((-0.03, -4.285, 1.1), (0.03, -4.25, 3.6), Look("metal", label, (0.3, 0.3, 0.3)))
    mesh.box((-1.06, 4.2, 1.75), (1.06, 4.28, 2.65), Look("carglass", label))
    for side in (-1, 1):
        pane(mesh, side, side * 1.2, 3.0, 3.95, 1.8, 2.6, label)
        mesh.box(
            (side * 1.36 - 0.1, 4.05, 1.8), (side * 1.36 + 0.1, 4.2, 2.4), Look("plastic", label, (0.02, 0.02, 0.02))
        )
        mesh.box(
            (min(side * 1.1, side * 1.22), -2.2, 0.5),
            (max(side * 1.1, side * 1.22), 1.6, 0.95),
            Look("metal", label, (0.3, 0.3, 0.31)),
        )
    mesh.box((-1.0, -4.0, 0.65), (1.0, 4.0, 1.05), Look("plastic", label, (0.02, 0.02, 0.02)))
    mesh.box((-0.9, 4.2, 0.95), (0.9, 4.275, 1.5), Look("plastic", label, (0.03, 0.03, 0.03)))
    lamps(mesh, 0.9, 4.25, -4.25, 0.8, label)
    mesh.box((-1.1, -4.2, 0.45), (1.1, -4.1, 0.6), Look("sign", label, (0.5, 0.05, 0.04)))
    wheels(mesh, (3.2, -2.2, -3.3), 1.05, 0.48, 0.3, label)
    return mesh


def caravan() -> Mesh:
    """A white touring caravan, drawbar along +y."""
    mesh, label = Mesh(), Label.CARAVAN
    white = Look("paint", label, (0.74, 0.74, 0.72))
    shell(mesh, (-1.1, -2.4, 0.45), (1.1, 2.4, 2.55), white, 0.2, 0.45)
    mesh.box((-1.106, -1.9, 1.05), (1.106, 1.9, 1.15), Look("paint", label, (0.1, 0.16, 0.3)))
    for side in (-1, 1):
        for y in (-1.5, 0.4):
            pane(mesh, side, side * 1.1, y, y + 1.0, 1.4, 2.0, label)
    for y in (-2.41, 2.39):
        mesh.box((-0.75, y, 1.45), (0.75, y + 0.02, 2.05), Look("carglass", label))
    mesh.tube([(-0.8, 2.2, 0.5), (0, 3.5, 0.48)], 0.05, Look("metal", label, (0.4, 0.4, 0.4)), 6)
    mesh.tube([(0.8, 2.2, 0.5), (0, 3.5, 0.48)], 0.05, Look("metal", label, (0.4, 0.4, 0.4)), 6)
    mesh.tube([(0, 3.2, 0), (0, 3.2, 0.6)], 0.04, Look("metal", label, (0.4, 0.4, 0.4)), 6)
    lamps(mesh, 0.85, 2.4, -2.4, 0.75, label)
    wheels(mesh, (-0.15,), 1.02, 0.32, 0.2, label)
    return mesh


def trailer(tarp: Colour = (0.05, 0.12, 0.25)) -> Mesh:
    """A two-wheeled box trailer under a tarpaulin, drawbar along +y."""
    mesh, label = Mesh(), Label.TRAILER
    mesh.box((-0.8, -1.3, 0.5), (0.8, 1.3, 0.95), Look("metal", label, (0.45, 0.46, 0.47)))
    shell(mesh, (-0.82, -1.32, 0.93), (0.82, 1.32, 1.75), Look("cloth", label, tarp), 0.1, 0.1)
    mesh.tube([(0, 1.2, 0.52), (0, 2.4, 0.5)], 0.05, Look("metal", label, (0.4, 0.4, 0.4)), 6)
    mesh.tube([(0, 2.3, 0), (0, 2.3, 0.6)], 0.035, Look("metal", label, (0.4, 0.4, 0.4)), 6)
    lamps(mesh, 0.65, 1.3, -1.3, 0.62, label)
    wheels(mesh, (-0.1,), 0.88, 0.29, 0.17, label)
    return mesh
