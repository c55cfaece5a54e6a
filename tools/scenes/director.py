"""Sets a scene: puts models along a corridor without letting them touch, in rows, crowds and streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from tools.scenes.furniture import wire
from tools.scenes.gardener import Gardener
from tools.scenes.labels import Label
from tools.scenes.mesh import Colour, Look, generator
from tools.scenes.models import SIGN_SETS, make_model
from tools.scenes.scene import Camera, Sky
from tools.scenes.vehicles import BODIES, CAR_COLOURS

PIECES = {"hedge": 4.0, "wall": 4.0, "rail": 4.0, "noisewall": 5.0}  # metres; fences 2.5
COMMON_CARS = ("hatchback", "hatchback", "estate", "estate", "saloon", "minivan", "micro", "suv", "van")
LINE = Look("lane", Label.ROAD)


@dataclass(frozen=True)
class Posts:
    """Where signs, signals, lamps and poles stand besides those that a theme has put in place itself.

    Attributes:
        lines: (side, |t|) they stand on.
        models: to choose from; "sign" and "signal" draw which one.
        gap: metres between two, from and to.
        stop: metres ahead of the last.
    """

    lines: Sequence[tuple[int, float]] = ()
    models: Sequence[str] = ("sign",)
    gap: tuple[float, float] = (7.0, 16.0)
    stop: float = 70.0


@dataclass
class Director(Gardener):
    """Builds one scene on one corridor.

    Attributes:
        posts: which posts `place_posts` adds.
    """

    posts: Posts = field(default_factory=Posts)

    def vehicle(
        self,
        model: str,
        s: float,
        t: float,
        yaw: float = 0.0,
        colour: Colour | None = None,
        half: tuple[float, float] | None = None,
    ) -> bool:
        """Place a vehicle if nothing is in its way."""
        if half is None:
            body = BODIES[model.split(":")[1]]
            half = (body.length / 2 + 0.3, body.width / 2)
        along = np.arange(-half[0] + half[1] * 0.8, half[0] - half[1] * 0.8 + 0.01, half[1] * 0.9)
        circles = [(s + a * np.cos(yaw), t - a * np.sin(yaw), half[1]) for a in along]
        if not self.claim(circles):
            return False
        paint = colour or CAR_COLOURS[int(self.rng.integers(len(CAR_COLOURS)))]
        self.put(model, s, t, yaw, 1.0, paint, count=True)
        return True

    def car(self, s: float, t: float, yaw: float = 0.0, kinds: Sequence[str] = COMMON_CARS) -> bool:
        """A random car."""
        return self.vehicle(f"car:{self.choose(kinds)}", s, t, yaw + self.rng.normal(0, 0.012))

    def parked(self, side: int, t: float, start: float, stop: float, density: float = 0.8, angle: float = 0.0) -> None:
        """A row of parked cars; `angle` 0 parallel to the kerb, pi/2 nose to it."""
        s = start
        while s < stop:
            gap = self.rng.uniform(5.2, 6.1) if angle == 0 else self.rng.uniform(2.65, 3.0)
            if self.chance(density) and not self.corridor.blocked(s, side, 3.5):
                turn = (
                    (0.0 if side > 0 or self.chance(0.4) else np.pi)
                    if angle == 0
                    else -side * angle * (1 if self.chance(0.6) else -1)
                )
                self.car(s + self.rng.uniform(-0.2, 0.2), side * (t + self.rng.normal(0, 0.07)), turn)
            s += gap

    def stream(self, t: float, start: float, stop: float, gap: tuple[float, float], oncoming: bool) -> None:
        """Driving cars in one lane."""
        s = start
        while s < stop:
            self.car(s, t + self.rng.normal(0, 0.12), np.pi if oncoming else 0.0)
            s += self.rng.uniform(*gap)

    def fence(
        self,
        side: int,
        t: float,
        model: str,
        start: float,
        stop: float,
        holes: Sequence[tuple[float, float]] = (),
    ) -> None:
        """A run of fence, wall, hedge or guard rail pieces; `holes` are (s, half width) left open."""
        piece = PIECES.get(model.split(":")[0], 2.5)
        s = start
        turn = 0.0 if side > 0 else np.pi
        while s < stop:
            shut = self.corridor.blocked(
                s, side, piece / 2 + (t - abs(self.corridor.edges[0 if side < 0 else 1])) * 0.9
            )
            if not shut and all(abs(s - hole) > half for hole, half in holes):
                self.put(model if "hedge" not in model else f"{model}:{self.rng.integers(3)}", s, side * t, turn)
                self.claims += [(s + a, side * t, 0.35) for a in np.arange(-piece / 2 + 0.35, piece / 2, 0.7)]
            s += piece

    def houses(
        self, side: int, t: float, kind: str, start: float, stop: float, gap: tuple[float, float], setback: float = 0.0
    ) -> None:
        """A row of houses whose fronts stand at |t| (plus up to `setback`)."""
        s = start
        while s < stop:
            name = f"house:{kind}:{self.rng.integers(24)}"
            mesh = make_model(name)
            points = np.concatenate([part.points for part in mesh.parts])
            half = float(np.abs(points[:, 0]).max()) - 0.12
            s += half
            if not self.corridor.blocked(s, side, half + 3.0):
                back = t + self.rng.uniform(0, setback)
                self.put(name, s, side * back, self.facing(side), lift=-0.05)
                depth = float(points[:, 1].max())
                self.claims += [
                    (s + a, side * (back + b), 2.6)
                    for a in np.arange(-half + 2.2, half - 1.5, 3.5)
                    for b in (2.7, depth - 2.2)
                ]
            s += half + self.rng.uniform(*gap)

    def lamps(self, side: int, t: float, model: str, start: float, stop: float, gap: float) -> None:
        """Street lamps whose arms reach over the road."""
        for s in np.arange(start, stop, gap):
            if not self.corridor.blocked(float(s), side, 1.0) and self.claim([(float(s), side * t, 0.25)]):
                self.put(model, float(s), side * t, 0.0 if side > 0 else np.pi)

    def sign(self, side: int, s: float, t: float, which: int | None = None, toward: bool = True) -> None:
        """A sign post; its face looks at oncoming drivers of our direction or, from behind, shows its back."""
        if self.corridor.blocked(s, side, 0.5) or not self.claim([(s, side * t, 0.3)]):
            return
        number = int(self.rng.integers(len(SIGN_SETS))) if which is None else which
        self.put(
            f"sign:{number}:{self.rng.integers(6)}", s, side * t, (0.0 if toward else np.pi) + self.rng.normal(0, 0.06)
        )

    def signs(self, t: float, start: float, stop: float, count: int) -> None:
        """Signs on both sides, some seen from behind."""
        for _ in range(count):
            side = 1 if self.chance(0.6) else -1
            self.sign(side, self.rng.uniform(start, stop), t, None, side > 0 or self.chance(0.3))

    def place_posts(self) -> None:
        """Put up further signs, signals, lamps and poles: KITTI's streets are full of them.

        To be called last: it draws from a stream of its own and fills what is free, so that nothing else moves.
        """
        self.rng = generator(self.scene.seed, self.scene.theme, "posts")
        for side, t in self.posts.lines:
            s = self.rng.uniform(4.5, 10)
            while s < self.posts.stop:
                self.post(self.choose(self.posts.models), side, float(s), t)
                s += self.rng.uniform(*self.posts.gap)

    def post(self, kind: str, side: int, s: float, t: float) -> None:
        """A sign or signal that looks at its drivers, or a lamp or pole, if its foot is free."""
        if kind == "sign":
            self.sign(side, s, t, None, side > 0 or self.chance(0.3))
        elif not self.corridor.blocked(s, side, 1.0) and self.claim([(s, side * t, 0.3)]):
            model = f"signal:{self.rng.integers(3)}:{self.choose(('0', '0', '2.6'))}" if kind == "signal" else kind
            self.put(model, s, side * t, 0.0 if side > 0 else np.pi)

    def people(self, count: int, sides: Sequence[tuple[int, float, float]], start: float, stop: float) -> None:
        """Pedestrians on bands (side, inner, outer |t|), mostly walking along."""
        for _ in range(count):
            side, inner, outer = sides[int(self.rng.integers(len(sides)))]
            s, t = self.rng.uniform(start, stop), side * self.rng.uniform(inner, outer)
            if self.claim([(s, t, 0.32)]):
                yaw = self.rng.normal(0, 0.25) + (np.pi if self.chance(0.5) else 0.0)
                self.put(f"person:{self.rng.integers(14)}", s, t, yaw, self.rng.uniform(0.9, 1.06), count=True)

    def rider(self, kind: str, s: float, t: float, yaw: float = 0.0) -> None:
        """A cyclist, biker, or their machine alone."""
        if self.claim(
            [
                (s, t, 0.5),
                (s + 0.7 * np.cos(yaw), t - 0.7 * np.sin(yaw), 0.4),
                (s - 0.7 * np.cos(yaw), t + 0.7 * np.sin(yaw), 0.4),
            ]
        ):
            self.put(f"{kind}:{self.rng.integers(8)}", s, t, yaw, count=True)

    def wires(self, points: Sequence[tuple[float, float, float]], sag: float = 0.5) -> None:
        """Cables through (s, t, height) points."""
        for a, b in pairwise(points):
            start, end = self.corridor.axis.place(*a), self.corridor.axis.place(*b)
            wire(self.scene.ground, start, end, sag)

    def zebra(self, s: float, width: float = 3.0) -> None:
        """A pedestrian crossing."""
        left, right = self.corridor.edges
        for t in np.arange(left + 0.4, right - 0.2, 1.0):
            self.corridor.patch(self.scene.ground, s, float(t) + 0.25, (width, 0.5), LINE)

    def stop_line(self, s: float, t0: float, t1: float) -> None:
        """A bar across a lane."""
        self.corridor.patch(self.scene.ground, s, (t0 + t1) / 2, (0.5, t1 - t0 - 0.2), LINE)

    def patches(self, count: int) -> None:
        """Repairs: darker and lighter rectangles of asphalt, manholes, tar seams."""
        left, right = self.corridor.edges
        for k in range(count):
            tone = self.rng.uniform(0.065, 0.1) if self.chance(0.7) else self.rng.uniform(0.13, 0.15)
            size = (self.rng.uniform(1.5, 14), self.rng.uniform(0.6, 1.6))
            self.corridor.patch(
                self.scene.ground,
                self.rng.uniform(3, 70),
                self.rng.uniform(left + 1, right - 1),
                size,
                Look("asphalt", Label.ROAD, (tone, tone, tone * 0.98)),
                0.001 + 0.0002 * k,
            )
        for _ in range(4):
            mesh_at = self.corridor.axis.place(
                self.rng.uniform(6, 45), self.rng.uniform(left + 0.8, right - 0.8), 0.003
            )
            self.scene.ground.disc(mesh_at, 0.31, Look("concrete", Label.ROAD, (0.06, 0.058, 0.055)), (0, 0, 1))
        for t in (left + (right - left) * 0.5 + 0.12, right - 0.3):
            if self.chance(0.6):
                self.corridor.line(
                    self.scene.ground, t, -8, 120, 0.035, Look("asphalt", Label.ROAD, (0.02, 0.02, 0.02)), 0.002
                )

    def set_light(self, sky: Sky, camera: Camera) -> None:
        """Fix light and camera."""
        self.scene.sky, self.scene.camera = sky, replace(camera, lateral=self.scene.camera.lateral)
