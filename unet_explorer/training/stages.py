"""Recipes that begin with the network of another recipe: that one is trained first, in a folder of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from unet_explorer.training.checkpoints import list_checkpoints
from unet_explorer.training.events import Listener, TrainingEvent
from unet_explorer.training.loop import Outcome
from unet_explorer.training.plan import Place
from unet_explorer.training.recipe import Recipe
from unet_explorer.training.run import Request, check_request, newest_checkpoint, train, write_recipe
from unet_explorer.training.run_folder import CHECKPOINTS, FIRST, WEIGHTS


def train_in_stages(request: Request) -> Outcome:
    """Train what the recipe begins with, unless weights are given or its own training has begun, and then itself.

    Raises:
        UserError: bad input, found before the first step wherever it can be.
        NonFiniteLossError: the loss is infinite or not a number.
    """
    recipe = request.recipe
    if request.init is None:
        request = replace(request, init=recipe.initial_network())
    if recipe.begin_with is None or request.init is not None:
        return train(request)
    second = replace(request, place=Place(before=(recipe.first_stage(),)))
    if request.resume and list_checkpoints(request.run_dir / CHECKPOINTS):
        return train(second)
    # What is wrong with the second stage should not show after the hours of the first.
    check_request(second)
    first = _first(request, recipe.first_stage())
    check_request(first)
    newest_checkpoint(first)
    write_recipe(request)
    outcome = train(first)
    if outcome.status == "paused":
        return outcome
    return train(replace(second, init=first.run_dir / WEIGHTS))


def _first(request: Request, recipe: Recipe) -> Request:
    folder = request.run_dir / FIRST
    return replace(
        request,
        recipe=recipe,
        run_dir=folder,
        out=None,
        resume=request.resume and bool(list_checkpoints(folder / CHECKPOINTS)),
        place=Place(after=(request.recipe,)),
        listeners=[_Outer(listener, request) for listener in request.listeners],
    )


@dataclass(frozen=True)
class _Outer:
    """Tells a listener of the first stage: its start and its end are not those of the whole run."""

    listener: Listener
    request: Request

    def __call__(self, event: TrainingEvent) -> None:
        recipe, folder = self.request.recipe, self.request.run_dir
        if event.kind == "start":
            message = f"First {recipe.begin_with}, which {recipe.name} begins with: {event.values['message']}"
            event = replace(event, values={**event.values, "message": message})
        elif event.kind == "end" and event.values["status"] == "paused":
            message = f"Paused in {recipe.begin_with}, which comes first; continue with --resume --run-dir {folder}"
            event = replace(event, values={**event.values, "message": message})
        elif event.kind == "end":
            event = TrainingEvent("notice", {"message": f"{recipe.begin_with} is trained; now {recipe.name}."})
        self.listener(event)
