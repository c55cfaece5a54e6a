"""How long a job will take and how much memory, from a few real steps of the real trainer on the real data."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unet_explorer.errors import JobError
from unet_explorer.jobs.metrics import parse_lines
from unet_explorer.jobs.preflight import Pictures, check_recipe_and_data
from unet_explorer.jobs.processes import TOKEN_VARIABLE, kill_carrying, peak_memory
from unet_explorer.jobs.runner import LastLine
from unet_explorer.jobs.states import Submission
from unet_explorer.settings import REPOSITORY
from unet_explorer.training.run_folder import METRICS

if TYPE_CHECKING:
    from unet_explorer.training.recipe import Phase, Recipe

STEPS = 8
WARM_UP_STEPS = 3
FORWARD_SHARE = 1 / 3
ENOUGH_S = 40.0
LONGEST_S = 180.0
POLL_S = 0.1
# One trial of a process at a time: two would measure each other.
_TURN = threading.Lock()


@dataclass(frozen=True)
class Estimate:
    """What a job will cost on this machine, as busy as it is now.

    Attributes:
        seconds: of the whole job.
        step_seconds: a step of the first phase.
        start_seconds: until the first step: imports, decoding, compiling.
        memory_bytes: largest resident memory so far; larger phases take more.
        steps: steps of the whole job.
        training_pictures: pictures of an epoch.
    """

    seconds: float
    step_seconds: float
    start_seconds: float
    memory_bytes: int
    steps: int
    training_pictures: int


@dataclass(frozen=True)
class Trial:
    """A few steps: the trainer's events, its largest resident memory, and the seconds it took in all."""

    events: Sequence[Mapping[str, Any]]
    memory_bytes: int
    seconds: float


def estimate(submission: Submission, longest_s: float = LONGEST_S) -> Estimate:
    """Train a few steps of the first phase in a folder of their own, and reckon.

    It takes about half a minute, of which most is imports, decoding and compiling. Later phases are reckoned by their
    pixels, validation as a third of a training step a picture.

    Args:
        submission: the job, not submitted.
        longest_s: give up after so many seconds.

    Raises:
        RecipeError: the recipe contradicts itself, its preset or its data.
        DatasetError: the data folder is not as the recipe says.
        JobError: the trainer refused, with its own sentence, or took too long.
    """
    from unet_explorer.training.recipe import Recipe

    recipe = Recipe.from_dict(dict(submission.recipe))
    pictures = check_recipe_and_data(submission)
    with _TURN, tempfile.TemporaryDirectory(prefix="unet-explorer-probe-") as folder:
        trial = _try(_shortened(recipe), submission, Path(folder), longest_s)
    return reckon(recipe, pictures, trial)


def reckon(recipe: Recipe, pictures: Pictures, trial: Trial) -> Estimate:
    """The estimate for a whole recipe from a trial of its first steps."""
    times = [event["time"] for event in trial.events if event["event"] == "step"]
    laps = [after - before for before, after in zip(times[WARM_UP_STEPS - 1 :], times[WARM_UP_STEPS:], strict=False)]
    step_s = max(statistics.median(laps), 1e-4)
    begun = trial.seconds - (times[-1] - times[0])
    picture_s = step_s / recipe.phases[0].batch
    total, steps = begun, 0
    for phase in (phase for stage in recipe.stages() for phase in stage.phases):
        share = _pixels(phase, recipe) / _pixels(recipe.phases[0], recipe)
        steps_an_epoch = phase.steps_an_epoch(pictures.training)
        steps += phase.epochs * steps_an_epoch
        trained = steps_an_epoch * phase.batch + FORWARD_SHARE * pictures.validation / recipe.every.validation
        total += phase.epochs * trained * picture_s * share
    return Estimate(total, step_s, begun, trial.memory_bytes, steps, pictures.training)


def _shortened(recipe: Recipe) -> dict[str, Any]:
    values = recipe.to_dict()
    first = {**values["phases"][0], "epochs": 1, "steps": STEPS}
    every = {"log": 1, "validation": 1, "checkpoint": 1, "preview": 0}
    data = {**values["data"], "validation": None}
    plain = {"begin_with": None, "blend": 1.0, "plateau": None, "early_stopping": None, "keep": "last"}
    return {**values, "phases": [first], "data": data, "every": every, **plain}


def _try(recipe: Mapping[str, Any], submission: Submission, folder: Path, longest_s: float) -> Trial:
    (folder / "recipe.json").write_text(json.dumps(recipe), encoding="utf-8")
    places = {"--recipe": folder / "recipe.json", "--root": submission.root.absolute(), "--run-dir": folder / "run"}
    words = [word for option, path in places.items() for word in (option, str(path))]
    token = secrets.token_hex(16)
    command = [sys.executable, *submission.trainer, *words, "--out", str(folder / "network")]
    began, memory = time.monotonic(), 0
    with (folder / "errors.txt").open("wb") as errors:
        trainer = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            cwd=REPOSITORY,
            env=os.environ | {TOKEN_VARIABLE: token},
        )
    try:
        while True:
            events = _events(folder)
            seconds = time.monotonic() - began
            memory = max(memory, peak_memory(trainer.pid))
            steps = sum(event["event"] == "step" for event in events)
            if steps >= STEPS - 1 or (steps > WARM_UP_STEPS and seconds > ENOUGH_S):
                return Trial(events, memory, seconds)
            if trainer.poll() is not None:
                raise JobError(_last_line(folder) or f"The trial ended with exit code {trainer.returncode}.")
            if seconds > longest_s:
                raise JobError(
                    f"The trial did not get through {WARM_UP_STEPS + 1} steps in {longest_s:g} s: no estimate."
                )
            time.sleep(POLL_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            trainer.kill()
        trainer.wait()
        kill_carrying(token)


def _events(folder: Path) -> list[dict[str, Any]]:
    try:
        return parse_lines((folder / "run" / METRICS).read_bytes().split(b"\n")[:-1])
    except FileNotFoundError:
        return []


def _last_line(folder: Path) -> str:
    last = LastLine()
    last.feed((folder / "errors.txt").read_bytes())
    return last.text()


def _pixels(phase: Phase, recipe: Recipe) -> int:
    preset = recipe.build_preset()
    return (phase.height or preset.height or 1) * (phase.width or preset.width or 1)
