"""The road and what lies beside it: a curved axis, strips along both sides, side roads with rounded corners, markings.

Places are given as (s, t): metres along the axis and metres to its right (negative: left).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tools.scenes.labels import Label
from tools.scenes.mesh import Look, Mesh, Points

FAR = 75.0
Array = NDArray[np.float64]


class Axis:
    """A road axis of given curvature and slope, tabulated every half metre from 40 m behind the camera."""

    def __init__(
        self,
        bends: Sequence[tuple[float, float]] = (),
        hills: Sequence[tuple[float, float]] = (),
        length: float = 420.0,
    ) -> None:
        """Make an axis.

        Args:
            bends: (s, curvature in 1/m to the right) pairs, linear in between (clothoids).
            hills: (s, slope) pairs, linear in between.
            length: metres ahead of the camera.
        """
        self.s = np.arange(-40.0, length, 0.5)
        curvature = np.interp(self.s, *np.array(bends).T) if bends else np.zeros_like(self.s)
        slope = np.interp(self.s, *np.array(hills).T) if hills else np.zeros_like(self.s)
        zero = int(np.argmin(np.abs(self.s)))
        self.psi = self._sum(curvature, zero)
        self.x, self.y, self.z = (self._sum(rate, zero) for rate in (np.sin(self.psi), np.cos(self.psi), slope))

    @staticmethod
    def _sum(rate: Array, zero: int) -> Array:
        total = np.concatenate([[0], np.cumsum((rate[1:] + rate[:-1]) * 0.25)])
        return np.asarray(total - total[zero])

    def heading(self, s: ArrayLike) -> Array:
        """Angle of the axis to the right of +y, radians."""
        return np.interp(s, self.s, self.psi)

    def place(self, s: ArrayLike, t: ArrayLike, z: ArrayLike = 0.0) -> Points:
        """(..., 3) world points of road places, `z` above the road."""
        s, t, z = np.broadcast_arrays(np.asarray(s, float), np.asarray(t, float), np.asarray(z, float))
        psi = self.heading(s)
        x = np.interp(s, self.s, self.x) + t * np.cos(psi)
        y = np.interp(s, self.s, self.y) - t * np.sin(psi)
        return np.stack([x, y, np.interp(s, self.s, self.z) + z], axis=-1)


@dataclass(frozen=True)
class Strip:
    """A ribbon beside the road: outward steps from its inner edge and heights there.

    Attributes:
        kind: what the layout may put on it.
        profile: (outward offset from the strip's inner edge, height) points.
        look: material and class.
        rough: height of the waves that the ground gets towards the outside, metres.
    """

    kind: str
    profile: tuple[tuple[float, float], ...]
    look: Look
    rough: float = 0.0

    @property
    def width(self) -> float:
        """Offset of the outer edge."""
        return self.profile[-1][0]


@dataclass(frozen=True)
class SideRoad:
    """An opening in one side (-1 left, 1 right) around `s`."""

    s: float
    side: int
    half: float = 3.2
    radius: float = 5.0


@dataclass
class Corridor:
    """The road and its strips; `edges` are the t of its left and right kerb."""

    axis: Axis
    edges: tuple[float, float]
    strips: dict[int, tuple[Strip, ...]]
    road: Look
    openings: tuple[SideRoad, ...] = ()
    phase: tuple[float, ...] = field(default=(0.3, 1.7, 4.1, 2.2))
    end: float = 400.0

    def offset_of(self, side: int, kind: str) -> tuple[float, float]:
        """Inner and outer |t| of the first strip of a kind.

        Raises:
            KeyError: where there is none on that side.
        """
        at = abs(self.edges[0 if side < 0 else 1])
        for strip in self.strips[side]:
            if strip.kind == kind:
                return at, at + strip.width
            at += strip.width
        raise KeyError(kind)

    def has(self, side: int, kind: str) -> bool:
        """Whether a side has a strip of a kind."""
        return any(strip.kind == kind for strip in self.strips[side])

    def height(self, s: float, t: float) -> float:
        """Height of the ground above the axis at a place."""
        side = -1 if t < 0 else 1
        out = abs(t) - abs(self.edges[0 if side < 0 else 1])
        for strip in self.strips[side]:
            if out <= strip.width:
                break
            out -= strip.width
        if out < 0:
            return 0.0
        offsets, heights = np.array(strip.profile).T
        return float(np.interp(out, offsets, heights) + self.waves(np.array(s), np.array(out), strip))

    def waves(self, s: Array, out: Array, strip: Strip) -> Array:
        """Gentle relief that grows from nothing at the strip's inner edge."""
        if not strip.rough:
            return np.zeros(np.broadcast(s, out).shape)
        a, b, c, d = self.phase
        wave = (
            np.sin(s * 0.11 + a) * np.sin(out * 0.21 + b)
            + 0.45 * np.sin(s * 0.31 + c + out * 0.1)
            + 0.25 * np.sin(out * 0.9 + d + s * 0.5)
        )
        return np.asarray(strip.rough * wave * np.clip(out / 6, 0, 1))

    def blocked(self, s: float, side: int, margin: float = 0.0) -> bool:
        """Whether a place beside the road falls into a side road."""
        return any(o.side == side and abs(s - o.s) < o.half + margin for o in self.openings)

    def boundary(self, side: int, offset: float, s: Array) -> Array:
        """|t| of the line `offset` outside the kerb, swung around the corners of side roads."""
        base = abs(self.edges[0 if side < 0 else 1]) + offset
        line = np.full_like(s, base)
        for opening in self.openings:
            if opening.side != side:
                continue
            away = np.abs(s - opening.s) - (opening.half + offset)
            radius = max(opening.radius - offset, 0.0)
            swing = radius - np.sqrt(np.clip(radius**2 - np.clip(radius - away, 0, radius) ** 2, 0, None))
            line = np.where(away < 0, FAR, np.maximum(line, base + np.where(away < radius, swing, 0)))
        return np.minimum(line, FAR)

    def sample(self) -> Array:
        """(n,) s of the cross-sections: dense near the camera and at corners."""
        values = [np.arange(-20, 60, 1.0), np.arange(60, self.end, 3.0)]
        for opening in self.openings:
            offsets = [0.0]
            for strip in self.strips[opening.side]:
                offsets += [offsets[-1] + out for out, _ in strip.profile] if offsets[-1] < 14 else []
            for offset in sorted(set(offsets)):
                edge = opening.half + offset
                curve = np.linspace(0, max(opening.radius - offset, 0), 9)
                for sign in (-1, 1):
                    values += [
                        opening.s + sign * (edge + curve),
                        opening.s + sign * np.array([edge - 1e-3, edge + 1e-3]),
                    ]
        return np.unique(np.concatenate(values))

    def build(self, mesh: Mesh) -> None:
        """Add the ground of the whole scene."""
        s = self.sample()
        left, right = self.edges
        across = np.linspace(left, right, 7)
        self._sheet(mesh, s, np.broadcast_to(across, (len(s), 7)), np.zeros((len(s), 7)), self.road)
        for opening in self.openings:
            reach = opening.half + opening.radius + 0.6
            along = np.linspace(opening.s - reach, opening.s + reach, 25)
            edge = self.edges[0 if opening.side < 0 else 1] * 0.9
            t = np.linspace(edge, opening.side * FAR, 25)
            self._sheet(mesh, along, np.broadcast_to(t, (25, 25)), np.full((25, 25), -0.012), self.road)
        for side in (-1, 1):
            base = 0.0
            for strip in self.strips[side]:
                self._strip(mesh, side, base, strip, s)
                base += strip.width

    def _strip(self, mesh: Mesh, side: int, base: float, strip: Strip, s: Array) -> None:
        lines, heights = [], []
        for offset, height in strip.profile:
            t = self.boundary(side, base + offset, s)
            lines.append(t)
            heights.append(height + self.waves(s, np.full_like(s, offset), strip))
        t, z = np.stack(lines, 1) * side, np.stack(heights, 1)
        self._sheet(mesh, s, t, z, strip.look)

    def _sheet(self, mesh: Mesh, s: Array, t: Array, z: Array, look: Look) -> None:
        along = np.broadcast_to(s[:, None], t.shape)
        texture = np.stack([t, along, np.zeros_like(t)], -1)
        points = self.axis.place(along, t, z)
        mesh.grid(
            points if t[0, -1] > t[0, 0] else points[:, ::-1], look, texture if t[0, -1] > t[0, 0] else texture[:, ::-1]
        )

    def line(
        self,
        mesh: Mesh,
        t: float,
        start: float,
        stop: float,
        width: float = 0.12,
        look: Look | None = None,
        z: float = 0.004,
    ) -> None:
        """Paint a line along the road."""
        count = max(2, int((stop - start) / 1.5) + 1)
        s = np.linspace(start, stop, count)
        across = np.broadcast_to([t - width / 2, t + width / 2], (count, 2))
        self._sheet(mesh, s, across, np.full((count, 2), z), look or LANE)

    def dashes(
        self,
        mesh: Mesh,
        t: float,
        dash: float = 3.0,
        gap: float = 6.0,
        start: float = -10.0,
        stop: float = 250.0,
        width: float = 0.12,
    ) -> None:
        """Paint a broken line along the road."""
        for s in np.arange(start, stop, dash + gap):
            self.line(mesh, t, float(s), float(s) + dash, width)

    def patch(self, mesh: Mesh, s: float, t: float, size: tuple[float, float], look: Look, z: float = 0.004) -> None:
        """Lay a rectangle of `size` (along, across) centred on a place."""
        along, across = size
        self.line(mesh, t, s - along / 2, s + along / 2, across, look, z)


LANE = Look("lane", Label.ROAD)
ASPHALT = Look("asphalt", Label.ROAD, (0.115, 0.113, 0.11), smooth=True)
KERB = Look("concrete", Label.SIDEWALK, (0.36, 0.35, 0.335))
TILES = Look("tiles", Label.SIDEWALK, (0.27, 0.26, 0.25))
GRASS = Look("grass", Label.TERRAIN, (1, 1, 1), smooth=True)


def kerb(height: float = 0.11) -> Strip:
    """A kerb stone; Cityscapes counts it as sidewalk."""
    return Strip("kerb", ((0, -0.02), (0.015, height), (0.13, height + 0.005)), KERB)


def pavement(width: float, look: Look = TILES, height: float = 0.115) -> Strip:
    """A sidewalk behind a kerb."""
    return Strip("sidewalk", ((0, height), (width, height + 0.02)), look)


def verge(width: float, height: float = 0.05, kind: str = "verge", look: Look = GRASS, rise: float = 0.05) -> Strip:
    """A band of grass."""
    return Strip(
        kind, ((0, height - 0.04), (0.08, height), (width * 0.5, height + rise / 2), (width, height + rise)), look
    )


def land(rise: float = 1.5, look: Look = GRASS, rough: float = 0.35, height: float = 0.1) -> Strip:
    """Everything beyond the last strip, out to the horizon."""
    steps = (0, 0.5, 1.5, 3, 5, 8, 12, 17, 23, 30, 40, 55, 75, 120, 220)
    return Strip("land", tuple((float(out), height + rise * (1 - np.exp(-out / 14))) for out in steps), look, rough)
