"""The learning rate of every step, and the two rules that watch a validation score."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from unet_explorer.training.recipe import EarlyStopping, Plateau, Schedule


def learning_rate(schedule: Schedule, highest: float, step: int, steps: int) -> float:
    """The learning rate of a step.

    Args:
        schedule: of the recipe.
        highest: learning rate after the warm-up.
        step: from 0.
        steps: of the whole run.

    Example:
        >>> [round(learning_rate(Schedule("cosine", warm_up=2), 1.0, step, 6), 3) for step in range(6)]
        [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
    """
    if step < schedule.warm_up:
        return highest * (step + 1) / schedule.warm_up
    if schedule.name == "constant":
        return highest
    done = (step - schedule.warm_up) / max(1, steps - schedule.warm_up)
    return highest * (schedule.final + (1 - schedule.final) * (1 + math.cos(math.pi * min(1.0, done))) / 2)


def average_decay(decay: float, step: int) -> float:
    """Decay of the moving average: low at first, so that the random start is soon forgotten."""
    return min(decay, (1 + step) / (10 + step))


def is_better(monitor: str, value: float, best: float | None) -> bool:
    """Whether a score beats the best so far: losses fall, the others rise; NaN never does."""
    if math.isnan(value):
        return False
    return best is None or (value < best if monitor.endswith("loss") else value > best)


@dataclass
class Watch:
    """Counts how long a score has not improved.

    Attributes:
        monitor: name of the score.
        patience: after how many validations it has lasted too long.
        best: so far.
        waited: validations since then.
    """

    monitor: str
    patience: int
    best: float | None = None
    waited: int = 0

    def lasted_too_long(self, scores: dict[str, Any]) -> bool:
        """Take in a validation; true when patience is exhausted, and then counting starts anew."""
        value = float(scores[self.monitor])
        if is_better(self.monitor, value, self.best):
            self.best, self.waited = value, 0
            return False
        self.waited += 1
        if self.waited < self.patience:
            return False
        self.waited = 0
        return True


@dataclass
class Rules:
    """Plateau and early stopping of a run, and their state.

    Attributes:
        plateau: of the recipe.
        stopping: of the recipe.
        factor: what the plateaus so far have made of the learning rate.
    """

    plateau: Plateau | None
    stopping: EarlyStopping | None
    factor: float = 1.0

    def __post_init__(self) -> None:
        self._plateau = Watch(self.plateau.monitor, self.plateau.patience) if self.plateau else None
        self._stopping = Watch(self.stopping.monitor, self.stopping.patience) if self.stopping else None

    def take(self, scores: dict[str, Any], rate: float) -> bool:
        """Take in the scores of a validation.

        Args:
            scores: by name.
            rate: learning rate of the schedule before `factor`.

        Returns:
            Whether to stop.
        """
        if self.plateau and self._plateau and self._plateau.lasted_too_long(scores):
            self.factor = max(self.factor * self.plateau.factor, min(self.factor, self.plateau.least / rate))
        return self._stopping is not None and self._stopping.lasted_too_long(scores)

    def state(self) -> dict[str, Any]:
        """For the checkpoint."""
        watches = {"plateau": self._plateau, "stopping": self._stopping}
        kept = {name: [watch.best, watch.waited] for name, watch in watches.items() if watch}
        return {"factor": self.factor, **kept}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.factor = state["factor"]
        for name, watch in (("plateau", self._plateau), ("stopping", self._stopping)):
            if watch is not None and name in state:
                watch.best, watch.waited = state[name]
