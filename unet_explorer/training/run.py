"""A training run from a recipe and a data folder to weights in a run folder."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from unet_explorer.errors import DatasetError, RecipeError
from unet_explorer.training.checkpoints import (
    Arrays,
    Checkpoint,
    Progress,
    is_checkpoint,
    list_checkpoints,
    load_checkpoint,
    load_latest,
)
from unet_explorer.training.engine import check_backend, make_engine
from unet_explorer.training.events import Listener, TrainingEvent
from unet_explorer.training.judge import Judge
from unet_explorer.training.listeners import file_listeners
from unet_explorer.training.loop import Control, Loop, NonFiniteLossError, Outcome
from unet_explorer.training.losses import build_loss
from unet_explorer.training.mixing import training_samples
from unet_explorer.training.pipeline import Preparer
from unet_explorer.training.plan import Place, Plan
from unet_explorer.training.preflight import check_pictures, check_recipe, class_ids
from unet_explorer.training.recipe import Recipe
from unet_explorer.training.run_folder import CHECKPOINTS, RECIPE, RESULT, WEIGHTS, write_durably, writing
from unet_explorer.training.sampling import Sampler
from unet_explorer.training.store import VOID, Pictures, Source, load_pictures
from unet_explorer.unet.presets import Preset
from unet_explorer.unet.weights import check_weights, read_weights, save_weights


@dataclass(frozen=True)
class Request:
    """What to train and where to keep it.

    Attributes:
        recipe: how.
        source: the opened data set.
        run_dir: for checkpoints, metrics and the weights.
        out: model folder to export to at the end, where Keras runs on TensorFlow; None exports nothing.
        resume: go on from the newest checkpoint of the run folder.
        init: weights to begin with instead of random ones: a `.npz` file, a SavedModel folder or a checkpoint's folder.
            A run that is resumed from a checkpoint does not read it.
        listeners: told of everything, besides those that write the run's files.
        control: when to pause; the recipe's `max_seconds` unless given.
        place: among the stages of a recipe that begins with another.
    """

    recipe: Recipe
    source: Source
    run_dir: Path
    out: Path | None = None
    resume: bool = False
    init: Path | None = None
    listeners: Sequence[Listener] = ()
    control: Control = field(default_factory=Control)
    place: Place = field(default_factory=Place)


def train(request: Request) -> Outcome:
    """Train a network; its weights, recipe and result are in the run folder afterwards.

    Raises:
        UserError: bad input, found before the first step wherever it can be.
        NonFiniteLossError: the loss is infinite or not a number.
    """
    began = time.monotonic()
    recipe, preset = request.recipe, request.recipe.build_preset()
    check_request(request)
    checkpoint, notices = newest_checkpoint(request)
    weights = _initial_weights(request.init) if request.init and checkpoint is None else None
    training, validation = _load(request, preset)
    fresh = Progress(
        recipe_digest(recipe), pictures=pictures_digest(training), init=request.init.name if request.init else None
    )
    _check_same_pictures(checkpoint, fresh, request.run_dir)
    plan = _plan(request, preset, training, validation)
    engine = make_engine(recipe, preset, build_loss(recipe.losses, training.shares, request.source.class_table))
    if weights is not None:
        shapes = {path: value.shape for path, value in engine.weights().items()}
        check_weights(shapes, weights, str(request.init))
        engine.start_from(weights)
    write_recipe(request)
    listeners = [*file_listeners(request.run_dir), *request.listeners]
    loop = Loop(plan, engine, listeners, request.control)
    for sentence in notices:
        _tell(listeners, "notice", message=sentence)
    begin = replace(loop.resume(checkpoint), pictures=fresh.pictures) if checkpoint else fresh
    _tell_start(plan, begin, listeners, time.monotonic() - began, engine.device)
    try:
        outcome = loop.run(begin)
    except NonFiniteLossError as error:
        raise NonFiniteLossError(f"{error}, and {_how_to_begin_again(request)}.") from error
    with writing(request.run_dir / WEIGHTS):
        _write_result(request, preset, plan, outcome)
    _export(request, outcome, listeners)
    _tell_end(request, outcome, listeners)
    return outcome


def _initial_weights(path: Path) -> Arrays:
    """Those of a file, of a SavedModel, or of a checkpoint of another run."""
    return dict(load_checkpoint(path).arrays["weights"]) if is_checkpoint(path) else read_weights(path)


def _how_to_begin_again(request: Request) -> str:
    kept = list_checkpoints(request.run_dir / CHECKPOINTS)
    if not kept:
        return "begin again"
    # The second of two stages would take what the first one had by then for its result.
    return "begin again in another --run-dir" + ("" if request.place.after else f" with --init {kept[-1]}")


def check_request(request: Request) -> None:
    """Look for all that can be found wrong before any picture is read.

    Raises:
        RecipeError: the recipe contradicts its preset, its data or the Keras backend, or the run folder is in use.
        DatasetError: a part of the data is empty, or lacks what the recipe leaves out.
    """
    check_recipe(request.recipe, request.recipe.build_preset(), request.source.class_table)
    check_backend(request.recipe)
    check_pictures(request.recipe, len(training_samples(request.source, request.recipe.data)))
    begun = list_checkpoints(request.run_dir / CHECKPOINTS)
    if begun and not request.resume:
        raise RecipeError(
            f"{request.run_dir} already holds a run: continue it with --resume, or choose another --run-dir."
        )
    if request.recipe.blend < 1 and not (request.recipe.begin_with or request.init or begun):
        raise RecipeError(
            f"blend of recipe {request.recipe.name!r} mixes the trained weights with those it begins with: give "
            "these with begin_with or --init."
        )


def write_recipe(request: Request) -> None:
    """Keep the recipe in the run folder: `--resume` goes on by it."""
    with writing(request.run_dir):
        request.run_dir.mkdir(parents=True, exist_ok=True)
        write_durably(request.run_dir / RECIPE, request.recipe.to_json())


def recipe_digest(recipe: Recipe) -> str:
    """Digest of all of a recipe that the weights depend on."""
    same = replace(recipe, max_seconds=None, about="", name="recipe", every=type(recipe.every)())
    kept = {**same.to_dict(), "validation every": recipe.every.validation}
    if not recipe.data.extras:  # which runs begun before there were any lack
        del kept["data"]["extras"]
    if recipe.blend == 1:
        del kept["blend"]
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def pictures_digest(pictures: Pictures) -> str:
    """Digest of the names of pictures and of how many pixels of each class they hold."""
    names = json.dumps(pictures.names).encode()
    return hashlib.blake2b(names + pictures.counts.tobytes(), digest_size=16).hexdigest()


def _load(request: Request, preset: Preset) -> tuple[Pictures, Pictures | None]:
    data, source = request.recipe.data, request.source
    samples = training_samples(source, data)
    spec = replace(preset.input_spec, low=0.0, high=255.0)
    judged = source.split(data.validation) if data.validation else ()
    void = class_ids(request.recipe.void, source.class_table, "void")
    training = without_void(load_pictures(source, samples, spec), void)
    if not judged:
        return training, None
    return training, without_void(load_pictures(source, judged, spec), void)


def without_void(pictures: Pictures, void: Sequence[int]) -> Pictures:
    """The pictures with the pixels of void classes marked as counting nowhere."""
    if not void:
        return pictures
    labels = np.where(np.isin(pictures.labels, void), np.uint8(VOID), pictures.labels)
    counts = pictures.counts.copy()
    counts[:, list(void)] = 0
    return replace(pictures, labels=labels, counts=counts)


def _plan(request: Request, preset: Preset, training: Pictures, validation: Pictures | None) -> Plan:
    recipe, table = request.recipe, request.source.class_table
    paste = class_ids(recipe.sampling.paste_classes, table, "sampling.paste_classes")
    sampler = Sampler(training, recipe.sampling, paste, recipe.seed)
    sampler.prepare()
    judge = Judge(training, validation, table, recipe.seed)
    prepare = Preparer(sampler, recipe.augmentation)
    return Plan(recipe, preset, recipe_digest(recipe), prepare, judge, table.names, request.place)


def newest_checkpoint(request: Request) -> tuple[Checkpoint | None, list[str]]:
    """What to go on from, and what to tell about it; nothing of the run folder has been changed by then.

    Raises:
        RecipeError: the run was begun with another recipe.
        CheckpointError: all its checkpoints are damaged.
    """
    if not request.resume:
        return None, []
    checkpoint, notices = load_latest(request.run_dir / CHECKPOINTS)
    if checkpoint is None:
        return None, [*notices, f"{request.run_dir} has no checkpoint yet: starting at epoch 1."]
    if checkpoint.progress.recipe != recipe_digest(request.recipe):
        raise RecipeError(
            f"The run in {request.run_dir} was begun with another recipe, which lies there as {RECIPE}: resume it "
            "without --recipe, --preset, --epochs and --set, or choose another --run-dir."
        )
    if request.init not in (None, request.recipe.initial_network()):
        notices = [*notices, f"{request.init} is not read: the run goes on from its checkpoint."]
    return checkpoint, notices


def _check_same_pictures(checkpoint: Checkpoint | None, now: Progress, run_dir: Path) -> None:
    if checkpoint and checkpoint.progress.pictures not in ("", now.pictures):
        raise DatasetError(
            f"The run in {run_dir} was begun with other training pictures or labels than these: resume it with the "
            "data it was begun with, or choose another --run-dir."
        )


def _export(request: Request, outcome: Outcome, listeners: Sequence[Listener]) -> None:
    if request.out is None or outcome.status == "paused":
        return
    if keras.backend.backend() != "tensorflow":
        how = f"python -m unet_explorer export --run-dir {request.run_dir} --out {request.out}"
        _tell(listeners, "notice", message=f"To make the model folder, run where TensorFlow is installed: {how}")
        return
    from unet_explorer.training.finish import export_run

    export_run(request.run_dir, request.out)
    _tell(listeners, "export", message=f"Exported {request.out}", out=str(request.out))


def _tell(listeners: Sequence[Listener], kind: Any, **values: Any) -> None:
    event = TrainingEvent(kind, values)
    for listener in listeners:
        listener(event)


def _tell_start(plan: Plan, begin: Progress, listeners: Sequence[Listener], seconds: float, device: str) -> None:
    pictures = len(plan.prepare.sampler.pictures)
    judged = len(plan.judge.validation) if plan.judge.validation else 0
    length = f"{_counted(plan.recipe.epochs, 'epoch')}, {_counted(plan.total_steps, 'step')}"
    after = f"; going on after step {begin.total_steps}" if begin.total_steps else ""
    _tell(
        listeners,
        "start",
        message=f"{pictures} training and {judged} validation pictures, {length}{after}",
        recipe=plan.recipe.name,
        preset=plan.recipe.preset,
        step=begin.total_steps,
        steps=plan.total_steps,
        stage=len(plan.place.before) + 1,
        stages=len(plan.place.before) + 1 + len(plan.place.after),
        earlier_steps=plan.earlier_steps,
        later_steps=plan.later_steps,
        epoch=begin.epoch,
        epochs=plan.recipe.epochs,
        classes=list(plan.class_names),
        training_pictures=pictures,
        validation_pictures=judged,
        loading_s=round(seconds, 2),
        device=device,
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def _tell_end(request: Request, outcome: Outcome, listeners: Sequence[Listener]) -> None:
    weights = request.run_dir / WEIGHTS
    how = {
        "finished": f"Finished; weights in {weights}",
        "stopped early": f"No more improvement: stopped; weights in {weights}",
        "paused": f"Paused after step {outcome.progress.total_steps}; continue with --resume --run-dir "
        f"{request.run_dir}",
    }
    _tell(
        listeners,
        "end",
        message=how[outcome.status],
        status=outcome.status,
        step=outcome.progress.total_steps,
        epoch=outcome.progress.epoch,
        best=outcome.progress.best,
        best_epoch=outcome.progress.best_epoch,
    )


def _write_result(request: Request, preset: Preset, plan: Plan, outcome: Outcome) -> None:
    save_weights(outcome.weights, request.run_dir / WEIGHTS)
    result = {
        "status": outcome.status,
        "preset": preset.to_dict(),
        "class_table": request.source.class_table.to_dict(),
        "data": _describe_data(plan, request),
        "progress": {
            "epochs": outcome.progress.epoch,
            "steps": outcome.progress.total_steps,
            "seconds": round(outcome.progress.seconds, 1),
            "best": outcome.progress.best,
            "best_epoch": outcome.progress.best_epoch,
        },
        "initial_weights": outcome.progress.init,
        "history": outcome.progress.history,
    }
    write_durably(request.run_dir / RESULT, json.dumps(result, indent=1) + "\n")


def _describe_data(plan: Plan, request: Request) -> dict[str, Any]:
    training = plan.prepare.sampler.pictures
    digest = hashlib.blake2b(training.images.tobytes() + training.labels.tobytes(), digest_size=16).hexdigest()
    validation = plan.judge.validation
    return {
        **request.recipe.data.to_dict(),
        "kept": request.recipe.keep,
        "training_pictures": len(training),
        "validation_pictures": len(validation) if validation else 0,
        "digest": digest,
    }
