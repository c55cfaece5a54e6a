"""What a run consists of: its recipe, its pictures, and every step in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from unet_explorer.training.judge import Judge
from unet_explorer.training.pipeline import Position, Preparer
from unet_explorer.training.preflight import view_of
from unet_explorer.training.recipe import Phase, Recipe
from unet_explorer.unet.presets import Preset


@dataclass(frozen=True)
class Plan:
    """What a loop works on, and in which order.

    Attributes:
        recipe: how.
        preset: the recipe's preset with its changes.
        recipe_digest: kept in checkpoints.
        prepare: makes batches.
        judge: validates.
        class_names: in the order of ids.
    """

    recipe: Recipe
    preset: Preset
    recipe_digest: str
    prepare: Preparer
    judge: Judge
    class_names: tuple[str, ...]

    def steps_of(self, phase: Phase) -> int:
        """Steps of an epoch of a phase."""
        return phase.steps or len(self.prepare.sampler.pictures) // phase.batch

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return sum(phase.epochs * self.steps_of(phase) for phase in self.recipe.phases)

    def phase_of(self, epoch: int) -> Phase:
        """The phase of an epoch, counted from 0."""
        for phase in self.recipe.phases:
            if epoch < phase.epochs:
                return phase
            epoch -= phase.epochs
        return self.recipe.phases[-1]

    def positions(self, epoch: int, step: int) -> Iterator[Position]:
        """All steps from there to the end."""
        for number in range(epoch, self.recipe.epochs):
            phase = self.phase_of(number)
            view = view_of(phase, self.preset)
            for position in range(step if number == epoch else 0, self.steps_of(phase)):
                yield Position(number, position, phase.batch, view)
