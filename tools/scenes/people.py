"""Persons, riders and what they ride: limbs as tapered tubes over a skeleton in a pose, dressed by colour."""

# ruff: noqa: RUF005 - what is added to lists here are arrays

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.scenes.labels import Label
from tools.scenes.mesh import Colour, Look, Mesh, Points, generator
from tools.scenes.vehicles import make_wheel

SKINS: tuple[Colour, ...] = ((0.5, 0.3, 0.22), (0.42, 0.25, 0.17), (0.3, 0.17, 0.11), (0.12, 0.065, 0.045))
CLOTHES: tuple[Colour, ...] = (
    (0.02, 0.025, 0.05), (0.03, 0.03, 0.032), (0.25, 0.24, 0.22), (0.24, 0.04, 0.045), (0.08, 0.13, 0.25),
    (0.5, 0.48, 0.44),
    (0.1, 0.14, 0.08), (0.16, 0.09, 0.05), (0.45, 0.3, 0.06), (0.14, 0.07, 0.12),
)  # fmt: skip
HAIRS: tuple[Colour, ...] = ((0.02, 0.014, 0.01), (0.06, 0.03, 0.015), (0.2, 0.12, 0.05), (0.25, 0.24, 0.23))


@dataclass(frozen=True)
class Wardrobe:
    """Looks of one person."""

    skin: Look
    hair: Look
    top: Look
    legs: Look
    shoes: Look


def dress(rng: np.random.Generator, label: Label) -> Wardrobe:
    """Random clothes."""
    choose = lambda options: options[int(rng.integers(len(options)))]  # noqa: E731
    return Wardrobe(
        Look("skin", label, choose(SKINS), smooth=True), Look("cloth", label, choose(HAIRS), smooth=True),
        Look("cloth", label, choose(CLOTHES), smooth=True),
        Look("cloth", label, choose(CLOTHES[:5]), smooth=True), Look("rubber", label, (0.03, 0.025, 0.02), smooth=True),
    )  # fmt: skip


def bend(start: Points, lengths: tuple[float, float], first: float, second: float, outward: float) -> Points:
    """Joints of a limb that hangs from `start`: angles forward from straight down, radians."""
    joints = [start]
    for length, angle in zip(lengths, (first, second), strict=True):
        joints.append(joints[-1] + length * np.array([outward, np.sin(angle), -np.cos(angle)]))
    return np.array(joints)


def walker(seed: int, label: Label = Label.PERSON) -> Mesh:
    """A walking or standing person facing +y, feet on the ground."""
    rng = generator(seed, "walker")
    mesh, wear = Mesh(), dress(rng, label)
    stride = rng.uniform(0.15, 0.5) if rng.uniform() < 0.75 else 0.04
    hip = 0.93 - 0.12 * stride
    for side, swing in ((-1, stride), (1, -stride)):
        knee = swing - (0.12 + 0.5 * stride if swing < 0 else 0.03)
        leg = bend(np.array([side * 0.09, 0, hip]), (0.44, 0.43), swing, knee, side * 0.02)
        lower = leg[-1] - [0, 0, 0]
        mesh.tube(
            [leg[0], leg[1] * 0.5 + leg[0] * 0.5, leg[1], leg[1] * 0.4 + leg[2] * 0.6, leg[2]],
            [0.095, 0.085, 0.065, 0.06, 0.05],
            wear.legs,
            9,
        )
        foot = lower + [0, 0.06, -0.035]
        mesh.ellipsoid((foot[0], foot[1], max(foot[2], 0.045)), (0.05, 0.135, 0.048), wear.shoes, 6, 9)
        arm = bend(np.array([side * 0.175, 0, hip + 0.5]), (0.29, 0.27), -swing * 0.9, -swing * 0.9 + 0.3, side * 0.07)
        mesh.tube(
            [arm[0] + [-side * 0.04, 0, -0.01], arm[0] - [0, 0, 0.03], arm[1], arm[2]],
            [0.03, 0.055, 0.046, 0.035],
            wear.top,
            8,
        )
        mesh.ellipsoid(arm[2] + [0, 0.02, -0.06], (0.03, 0.045, 0.07), wear.skin, 6, 8)
    torso(mesh, wear, np.array([0, 0, hip]), np.array([0, 0.03, hip + 0.56]), rng)
    return mesh


def torso(mesh: Mesh, wear: Wardrobe, hip: Points, neck: Points, rng: np.random.Generator) -> None:
    """Trunk from hip to neck, neck, head and hair."""
    share = np.array([-0.12, 0.0, 0.25, 0.55, 0.8, 0.93, 1.0])
    across, through = (
        np.array([0.155, 0.17, 0.15, 0.175, 0.19, 0.155, 0.065]),
        np.array([0.11, 0.12, 0.105, 0.12, 0.115, 0.085, 0.055]),
    )
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    rings = []
    for s, a, b in zip(share, across * rng.uniform(0.94, 1.16), through * rng.uniform(0.95, 1.25), strict=True):
        centre = hip + (neck - hip) * s
        rings.append(np.stack([centre[0] + a * np.cos(turn), centre[1] + b * np.sin(turn), np.full(14, centre[2])], 1))
    mesh.grid(np.array(rings), wear.top, closed=True)
    lean = (neck - hip) / np.linalg.norm(neck - hip)
    head = neck + lean * 0.05 + np.array([0, 0.03, 0.1])
    mesh.tube([neck - lean * 0.05, head - [0, 0.02, 0.05]], [0.055, 0.05], wear.skin, 8)
    mesh.ellipsoid(head, (0.077, 0.095, 0.118), wear.skin, 9, 12)
    mesh.ellipsoid(head + [0, -0.022, 0.028], (0.086, 0.095, 0.108), wear.hair, 8, 12)
    if rng.uniform() < 0.35:
        mesh.ellipsoid(head + [0, -0.07, -0.08], (0.07, 0.045, 0.13), wear.hair, 7, 10)
    if rng.uniform() < 0.3:
        mesh.ellipsoid(
            hip + (neck - hip) * 0.62 + [0, -0.2, 0],
            (0.14, 0.09, 0.2),
            Look("cloth", wear.top.label, CLOTHES[int(rng.integers(10))], True),
            7,
            10,
        )


def seated(
    mesh: Mesh,
    wear: Wardrobe,
    seat: Points,
    grip: Points,
    pedals: tuple[Points, Points],
    lean: float,
    rng: np.random.Generator,
) -> None:
    """A rider between saddle, handlebar and pedals."""
    neck = seat + np.array([0, 0.52 * np.sin(lean), 0.54 * np.cos(lean)])
    torso(mesh, wear, seat + [0, 0, 0.06], neck, rng)
    for side, pedal in zip((-1, 1), pedals, strict=True):
        hip = seat + [side * 0.1, 0.02, 0.06]
        knee = (hip + pedal) / 2 + np.array([side * 0.03, 0.2, 0.12])
        mesh.tube(
            [hip, (hip + knee) / 2, knee, (knee + pedal) / 2, pedal + [0, 0, 0.06]],
            [0.1, 0.085, 0.065, 0.06, 0.045],
            wear.legs,
            9,
        )
        mesh.ellipsoid(pedal + [0, 0.06, 0.03], (0.048, 0.13, 0.045), wear.shoes, 6, 9)
        shoulder, hand = neck + [side * 0.18, 0, -0.06], grip * [side, 1, 1]
        elbow = (shoulder + hand) / 2 + np.array([side * 0.07, -0.04, -0.05])
        mesh.tube([shoulder, elbow, hand], [0.06, 0.047, 0.036], wear.top, 8)
        mesh.ellipsoid(hand, (0.035, 0.05, 0.035), wear.skin, 6, 8)


def hoop(mesh: Mesh, centre: Points, radius: float, thick: float, look: Look) -> None:
    """A tyre in the y-z plane."""
    turn = np.linspace(0, 2 * np.pi, 29)
    line = np.stack([np.full(29, centre[0]), centre[1] + radius * np.cos(turn), centre[2] + radius * np.sin(turn)], 1)
    mesh.tube(line, thick, look, 6)


def bicycle(tint: Colour, rider: int | None = None) -> Mesh:
    """A bicycle along +y; with a rider's seed, somebody on it."""
    mesh, label = Mesh(), Label.BICYCLE
    rubber, steel = (
        Look("rubber", label, (0.02, 0.02, 0.02), smooth=True),
        Look("metal", label, (0.4, 0.4, 0.41), smooth=True),
    )
    frame = Look("paint", label, tint, smooth=True)
    rear, front, crank = np.array([0, -0.52, 0.34]), np.array([0, 0.54, 0.34]), np.array([0, -0.08, 0.29])
    saddle, head = np.array([0, -0.24, 0.92]), np.array([0, 0.38, 0.88])
    for hub in (rear, front):
        hoop(mesh, hub, 0.325, 0.02, rubber)
        hoop(mesh, hub, 0.3, 0.01, steel)
        for k in range(10):
            turn = 2 * np.pi * k / 10
            mesh.tube([hub, hub + [0, 0.3 * np.cos(turn), 0.3 * np.sin(turn)]], 0.0025, steel, 3)
    for a, b in (
        (rear, crank),
        (crank, saddle),
        (crank, head - [0, 0, 0.08]),
        (saddle - [0, -0.03, 0.12], head),
        (rear, saddle - [0, -0.02, 0.14]),
        (head + [0, 0, 0.06], front),
    ):
        mesh.tube([a, b], 0.018, frame, 7)
    mesh.tube([head, head + [0, -0.03, 0.17]], 0.016, steel, 6)
    mesh.tube(
        [
            head + [-0.29, -0.12, 0.19],
            head + [-0.12, -0.01, 0.18],
            head + [0.12, -0.01, 0.18],
            head + [0.29, -0.12, 0.19],
        ],
        0.014,
        steel,
        6,
    )
    mesh.ellipsoid(saddle + [0, 0, 0.03], (0.075, 0.13, 0.035), rubber, 6, 9)
    mesh.grid(
        np.stack(
            [
                np.stack([np.full(9, x), rear[1] + 0.36 * np.cos(t), rear[2] + 0.36 * np.sin(t)], 1)
                for x, t in ((-0.025, np.linspace(0.5, 3.1, 9)), (0.025, np.linspace(0.5, 3.1, 9)))
            ]
        ),
        frame,
    )
    mesh.box((-0.06, -0.78, 0.7), (0.06, -0.4, 0.72), steel)
    pedals = (crank + [-0.12, 0.12, 0.1], crank + [0.12, -0.12, -0.12])
    if rider is not None:
        rng = generator(rider, "rider")
        seated(
            mesh,
            dress(rng, Label.RIDER),
            saddle + [0, 0, 0.05],
            head + [0.28, -0.12, 0.2],
            pedals,
            rng.uniform(0.2, 0.45),
            rng,
        )
    return mesh


def motorcycle(tint: Colour, rider: int | None = None) -> Mesh:
    """A motorcycle or scooter along +y."""
    mesh, label = Mesh(), Label.MOTORCYCLE
    wheel = make_wheel(0.31, 0.13, label)
    paint, dark = Look("paint", label, tint, smooth=True), Look("plastic", label, (0.02, 0.02, 0.02), smooth=True)
    steel = Look("chrome", label, (0.5, 0.5, 0.5), smooth=True)
    for y in (-0.66, 0.72):
        mesh.put(wheel, (0, y, 0.31))
        mesh.put(wheel, (0, y, 0.31), np.pi)
    mesh.ellipsoid((0, 0.18, 0.78), (0.17, 0.3, 0.15), paint, 9, 14)
    mesh.ellipsoid((0, -0.4, 0.78), (0.14, 0.42, 0.09), dark, 8, 14)
    mesh.ellipsoid((0, 0.05, 0.46), (0.2, 0.32, 0.2), Look("metal", label, (0.2, 0.2, 0.2), smooth=True), 8, 12)
    mesh.ellipsoid((0, 0.55, 0.9), (0.13, 0.16, 0.16), paint, 8, 12)
    mesh.disc((0, 0.72, 0.9), 0.09, Look("headlamp", label), (0, 1, 0))
    mesh.ellipsoid((0, -0.8, 0.82), (0.08, 0.06, 0.05), Look("taillamp", label), 6, 8)
    for x in (-0.1, 0.1):
        mesh.tube([(x, 0.72, 0.31), (x, 0.5, 1.0)], 0.025, steel, 7)
    mesh.tube([(0.17, -0.1, 0.35), (0.18, -0.85, 0.42)], [0.04, 0.055], steel, 9)
    mesh.tube([(-0.36, 0.3, 1.06), (-0.1, 0.46, 1.04), (0.1, 0.46, 1.04), (0.36, 0.3, 1.06)], 0.016, dark, 6)
    mesh.box((-0.1, -0.97, 0.55), (0.1, -0.94, 0.72), Look("plate", label))
    if rider is not None:
        rng = generator(rider, "biker")
        wear = dress(rng, Label.RIDER)
        pedals = (np.array([-0.2, -0.12, 0.3]), np.array([0.2, -0.12, 0.3]))
        seated(mesh, wear, np.array([0, -0.28, 0.86]), np.array([0.35, 0.3, 1.07]), pedals, 0.25, rng)
        mesh.ellipsoid(
            (0, -0.28 + 0.2, 1.62), (0.135, 0.15, 0.155), Look("carglass", Label.RIDER, (1, 1, 1), smooth=True), 9, 12
        )
    return mesh
