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
class Place:
    """Where a run stands among the stages of a recipe that begins with another.

    Attributes:
        before: recipes trained before it.
        after: recipes trained after it.
    """

    before: tuple[Recipe, ...] = ()
    after: tuple[Recipe, ...] = ()


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
        place: among the stages of a recipe that begins with another.
    """

    recipe: Recipe
    preset: Preset
    recipe_digest: str
    prepare: Preparer
    judge: Judge
    class_names: tuple[str, ...]
    place: Place = Place()

    def steps_of(self, phase: Phase) -> int:
        """Steps of an epoch of a phase."""
        return phase.steps_an_epoch(len(self.prepare.sampler.pictures))

    @property
    def total_steps(self) -> int:
        """Steps of the whole run, without those of other stages."""
        return self.recipe.steps(len(self.prepare.sampler.pictures))

    @property
    def earlier_steps(self) -> int:
        """Steps of the stages before this one."""
        return self._steps_of_stages(self.place.before)

    @property
    def later_steps(self) -> int:
        """Steps of the stages after this one."""
        return self._steps_of_stages(self.place.after)

    def _steps_of_stages(self, stages: tuple[Recipe, ...]) -> int:
        return sum(stage.steps(len(self.prepare.sampler.pictures)) for stage in stages)

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
