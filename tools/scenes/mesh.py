"""Meshes as plain arrays: every face carries its material, its class and its tint, every point a texture coordinate.

Nothing here knows Blender, so the whole geometry of a scene can be made, compared and tested without it.
Local frames: x right, y forward, z up, metres.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tools.scenes.labels import Label

Points = NDArray[np.float64]
Colour = tuple[float, float, float]
WHITE: Colour = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Look:
    """What a face is made of and what it is.

    Attributes:
        material: name of a material in `materials.py`.
        label: class of article A.
        tint: linear RGB that the material multiplies with.
        smooth: whether neighbours share a normal.
    """

    material: str
    label: Label
    tint: Colour = WHITE
    smooth: bool = False

    def tinted(self, tint: Colour) -> Look:
        """The same material and class in another colour."""
        return Look(self.material, self.label, tint, self.smooth)

    def smoothed(self) -> Look:
        """The same look with shared normals."""
        return Look(self.material, self.label, self.tint, True)


@dataclass
class Part:
    """One batch of faces that share a look (or carry one tint each)."""

    points: Points
    faces: NDArray[np.int64]
    look: Look
    texture: Points
    tints: NDArray[np.float64] | None = None


@dataclass
class Mesh:
    """A growing list of parts; shapes are added by the methods and returned for chaining."""

    parts: list[Part] = field(default_factory=list)

    def add(
        self, points: ArrayLike, faces: ArrayLike, look: Look, texture: ArrayLike | None = None,
        tints: NDArray[np.float64] | None = None,
    ) -> Mesh:  # fmt: skip
        """Add (n, 3) points and (m, 3) or (m, 4) faces; `texture` (n, 3) defaults to the points."""
        array = np.asarray(points, float).reshape(-1, 3)
        corners = np.asarray(faces, np.int64)
        coordinates = array if texture is None else np.asarray(texture, float).reshape(-1, 3)
        self.parts.append(Part(array, corners.reshape(-1, corners.shape[-1]), look, coordinates, tints))
        return self

    def quad(self, corners: ArrayLike, look: Look, texture: ArrayLike | None = None) -> Mesh:
        """One four-cornered face."""
        return self.add(corners, [[0, 1, 2, 3]], look, texture)

    def box(self, low: Sequence[float], high: Sequence[float], look: Look) -> Mesh:
        """An axis-aligned box with its own corners on each side, so that edges stay sharp."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        corners = np.array([(x, y, z) for z in (z0, z1) for y in (y0, y1) for x in (x0, x1)])
        sides = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
        points = corners[np.array(sides).ravel()]
        texture = points.copy()
        texture[8:16, 1] = points[8:16, 2]  # front and back: x, z
        texture[16:24, 0], texture[16:24, 1] = points[16:24, 1], points[16:24, 2]
        return self.add(points, np.arange(24).reshape(6, 4), look, texture)

    def grid(self, points: Points, look: Look, texture: Points | None = None, closed: bool = False) -> Mesh:
        """A (rows, columns, 3) surface of quads; `closed` joins the last column to the first."""
        rows, columns = points.shape[:2]
        index = np.arange(rows * columns).reshape(rows, columns)
        right = np.roll(index, -1, axis=1) if closed else index[:, 1:]
        left = index if closed else index[:, :-1]
        faces = np.stack([left[:-1], right[:-1], right[1:], left[1:]], axis=-1).reshape(-1, 4)
        return self.add(points, faces, look, None if texture is None else texture.reshape(-1, 3))

    def tube(self, line: ArrayLike, radii: ArrayLike, look: Look, sides: int = 6, squash: float = 1.0) -> Mesh:
        """A tapered tube along (n, 3) points with (n,) radii, capped at both ends."""
        axis = np.asarray(line, float)
        rings = ring_frames(axis, np.broadcast_to(np.asarray(radii, float), len(axis)), sides, squash)
        around = np.linspace(0, 1, sides, endpoint=False)
        lengths = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(axis, axis=0), axis=1))])
        texture = np.stack(np.broadcast_arrays(around[None] * 0.5, lengths[:, None], 0.0), axis=-1)
        self.grid(rings, look, texture, closed=True)
        for ring in (rings[0][::-1], rings[-1]):
            fan = [(0, k, k + 1) for k in range(1, sides - 1)]
            self.add(ring, fan, look)
        return self

    def ellipsoid(self, centre: ArrayLike, radii: ArrayLike, look: Look, rows: int = 8, columns: int = 12) -> Mesh:
        """A closed ball stretched along the axes."""
        polar = np.linspace(0.02, np.pi - 0.02, rows)[:, None]
        turn = np.linspace(0, 2 * np.pi, columns, endpoint=False)[None]
        unit = np.stack(
            np.broadcast_arrays(np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)), -1
        )
        return self.grid(unit[::-1] * np.asarray(radii, float) + np.asarray(centre, float), look, closed=True)

    def disc(
        self, centre: ArrayLike, radius: float, look: Look, normal: ArrayLike = (0, -1, 0), sides: int = 20
    ) -> Mesh:
        """A flat disc that faces along `normal`."""
        axis = np.asarray(normal, float)
        ring = ring_frames(np.array([centre, np.asarray(centre) + axis]), np.full(2, radius), sides, 1.0)[0]
        return self.add(ring, [(0, k, k + 1) for k in range(1, sides - 1)], look)

    def put(self, other: Mesh, position: ArrayLike = (0, 0, 0), yaw: float = 0.0, scale: float = 1.0) -> Mesh:
        """Copy another mesh in, scaled, turned about z (counter-clockwise, radians) and moved."""
        turn = yaw_matrix(yaw) * scale
        offset = np.asarray(position, float)
        for part in other.parts:
            self.parts.append(Part(part.points @ turn.T + offset, part.faces, part.look, part.texture, part.tints))
        return self

    @property
    def face_count(self) -> int:
        """Number of faces of all parts."""
        return sum(len(part.faces) for part in self.parts)

    def digest(self) -> str:
        """Hash of all geometry, classes and tints: equal digests mean equal meshes."""
        state = hashlib.blake2b(digest_size=16)
        for part in self.parts:
            state.update(np.round(part.points, 6).astype("<f8").tobytes() + part.faces.astype("<i8").tobytes())
            state.update(repr(part.look).encode())
            if part.tints is not None:
                state.update(np.round(part.tints, 6).astype("<f8").tobytes())
        return state.hexdigest()


def yaw_matrix(yaw: float) -> Points:
    """(3, 3) rotation about z, counter-clockwise seen from above."""
    cosine, sine = np.cos(yaw), np.sin(yaw)
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1.0]])


def ring_frames(axis: Points, radii: NDArray[np.float64], sides: int, squash: float) -> Points:
    """(n, sides, 3) rings around an axis, without twist from one to the next."""
    steps = np.gradient(axis, axis=0)
    steps /= np.maximum(np.linalg.norm(steps, axis=1, keepdims=True), 1e-9)
    first = steps[0]
    helper = np.array([0, 1.0, 0]) if abs(first[1]) < 0.9 else np.array([1.0, 0, 0])
    side = np.cross(first, helper)
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None]
    rings = np.empty((len(axis), sides, 3))
    for k, step in enumerate(steps):
        side = side - step * (side @ step)
        side /= max(float(np.linalg.norm(side)), 1e-9)
        up = np.cross(step, side)
        rings[k] = axis[k] + radii[k] * (np.cos(turn) * side + np.sin(turn) * up * squash)
    return rings


def generator(seed: int, *names: object) -> np.random.Generator:
    """A random stream that depends on the seed and on what it is for, not on what was drawn before."""
    digest = hashlib.blake2b(repr((seed, *names)).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "little"))
