"""Cars and larger vehicles: bodies lofted through cross-sections, with glass, wheels, lamps, plates and door seams.

A body is a grid: stations along the length, rows around the section. Belt, window and roof edges are rows, pillars and
seams are stations, so that glass ends where it should without any texture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.scenes.labels import Label
from tools.scenes.mesh import Colour, Look, Mesh

Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Body:
    """Side view of a car as curves of y (metres from the middle, front positive), all heights above the ground.

    Attributes:
        belt: height of the shoulder line: bonnet, window sill, boot.
        roof: height of the top line: bonnet, windscreen, roof, rear window.
        windscreen: y of its foot and its top.
        rear: y of the rear window's top and foot.
        pillars: y of the pillars between the side windows.
        axles: y of the front and the rear axle.
    """

    length: float
    width: float
    wheel: float
    clearance: float
    belt: Curve
    roof: Curve
    windscreen: tuple[float, float]
    rear: tuple[float, float]
    pillars: tuple[float, ...]
    axles: tuple[float, float]
    roof_width: float = 0.72
    nose: float = 0.5
    label: Label = Label.CAR


BODIES: dict[str, Body] = {
    "hatchback": Body(
        4.0, 1.72, 0.31, 0.19,
        ((-2.0, 0.86), (-1.9, 0.95), (-1.2, 0.95), (0.6, 0.90), (0.95, 0.90), (1.75, 0.79), (1.95, 0.71), (2.0, 0.64)),
        ((-2.0, 0.90), (-1.92, 1.0), (-1.62, 1.36), (-1.35, 1.45), (-0.3, 1.49), (0.2, 1.43), (1.02, 0.94),
        (1.3, 0.89), (1.75, 0.82), (1.95, 0.73), (2.0, 0.65)),
        (1.0, 0.18), (-1.45, -1.9), (-1.02, -0.12), (1.25, -1.25)),
    "estate": Body(
        4.65, 1.78, 0.32, 0.18,
        ((-2.32, 0.8), (-2.22, 0.95), (-1.4, 0.97), (0.6, 0.91), (0.98, 0.90), (2.0, 0.80), (2.25, 0.72), (2.32, 0.63)),
        ((-2.32, 0.85), (-2.24, 1.0), (-1.95, 1.36), (-1.7, 1.43), (-0.3, 1.48), (0.2, 1.42), (1.1, 0.94),
        (1.4, 0.90), (2.0, 0.83), (2.25, 0.74), (2.32, 0.64)),
        (1.08, 0.18), (-1.8, -2.22), (-1.15, -0.1), (1.38, -1.32)),
    "saloon": Body(
        4.6, 1.78, 0.32, 0.17,
        ((-2.3, 0.78), (-2.2, 0.95), (-1.4, 0.97), (0.6, 0.91), (0.95, 0.90), (1.95, 0.80), (2.22, 0.72), (2.3, 0.62)),
        ((-2.3, 0.8), (-2.2, 0.98), (-1.72, 1.02), (-1.5, 1.07), (-0.75, 1.38), (-0.35, 1.43), (0.1, 1.39),
        (1.05, 0.94), (1.35, 0.89), (1.95, 0.83), (2.22, 0.74), (2.3, 0.63)),
        (1.03, 0.1), (-0.75, -1.5), (-0.95, -0.02), (1.38, -1.3)),
    "suv": Body(
        4.5, 1.84, 0.36, 0.24,
        ((-2.25, 0.85), (-2.15, 1.05), (-1.2, 1.08), (0.6, 1.03), (0.95, 1.03), (1.9, 0.93), (2.18, 0.8), (2.25, 0.62)),
        ((-2.25, 0.9), (-2.17, 1.1), (-1.95, 1.52), (-1.7, 1.63), (-0.3, 1.70), (0.15, 1.64), (0.98, 1.08),
        (1.25, 1.04), (1.9, 0.96), (2.18, 0.82), (2.25, 0.64)),
        (0.96, 0.12), (-1.8, -2.13), (-1.15, -0.1), (1.35, -1.3)),
    "minivan": Body(
        4.45, 1.8, 0.32, 0.19,
        ((-2.22, 0.85), (-2.12, 1.0), (-1.2, 1.02), (0.7, 0.95), (1.2, 0.92), (1.9, 0.83), (2.15, 0.74), (2.22, 0.65)),
        ((-2.22, 0.9), (-2.14, 1.04), (-1.95, 1.48), (-1.75, 1.58), (-0.3, 1.66), (0.3, 1.6), (1.35, 0.98),
        (1.55, 0.92), (1.9, 0.86), (2.15, 0.76), (2.22, 0.66)),
        (1.35, 0.28), (-1.8, -2.1), (-1.15, -0.02), (1.4, -1.3)),
    "micro": Body(
        3.4, 1.6, 0.28, 0.18,
        ((-1.7, 0.8), (-1.62, 0.95), (-0.9, 0.95), (0.5, 0.9), (0.85, 0.89), (1.45, 0.8), (1.65, 0.72), (1.7, 0.63)),
        ((-1.7, 0.86), (-1.64, 1.0), (-1.42, 1.4), (-1.2, 1.48), (-0.3, 1.53), (0.2, 1.46), (0.95, 0.94),
        (1.15, 0.89), (1.45, 0.83), (1.65, 0.74), (1.7, 0.64)),
        (0.93, 0.18), (-1.28, -1.6), (-0.1, ), (1.1, -1.08)),
    "van": Body(
        5.2, 1.95, 0.34, 0.22,
        ((-2.6, 1.0), (-2.55, 1.12), (-1.2, 1.12), (1.2, 1.12), (1.85, 1.1), (2.35, 1.02), (2.55, 0.92), (2.6, 0.8)),
        ((-2.6, 1.75), (-2.55, 1.9), (-2.4, 1.97), (-1.0, 2.0), (0.9, 2.0), (1.25, 1.93), (2.02, 1.17), (2.15, 1.1),
        (2.35, 1.05), (2.55, 0.94), (2.6, 0.81)),
        (2.0, 1.24), (-2.56, -2.59), (0.75,), (1.75, -1.5), roof_width=0.84, nose=0.35),
}  # fmt: skip

GLASS = Look("carglass", Label.CAR, smooth=True)
BLACK = Look("plastic", Label.CAR, (0.012, 0.012, 0.013))
PAINT = Look("carpaint", Label.CAR, smooth=True)
SECTION_ROWS = 15


def smooth_curve(curve: Curve, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Monotone cubic (Fritsch-Carlson) through the points of a curve: rounded, but never overshooting."""
    x, y = np.array(curve).T
    step, slope = np.diff(x), np.diff(y) / np.diff(x)
    tangent = np.concatenate(
        [
            [slope[0]],
            np.where(slope[1:] * slope[:-1] > 0, 2 * slope[1:] * slope[:-1] / (slope[1:] + slope[:-1] + 1e-12), 0),
            [slope[-1]],
        ]
    )
    k = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    u = np.clip((at - x[k]) / step[k], 0, 1)
    return (
        (1 + 2 * u) * (1 - u) ** 2 * y[k] + u * (1 - u) ** 2 * step[k] * tangent[k]
        + u**2 * (3 - 2 * u) * y[k + 1] + u**2 * (u - 1) * step[k] * tangent[k + 1]
    )  # fmt: skip


def stations(body: Body) -> NDArray[np.float64]:
    """(n,) y of the cross-sections: even, denser at the ends, with pairs at pillars and door seams."""
    half = body.length / 2
    even = np.linspace(-half, half, 58)
    ends = half - np.array([0.0, 0.012, 0.035, 0.07, 0.12, 0.19])
    marks = [y + d for y in (*body.pillars, *seams(body)) for d in (-0.045, 0.045, -0.006, 0.006)]
    edges = [y + d for y in (*body.windscreen, *body.rear) for d in (-0.03, 0.03)]
    arches = [
        axle + side * (body.wheel + 0.055) * np.cos(turn)
        for axle in body.axles
        for side in (-1, 1)
        for turn in np.linspace(0.02, 1.5, 8)
    ]
    values = np.unique(np.round(np.concatenate([even, ends, -ends, marks, edges, arches]), 3))
    values = values[np.abs(values) <= half]
    return values[np.concatenate([[True], np.diff(values) > 0.0045])]


def seams(body: Body) -> tuple[float, ...]:
    """y of the gaps between doors and wings."""
    return (body.axles[0] - body.wheel - 0.14, *body.pillars[-1:], body.axles[1] + body.wheel + 0.02)


def sections(body: Body, y: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, rows, 3) right half of the body's cross-sections, from the keel up over the side to the roof's middle."""
    half_length = body.length / 2
    belt, roof = smooth_curve(body.belt, y), smooth_curve(body.roof, y)
    end = np.clip((half_length - np.abs(y)) / body.nose, 0, 1)
    bow = np.where(y > 0, 0.24, 0.18) * (1 - np.sqrt(np.clip(1 - (1 - end) ** 2, 0, 1)))
    half = body.width / 2 * (1 - bow)
    keel = body.clearance + 0.16 * (1 - np.clip((half_length - np.abs(y)) / 0.25, 0, 1)) ** 2
    for axle in body.axles:
        arch = (body.wheel + 0.055) ** 2 - (y - axle) ** 2
        keel = np.maximum(keel, np.where(arch > 0, body.wheel + np.sqrt(np.maximum(arch, 0)), 0))
    rise, glass = belt - keel, np.maximum(roof - belt, 0.0)
    house = np.clip(glass / 0.3, 0, 1)  # 0 on the bonnet, 1 where there are windows
    inner = half * (body.roof_width * house + 0.9 * (1 - house))
    zero = np.zeros_like(y)
    rows = [
        (zero, keel), (half * 0.8, keel), (half * 0.955, keel + 0.015), (half * 0.985, keel + 0.12 * rise),
        (half * 1.0, keel + 0.38 * rise), (half * 1.0, keel + 0.62 * rise), (half * 0.985, keel + 0.74 * rise),
        (half * 0.985, keel + 0.78 * rise),
        (half * 0.965, keel + 0.93 * rise), (half * 0.925, belt),
        (half * 0.905 * house + half * 0.9 * (1 - house), belt + 0.1 * glass),
        (inner + (half * 0.905 - inner) * 0.10 * house, roof - 0.06 * house - 0.002),
        (inner * 0.975, roof - 0.016 * house), (inner * 0.5, roof + 0.018), (zero, roof + 0.028),
    ]  # fmt: skip
    return np.stack([np.stack([x, y, z], axis=1) for x, z in rows], axis=1)


def body_looks(body: Body, y: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n - 1, rows - 1) index into the looks paint, glass, black, head lamp, tail lamp, trim."""
    middle = (y[1:] + y[:-1]) / 2
    looks = np.zeros((len(middle), SECTION_ROWS - 1), np.int64)
    looks[:, :2] = 2
    looks[:, 2] = 2 if body.clearance > 0.2 else 0
    foot, top = body.windscreen
    cabin = (middle < foot - 0.12) & (middle > body.rear[1] + 0.14)
    if body.label is Label.CAR and body.length > 5:  # a panel van: windows only in front
        cabin &= middle > body.pillars[0]
    pillar = np.zeros_like(cabin)
    for p in body.pillars:
        pillar |= np.abs(middle - p) < 0.045
    looks[cabin, 9], looks[cabin, 10] = 2, 1
    if body.wheel < 0.315:  # the older and smaller ones have rubbing strips
        looks[np.abs(middle) < body.length / 2 - 0.25, 6] = 2
    looks[cabin & pillar, 10] = 2
    looks[(middle < foot) & (middle > top), 12:] = 1
    looks[(middle < body.rear[0]) & (middle > body.rear[1]), 12:] = 1
    for seam in seams(body):
        looks[np.abs(middle - seam) < 0.0062, 3:9] = 2
    half = body.length / 2
    looks[middle > half - 0.34, 7:8] = 3
    looks[(middle > half - 0.42) & (middle < half - 0.03), 7:9] = 3
    looks[middle < -half + 0.2, 6:9] = 4
    return looks


def car(kind: str) -> Mesh:
    """A car with its wheels on the ground, front along +y, painted with the object's colour."""
    body = BODIES[kind]
    y = stations(body)
    right = sections(body, y)
    looks = body_looks(body, y)
    palette = [
        PAINT, GLASS, BLACK, Look("headlamp", Label.CAR, smooth=True), Look("taillamp", Label.CAR, smooth=True), BLACK,
    ]  # fmt: skip
    mesh = Mesh()
    for mirror in (1, -1):
        points = right * [mirror, 1, 1]
        index = np.arange(points.shape[0] * SECTION_ROWS).reshape(points.shape[:2])
        faces = np.stack([index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], -1)
        faces = faces[..., ::-1] if mirror < 0 else faces
        for k, look in enumerate(palette):
            chosen = faces[looks == k]
            if len(chosen):
                mesh.add(points.reshape(-1, 3), chosen, look)
        for end in (0, -1):
            ring = points[end]
            fan = [(1, r, r + 1) for r in range(2, SECTION_ROWS - 1)] + [(1, SECTION_ROWS - 1, 0)]
            mesh.add(ring, fan, PAINT)
    add_face(mesh, body)
    add_wheels(mesh, body)
    add_mirrors(mesh, body)
    return mesh


def add_face(mesh: Mesh, body: Body) -> None:
    """Grille, bumpers' lower openings and number plates at both ends."""
    front, wide = body.length / 2, body.width / 2
    nose = smooth_curve(body.belt, np.array([front - 0.02]))[0]
    mesh.box((-wide * 0.42, front - 0.05, nose - 0.17), (wide * 0.42, front + 0.012, nose - 0.05), BLACK)
    mesh.box(
        (-wide * 0.6, front - 0.1, body.clearance + 0.13), (wide * 0.6, front + 0.008, body.clearance + 0.22), BLACK
    )
    mesh.box(
        (-wide * 0.07, front + 0.01, nose - 0.15), (wide * 0.07, front + 0.022, nose - 0.07), Look("chrome", body.label)
    )
    plate = Look("plate", body.label)
    mesh.box((-0.26, front, nose - 0.315), (0.26, front + 0.02, nose - 0.205), plate)
    back = -front
    mesh.box((-0.26, back - 0.02, body.clearance + 0.42), (0.26, back + 0.05, body.clearance + 0.53), plate)
    mesh.box((-wide * 0.72, back - 0.012, body.clearance + 0.1), (wide * 0.72, back + 0.1, body.clearance + 0.2), BLACK)


def add_wheels(mesh: Mesh, body: Body) -> None:
    """Four wheels with tyres and five-spoke rims."""
    wheel = make_wheel(body.wheel, 0.2, body.label)
    for axle in body.axles:
        for mirror in (1, -1):
            mesh.put(wheel, (mirror * (body.width / 2 - 0.115), axle, body.wheel), 0.0 if mirror > 0 else np.pi)


def make_wheel(radius: float, width: float, label: Label = Label.CAR) -> Mesh:
    """A wheel around the x axis whose outer side faces +x."""
    mesh, half = Mesh(), width / 2
    rubber, rim, dark = (
        Look("rubber", label, (0.018, 0.018, 0.018), smooth=True),
        Look("rim", label, (0.45, 0.46, 0.47)),
        Look("plastic", label, (0.01, 0.01, 0.01)),
    )
    profile = [
        (-half, 0.62),
        (-half, 0.9),
        (-half * 0.75, 1.0),
        (half * 0.75, 1.0),
        (half, 0.93),
        (half, 0.66),
        (half * 0.8, 0.64),
    ]
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    rings = np.array([[(x, r * radius * np.cos(a), r * radius * np.sin(a)) for a in turn] for x, r in profile])
    mesh.grid(rings, rubber, closed=True)
    mesh.disc((half * 0.35, 0, 0), radius * 0.66, dark, (1, 0, 0))
    mesh.disc((-half, 0, 0), radius * 0.66, dark, (-1, 0, 0))
    mesh.disc((half * 0.86, 0, 0), radius * 0.17, rim, (1, 0, 0), 12)
    for k in range(5):
        a = 2 * np.pi * k / 5 + 0.3
        c, s = np.cos(a), np.sin(a)
        corners = []
        for r, w in ((0.1, 0.1), (0.1, -0.1), (0.65, -0.14), (0.65, 0.14)):
            corners.append((half * (0.85 if r < 0.3 else 0.75), radius * (r * c - w * s), radius * (r * s + w * c)))
        mesh.quad(corners, rim)
    return mesh


def add_mirrors(mesh: Mesh, body: Body) -> None:
    """Wing mirrors at the feet of the front pillars."""
    y = body.windscreen[0] - 0.33
    z = smooth_curve(body.belt, np.array([y]))[0] + 0.07
    for mirror in (1, -1):
        x = mirror * body.width / 2
        mesh.ellipsoid((x + mirror * 0.07, y, z), (0.11, 0.06, 0.075), PAINT, 6, 8)


CAR_COLOURS: tuple[Colour, ...] = (
    (0.42, 0.43, 0.44), (0.42, 0.43, 0.44), (0.3, 0.31, 0.32), (0.55, 0.56, 0.56), (0.012, 0.012, 0.014),
    (0.012, 0.012, 0.014),
    (0.02, 0.021, 0.024), (0.06, 0.063, 0.068), (0.7, 0.7, 0.68), (0.75, 0.75, 0.74), (0.015, 0.03, 0.1),
    (0.02, 0.05, 0.16),
    (0.35, 0.012, 0.014), (0.22, 0.01, 0.014), (0.02, 0.05, 0.035), (0.25, 0.22, 0.16), (0.1, 0.13, 0.17),
    (0.5, 0.33, 0.03),
)  # fmt: skip
