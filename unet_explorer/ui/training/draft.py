"""A job while it is being prepared: a recipe, data, and what was changed; everything wrong with it as sentences."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from unet_explorer.errors import UserError
from unet_explorer.jobs.preflight import Pictures, check_recipe_and_data
from unet_explorer.jobs.states import Job, Submission
from unet_explorer.training.recipe import Recipe, load_recipe
from unet_explorer.ui.training.sources import DataSource, Facts, look

EPOCHS, BATCH, SIZE = "epochs", "batch", "size"
WHOLE = "whole recipe"
"""Where a sentence belongs that no single field is to blame for."""
SIZES = {"full": 1.0, "half": 0.5, "quarter": 0.25}
TWICE_S = 5.0
"""Within so many seconds, starting a job that has ended already is taken for a second click."""


@dataclass(frozen=True)
class Draft:
    """What was chosen and typed so far.

    Attributes:
        recipe: the recipe it began with, as its JSON object.
        changes: key of a field -> text as typed; `epochs`, `batch` and `size` change all phases.
        name: of the job.
        launcher: where it runs.
        gpus: to ask a cluster for.
    """

    recipe: Mapping[str, Any]
    changes: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    launcher: str = "local"
    gpus: int = 0

    def with_change(self, key: str, text: str | None) -> Draft:
        """The draft with one field typed; None takes the recipe's own again."""
        changes = {other: typed for other, typed in self.changes.items() if other != key}
        return replace(self, changes=changes if text is None else changes | {key: text})


@dataclass(frozen=True)
class Composed:
    """What a draft comes to.

    Attributes:
        recipe: with every change that could be made.
        problems: key of a field, or `WHOLE` -> one sentence.
        notices: what was fitted to the data, one sentence each.
        pictures: that it would train on and be judged by; None while there are problems.
        submission: to be handed to the jobs; None while there are problems.
    """

    recipe: Recipe
    problems: Mapping[str, str]
    notices: tuple[str, ...] = ()
    pictures: Pictures | None = None
    submission: Submission | None = None

    @property
    def steps(self) -> int:
        """Steps of the whole job, in all stages of its recipe; 0 while there are problems."""
        if self.pictures is None:
            return 0
        return sum(stage.steps(self.pictures.training) for stage in self.recipe.stages())

    @property
    def epochs(self) -> int:
        """Epochs in all stages of the recipe, if it is without problems."""
        return sum(stage.epochs for stage in self.recipe.stages())


def compose(draft: Draft, source: DataSource | None) -> Composed:
    """Put recipe, data and changes together and look for everything that is wrong with them.

    Args:
        draft: what was chosen and typed.
        source: the data folder; None where none was chosen.
    """
    problems: dict[str, str] = {}
    notices: list[str] = []
    recipe = Recipe.from_dict(draft.recipe)
    if source is not None:
        try:
            recipe, notices = fit_to_data(recipe, source, look(source))
        except UserError as error:
            problems[WHOLE] = str(error)
    for key, typed in sorted(draft.changes.items(), key=lambda change: change[0] not in (EPOCHS, BATCH, SIZE)):
        try:
            recipe = changed(recipe, key, typed)
        except UserError as error:
            problems[key] = str(error)
    if source is None:
        problems.setdefault(WHOLE, "Choose a data folder.")
    if problems or source is None:
        return Composed(recipe, problems, tuple(notices))
    try:
        named = replace(recipe, name=draft.name or recipe.name)
        submission = Submission(named.to_dict(), source.root, draft.name, None, draft.launcher, draft.gpus)
        return Composed(recipe, {}, tuple(notices), check_recipe_and_data(submission), submission)
    except UserError as error:
        return Composed(recipe, {WHOLE: str(error)}, tuple(notices))


def fit_to_data(recipe: Recipe, source: DataSource, facts: Facts) -> tuple[Recipe, list[str]]:
    """The recipe for the data that was chosen: its layout, a part that judges only if there is one, its classes.

    Returns:
        The recipe, and a sentence for each thing that is no longer as the recipe says.
    """
    notices = []
    if recipe.data.name != source.dataset:
        notices.append(f"The recipe was written for {recipe.data.name} data; this is {source.dataset}.")
        recipe = replace(recipe, data=replace(recipe.data, name=source.dataset, train="train", hold_out=(), extras=()))
    if recipe.data.validation == "validation" and not facts.parts.get("validation"):
        recipe = replace(recipe, data=replace(recipe.data, validation=recipe.data.train))
        notices.append("There are no pictures to validate on: the scores are those of the training pictures.")
    preset = recipe.build_preset()
    if not preset.binary and preset.outputs != len(facts.class_table):
        recipe = replace(recipe, network={**recipe.network, "outputs": len(facts.class_table)})
        notices.append(f"The head has {len(facts.class_table)} outputs, one for each class of the data.")
    return recipe, notices


def changed(recipe: Recipe, key: str, typed: str) -> Recipe:
    """The recipe with one field as typed.

    Raises:
        RecipeError: it cannot be so.
        PresetError: the network cannot be so.
    """
    if key == SIZE:
        return _resized(recipe, SIZES[typed])
    if key == BATCH:
        recipe = recipe.changed([f"phases.{number}.batch={typed}" for number in range(len(recipe.phases))])
    elif key == EPOCHS:
        probe = recipe.changed([f"phases.0.epochs={typed}"])
        recipe = recipe.with_epochs(probe.phases[0].epochs)
    else:
        recipe = recipe.changed([f"{key}={typed}"])
    recipe.build_preset()
    return recipe


def _resized(recipe: Recipe, factor: float) -> Recipe:
    """All phases at a fraction of the preset's size, as whole pictures."""
    preset = recipe.build_preset()
    sides = [
        max(1, round((side or 1) * factor / preset.multiple)) * preset.multiple
        for side in (preset.height, preset.width)
    ]
    phases = tuple(replace(phase, height=sides[0], width=sides[1], scale=None) for phase in recipe.phases)
    return replace(recipe, phases=phases)


def begin_with(recipe_name: str) -> Draft:
    """A draft of a recipe that ships."""
    return Draft(load_recipe(recipe_name).to_dict())


def wish_key(submission: Submission, jobs: Iterable[Job], now: float | None = None) -> str:
    """A key that is the same for the same wish, whoever has it, until a job of it has ended.

    Two clicks, or two tabs with the same settings, therefore start one job; once it has ended, the same settings start
    another.
    """
    told = [submission.recipe, str(submission.root), submission.name, submission.launcher, submission.gpus]
    wish = hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=12).hexdigest()
    at = time.time() if now is None else now
    before = f"page-{wish}-"
    ended = [job for job in jobs if job.key.startswith(before) and job.is_finished and at - job.created > TWICE_S]
    # One above the highest, not their count: jobs in between may have been removed.
    return f"{before}{max((int(job.key.removeprefix(before)) + 1 for job in ended), default=0)}"
