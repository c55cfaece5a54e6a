"""Traffic signs, boards and signals."""

# ruff: noqa: RUF005 - what is added to lists here are arrays

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tools.scenes.furniture import GALVANISED
from tools.scenes.labels import Label
from tools.scenes.mesh import Colour, Look, Mesh, generator

SIGN = Label.TRAFFIC_SIGN
RED, SIGN_WHITE, BLUE, YELLOW, SIGN_BLACK, GREY_BACK = (
    (0.5, 0.012, 0.015), (0.78, 0.78, 0.76), (0.015, 0.1, 0.42), (0.75, 0.42, 0.012), (0.02, 0.02, 0.02),
    (0.33, 0.34, 0.35),
)  # fmt: skip
SHEET_BACK = Look("metal", SIGN, GREY_BACK)


def polygon(
    mesh: Mesh, centre: Sequence[float], radius: float, sides: int, turn: float, look: Look, stretch: float = 1.0
) -> None:
    """A regular polygon that faces -y."""
    angles = turn + 2 * np.pi * np.arange(sides) / sides
    points = np.stack(
        [centre[0] + radius * np.cos(angles) * stretch, np.full(sides, centre[1]), centre[2] + radius * np.sin(angles)],
        1,
    )
    mesh.add(points, [(0, k, k + 1) for k in range(1, sides - 1)], look)


def glyph(
    mesh: Mesh, centre: Sequence[float], width: float, height: float, look: Look, seed: int, count: int = 6
) -> None:
    """Strokes that read as writing from afar."""
    rng = generator(seed, "glyph")
    x0, y, z0 = centre
    step = width / count
    for k in range(count):
        x = x0 - width / 2 + k * step
        tall = height * rng.uniform(0.65, 1)
        mesh.quad(
            [
                (x, y, z0 - tall / 2),
                (x + step * 0.6, y, z0 - tall / 2),
                (x + step * 0.6, y, z0 + tall / 2),
                (x, y, z0 + tall / 2),
            ],
            look,
        )


def face(tint: Colour) -> Look:
    """A reflecting sheet in a colour."""
    return Look("sign", SIGN, tint)


def sign_plate(kind: str, seed: int = 0) -> Mesh:
    """A traffic sign around the origin that faces -y, with its grey back."""
    mesh = Mesh()
    if kind in ("limit", "ban", "mandatory", "nostop"):
        round_sign(mesh, kind, seed)
    elif kind in ("yield", "warning"):
        turn = -np.pi / 2 if kind == "yield" else np.pi / 2
        polygon(mesh, (0, 0.012, 0), 0.5, 3, turn, SHEET_BACK)
        polygon(mesh, (0, 0, 0), 0.5, 3, turn, face(RED))
        polygon(mesh, (0, -0.006, 0), 0.35, 3, turn, face(SIGN_WHITE))
        if kind == "warning":
            glyph(mesh, (0, -0.012, -0.05), 0.12, 0.2, face(SIGN_BLACK), seed, 2)
    elif kind == "priority":
        for radius, tint, y in ((0.42, GREY_BACK, 0.012), (0.42, SIGN_WHITE, 0.0), (0.33, YELLOW, -0.006)):
            polygon(mesh, (0, y, 0), radius, 4, 0.0, face(tint))
    elif kind == "stop":
        for radius, tint, y in ((0.38, GREY_BACK, 0.012), (0.38, SIGN_WHITE, 0.0), (0.35, RED, -0.006)):
            polygon(mesh, (0, y, 0), radius, 8, np.pi / 8, face(tint))
        glyph(mesh, (0, -0.012, 0), 0.5, 0.2, face(SIGN_WHITE), seed, 4)
    else:
        board(mesh, kind, seed)
    return mesh


def round_sign(mesh: Mesh, kind: str, seed: int) -> None:
    """Prohibitions and orders."""
    polygon(mesh, (0, 0.012, 0), 0.3, 24, 0.0, SHEET_BACK)
    polygon(mesh, (0, 0, 0), 0.3, 24, 0.0, face(BLUE if kind == "mandatory" else RED))
    if kind != "mandatory":
        polygon(mesh, (0, -0.006, 0), 0.235, 24, 0.0, face(BLUE if kind == "nostop" else SIGN_WHITE))
    if kind == "limit":
        glyph(mesh, (0, -0.012, 0), 0.26, 0.2, face(SIGN_BLACK), seed, 2)
    if kind == "mandatory":
        shaft = [(-0.04, -0.008, -0.2), (0.04, -0.008, -0.2), (0.04, -0.008, 0.05), (-0.04, -0.008, 0.05)]
        mesh.quad(shaft, face(SIGN_WHITE))
        polygon(mesh, (0, -0.008, 0.07), 0.13, 3, np.pi / 2, face(SIGN_WHITE))
    if kind == "nostop":
        bar = [(-0.2, -0.012, -0.16), (-0.16, -0.012, -0.2), (0.2, -0.012, 0.16), (0.16, -0.012, 0.2)]
        mesh.quad(bar, face(RED))


def board(mesh: Mesh, kind: str, seed: int) -> None:
    """Rectangular signs: "parking", "crossing", "direction", "town", "gantry", "street", "chevron"."""
    width, height, tint, ink = {
        "parking": (0.6, 0.6, BLUE, SIGN_WHITE), "crossing": (0.6, 0.6, BLUE, SIGN_WHITE),
        "direction": (1.7, 0.45, YELLOW, SIGN_BLACK),
        "town": (1.1, 0.7, YELLOW, SIGN_BLACK), "gantry": (3.6, 2.2, BLUE, SIGN_WHITE),
        "street": (0.85, 0.2, BLUE, SIGN_WHITE),
        "white": (2.2, 1.6, SIGN_WHITE, SIGN_BLACK), "chevron": (1.6, 0.5, SIGN_WHITE, RED),
    }[kind]  # fmt: skip
    mesh.box((-width / 2, 0, -height / 2), (width / 2, 0.025, height / 2), Look("metal", SIGN, GREY_BACK))
    rim = 0.03 * height + 0.012
    mesh.quad(
        [
            (-width / 2, -0.004, -height / 2),
            (width / 2, -0.004, -height / 2),
            (width / 2, -0.004, height / 2),
            (-width / 2, -0.004, height / 2),
        ],
        face(ink),
    )
    x, z = width / 2 - rim, height / 2 - rim
    mesh.quad([(-x, -0.008, -z), (x, -0.008, -z), (x, -0.008, z), (-x, -0.008, z)], face(tint))
    if kind == "parking":
        glyph(mesh, (0, -0.012, 0), 0.2, 0.4, face(ink), seed, 2)
    elif kind == "crossing":
        polygon(mesh, (0, -0.012, -0.02), 0.27, 3, np.pi / 2, face(ink))
        glyph(mesh, (0, -0.016, -0.05), 0.12, 0.2, face(SIGN_BLACK), seed, 2)
    elif kind == "chevron":
        for k in range(4):
            a = -0.7 + 0.38 * k
            mesh.quad([(a, -0.012, -z), (a + 0.16, -0.012, -z), (a + 0.36, -0.012, z), (a + 0.2, -0.012, z)], face(ink))
    else:
        rows = max(1, round(height / 0.45))
        for row in range(rows):
            level = height / 2 - (row + 0.5) * height / rows
            glyph(
                mesh,
                (-width * 0.08, -0.012, level),
                width * 0.6,
                height / rows * 0.5,
                face(ink),
                seed + row,
                4 + (seed + row) % 4,
            )
            if kind in ("gantry", "white"):
                polygon(mesh, (width * 0.38, -0.012, level), 0.16, 3, 0.0, face(ink))


def sign_post(kinds: Sequence[str], seed: int = 0, height: float = 2.5) -> Mesh:
    """Signs on one pole, top down, facing -y."""
    mesh = Mesh()
    mesh.tube([(0, 0.05, 0), (0, 0.05, height + 0.28)], 0.033, GALVANISED, 8)
    z = height
    for kind in kinds:
        mesh.put(sign_plate(kind, seed), (0, 0, z))
        z -= {"warning": 0.72, "yield": 0.72, "priority": 0.7, "street": 0.3, "direction": 0.55}.get(kind, 0.64)
    return mesh


def big_board(kind: str, seed: int, clear: float = 2.2) -> Mesh:
    """A large direction board on two posts."""
    mesh = Mesh()
    width = 1.3
    for x in (-width * 0.6, width * 0.6):
        mesh.tube([(x, 0.06, 0), (x, 0.06, clear + 1.6)], 0.06, GALVANISED, 8)
    mesh.put(sign_plate(kind, seed), (0, 0, clear + 0.9))
    return mesh


def gantry(span: float, seed: int) -> Mesh:
    """Boards on a beam across the road from x = 0 to -span."""
    mesh = Mesh()
    for x in (0.0, -span):
        mesh.tube([(x, 0.1, 0), (x, 0.1, 6.4)], 0.16, GALVANISED, 10)
    for z in (5.7, 6.3):
        mesh.tube([(0, 0.1, z), (-span, 0.1, z)], 0.07, GALVANISED, 8)
    for k, x in enumerate(np.linspace(-span * 0.25, -span * 0.75, 2)):
        mesh.put(sign_plate("gantry", seed + k), (float(x), 0, 6.6))
    return mesh


def signal_head(lit: int) -> Mesh:
    """Three lamps in a black housing that faces -y; `lit` 0 red, 1 amber, 2 green."""
    mesh = Mesh()
    label = Label.TRAFFIC_LIGHT
    black = Look("plastic", label, (0.015, 0.016, 0.016))
    mesh.box((-0.15, 0, -0.45), (0.15, 0.2, 0.45), black)
    mesh.quad([(-0.21, 0.1, -0.52), (0.21, 0.1, -0.52), (0.21, 0.1, 0.52), (-0.21, 0.1, 0.52)], black)
    on: tuple[Colour, ...] = ((0.6, 0.01, 0.01), (0.6, 0.22, 0.01), (0.02, 0.42, 0.1))
    for k, z in enumerate((0.29, 0.0, -0.29)):
        dull = (on[k][0] * 0.08 + 0.01, on[k][1] * 0.08 + 0.01, on[k][2] * 0.08 + 0.01)
        polygon(
            mesh,
            (0, -0.006, z),
            0.1,
            16,
            0.0,
            Look("glow", label, (on[k][0] * 0.35, on[k][1] * 0.35, on[k][2] * 0.35))
            if k == lit
            else Look("paint", label, dull),
        )
        visor = [(-0.12, 0, z + 0.03), (-0.09, 0, z + 0.11), (0, 0, z + 0.14), (0.09, 0, z + 0.11), (0.12, 0, z + 0.03)]
        rim = np.array(visor)
        mesh.grid(np.stack([rim, rim + [0, -0.2, -0.02]]), black)
    return mesh


def traffic_light(lit: int, arm: float = 0.0) -> Mesh:
    """A signal on a pole; with an arm a second head hangs over the lane towards -x."""
    mesh = Mesh()
    top = 5.6 if arm else 3.4
    mesh.tube([(0, 0.15, 0), (0, 0.15, top)], 0.075 if arm else 0.055, GALVANISED, 10)
    mesh.put(signal_head(lit), (0, -0.1, 2.85))
    if arm:
        mesh.tube(
            [(0, 0.15, top - 0.1), (-arm * 0.5, 0.15, top + 0.12), (-arm, 0.15, top + 0.15)],
            [0.06, 0.05, 0.04],
            GALVANISED,
            8,
        )
        mesh.put(signal_head(lit), (-arm, -0.05, top - 0.1))
    mesh.box((-0.09, 0.0, 1.0), (0.09, 0.1, 1.3), Look("paint", Label.POLE, (0.6, 0.45, 0.03)))
    return mesh
