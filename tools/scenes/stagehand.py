"""Puts single models on a corridor, and keeps account of what is taken so that nothing touches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tools.scenes.mesh import WHITE, Colour, generator
from tools.scenes.models import make_model
from tools.scenes.scene import Placed, Scene
from tools.scenes.street import Corridor


@dataclass
class Stagehand:
    """Draws at random and places what it is told.

    Attributes:
        scene: what is placed goes there.
        corridor: road and strips.
        claims: circles (s, t, radius) that are taken.
        counted: instances so far.
    """

    scene: Scene
    corridor: Corridor
    claims: list[tuple[float, float, float]] = field(default_factory=list)
    counted: int = 0

    def __post_init__(self) -> None:
        """Lay the ground and keep the camera's car free."""
        self.rng = generator(self.scene.seed, self.scene.theme, "layout")
        self.corridor.build(self.scene.ground)
        lateral = self.scene.camera.lateral
        self.claims += [(float(s), lateral, 1.5) for s in np.arange(-6, 7.5, 1.2)]

    def chance(self, probability: float) -> bool:
        """A biased coin."""
        return bool(self.rng.uniform() < probability)

    def choose(self, options: Sequence[str]) -> str:
        """One of some names."""
        return options[int(self.rng.integers(len(options)))]

    def free(self, circles: Sequence[tuple[float, float, float]]) -> bool:
        """Whether circles (s, t, radius) touch nothing claimed so far."""
        return all((s - a) ** 2 + (t - b) ** 2 > (r + c) ** 2 for s, t, r in circles for a, b, c in self.claims)

    def claim(self, circles: Sequence[tuple[float, float, float]]) -> bool:
        """Claim circles if they are free."""
        if not self.free(circles):
            return False
        self.claims += circles
        return True

    def put(
        self,
        model: str,
        s: float,
        t: float,
        yaw: float = 0.0,
        scale: float = 1.0,
        colour: Colour = WHITE,
        count: bool = False,
        lift: float = 0.0,
    ) -> None:
        """Place a model on the ground; `yaw` 0 looks along the road, counter-clockwise positive."""
        corridor = self.corridor
        self.scene.models.setdefault(model, make_model(model))
        position = corridor.axis.place(s, t, corridor.height(s, t) + lift)
        self.counted += count
        step = corridor.axis.place(s + 1, t)[2] - corridor.axis.place(s, t)[2]
        pitch = (
            float(step) * np.cos(yaw) if model.split(":")[0] in ("car", "bus", "truck", "tram", "rail", "wall") else 0.0
        )
        turn = yaw - float(corridor.axis.heading(s))
        self.scene.placed.append(
            Placed(
                model,
                (float(position[0]), float(position[1]), float(position[2])),
                turn,
                scale,
                colour,
                self.counted if count else 0,
                pitch,
            )
        )

    def facing(self, side: int) -> float:
        """Yaw at which a model's front (-y) looks at the road from one side."""
        return -np.pi / 2 if side > 0 else np.pi / 2
