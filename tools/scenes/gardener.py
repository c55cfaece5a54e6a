"""What grows along a corridor: rows of trees, woods, bushes, grass, and the green that closes the horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tools.scenes.mesh import Colour
from tools.scenes.stagehand import Stagehand

LEAF_HUES: tuple[Colour, ...] = (
    (1, 1, 1), (1, 1, 1), (1.15, 1.05, 0.9), (0.8, 0.9, 0.9), (0.85, 1.0, 0.8), (1.5, 1.15, 0.8), (1.25, 1.1, 0.8),
    (2.2, 1.25, 0.6),
)  # fmt: skip


@dataclass
class Gardener(Stagehand):
    """Plants a scene."""

    def tree(
        self, species: str, s: float, t: float, scale: float = 1.0, hue: Colour | None = None, girth: float = 0.7
    ) -> bool:
        """A tree if its trunk fits."""
        if not self.claim([(s, t, girth)]):
            return False
        shade = hue or LEAF_HUES[int(self.rng.integers(len(LEAF_HUES)))]
        self.put(
            f"tree:{species}:{self.rng.integers(3)}",
            s,
            t,
            self.rng.uniform(0, 6.28),
            scale * self.rng.uniform(0.85, 1.18),
            shade,
        )
        return True

    def tree_row(
        self, side: int, t: float, species: str, start: float, stop: float, gap: float, scale: float = 1.0
    ) -> None:
        """Street trees at even distances."""
        hue = LEAF_HUES[int(self.rng.integers(len(LEAF_HUES)))]
        for s in np.arange(start, stop, gap):
            if not self.corridor.blocked(float(s), side, 2.0) and self.chance(0.9):
                self.tree(
                    species, float(s) + self.rng.uniform(-0.6, 0.6), side * (t + self.rng.normal(0, 0.15)), scale, hue
                )

    def wood(
        self,
        side: int,
        near: float,
        far: float,
        start: float,
        stop: float,
        density: float,
        species: Sequence[str],
        bushes: float = 0.3,
    ) -> None:
        """A wood between two distances from the axis, with scrub at its edge; density: trees per 100 m2."""
        length = stop - start
        for _ in range(int(density * length * (far - near) / 100)):
            s = start + length * self.rng.uniform() ** 1.25
            t = near + (far - near) * self.rng.uniform() ** 1.5
            if not self.corridor.blocked(s, side, 2.0):
                self.tree(self.choose(species), s, side * t, self.rng.uniform(0.8, 1.25))
        for s in np.arange(start, min(stop, 90), 2.0):
            if self.chance(bushes) and not self.corridor.blocked(float(s), side, 2.0):
                self.bush(float(s), side * (near + self.rng.uniform(-0.8, 2.5)))

    def bush(self, s: float, t: float, scale: float = 1.0, girth: float = 0.35) -> None:
        """A bush of random size."""
        if self.claim([(s, t, girth)]):
            kind = "bush" if self.chance(0.6) else "scrub"
            hue = LEAF_HUES[int(self.rng.integers(len(LEAF_HUES)))]
            self.put(
                f"{kind}:{self.rng.integers(4)}",
                s,
                t,
                self.rng.uniform(0, 6.28),
                scale * self.rng.uniform(0.6, 1.4),
                hue,
            )

    def tufts(
        self, side: int, inner: float, outer: float, start: float, stop: float, kind: str, density: float = 1.0
    ) -> None:
        """Grass patches on a band, where they are near enough to be seen as blades."""
        for _ in range(int(density * (stop - start) * (outer - inner))):
            s = start + (stop - start) * self.rng.uniform() ** 1.4
            t = side * self.rng.uniform(inner, outer)
            if not self.corridor.blocked(s, side, abs(t) * 0.25):
                self.put(
                    f"grass:{kind}:{self.rng.integers(4)}",
                    s,
                    t,
                    self.rng.uniform(0, 6.28),
                    self.rng.uniform(0.7, 1.1),
                    lift=-0.015,
                )

    def edge_weeds(self, side: int, t: float, start: float, stop: float, density: float = 0.6) -> None:
        """Small tufts along a seam between two surfaces."""
        for s in np.arange(start, stop, 0.7):
            if self.chance(density) and not self.corridor.blocked(float(s), side, 3.0):
                self.put(
                    f"grass:verge:{self.rng.integers(4)}",
                    float(s),
                    side * (t + self.rng.normal(0.12, 0.1)),
                    self.rng.uniform(0, 6.28),
                    self.rng.uniform(0.25, 0.5),
                )

    def backdrop(
        self, species: Sequence[str] = ("lime", "oak", "maple", "plane"), near: float = 45.0, houses: bool = False
    ) -> None:
        """Close the horizon: trees (and roofs) far to both sides and at the end of the road."""
        for side in (-1, 1):
            for _ in range(70):
                s, t = self.rng.uniform(-10, 330), self.rng.uniform(near, near + 50)
                if not self.corridor.blocked(s, side, 4.0):
                    self.tree(self.choose(species), s, side * t, self.rng.uniform(0.9, 1.5))
        end = self.corridor.end - 40
        for _ in range(36):
            self.tree(
                self.choose(species),
                end + self.rng.uniform(-25, 25),
                self.rng.uniform(-70, 70),
                self.rng.uniform(1.0, 1.6),
            )
        if houses:
            for k in range(14):
                side = 1 if k % 2 else -1
                self.put(
                    f"house:{self.choose(['detached', 'block', 'terrace'])}:{self.rng.integers(24)}",
                    40 + k * 20,
                    side * self.rng.uniform(near, near + 15),
                    self.facing(side),
                )
        for opening in self.corridor.openings:
            for _ in range(10):
                self.tree(
                    self.choose(species),
                    opening.s + self.rng.uniform(-16, 16),
                    opening.side * self.rng.uniform(74, 90),
                    self.rng.uniform(0.9, 1.3),
                )
