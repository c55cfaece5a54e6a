"""The training loop: steps, validations, events. It writes nothing; see `listeners`."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from unet_explorer.errors import TrainingError
from unet_explorer.training.checkpoints import Checkpoint, Progress
from unet_explorer.training.engine import Arrays, Engine
from unet_explorer.training.events import Kind, Listener, TrainingEvent
from unet_explorer.training.meter import Meter
from unet_explorer.training.pipeline import Position, default_workers, stream
from unet_explorer.training.plan import Plan
from unet_explorer.training.preflight import whole_view
from unet_explorer.training.recipe import Phase
from unet_explorer.training.schedule import Rules, average_decay, is_better, learning_rate

# Losses are read this many steps late, so that reading one never waits for the step just begun.
LAG = 2
# However rarely a recipe saves: an epoch that ends so long after the last checkpoint gets one.
SAVE_AFTER_S = 60.0


class NonFiniteLossError(TrainingError):
    """The loss became infinite or not a number."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        status: "finished", "stopped early" (early stopping), or "paused" (may be resumed).
        weights: to export, by path.
        progress: where it ended.
    """

    status: Literal["finished", "stopped early", "paused"]
    weights: Arrays
    progress: Progress


@dataclass
class Control:
    """How the outside ends a run: set `stop` (a signal), or let `seconds` pass."""

    seconds: float | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)

    @property
    def due(self) -> bool:
        """Whether the run should pause now."""
        return self.stop.is_set() or (self.seconds is not None and time.monotonic() - self.began > self.seconds)


class Loop:
    """One run of a recipe.

    Args:
        plan: what to train.
        engine: on what.
        listeners: told of everything.
        control: when to pause.
    """

    def __init__(self, plan: Plan, engine: Engine, listeners: Sequence[Listener], control: Control) -> None:
        self._plan = plan
        self._engine = engine
        self._listeners = listeners
        self._control = control
        self._rules = Rules(plan.recipe.plateau, plan.recipe.early_stopping)
        self._best: Arrays = {}
        self._best_value: float | None = None
        self._best_epoch: int | None = None
        self._history: list[dict[str, Any]] = []
        self._losses: list[float] = []
        self._unread: list[Any] = []
        self._total_steps = 0
        self._earlier_seconds = 0.0
        self._meter = Meter()
        self._saved_at = time.monotonic()
        self._begun = Progress(plan.recipe_digest)
        self._start: Arrays = engine.averaged() if plan.recipe.blend < 1 else {}

    def resume(self, checkpoint: Checkpoint) -> Progress:
        """Go on from a checkpoint."""
        progress = checkpoint.progress
        kinds = ("weights", "random", "optimizer", "average")
        self._engine.restore({kind: checkpoint.arrays.get(kind, {}) for kind in kinds})
        self._best = dict(checkpoint.arrays.get("best", {}))
        self._start = dict(checkpoint.arrays.get("start", {}))
        self._best_value, self._best_epoch = progress.best, progress.best_epoch
        self._history, self._losses = list(progress.history), list(progress.losses)
        self._total_steps = progress.total_steps
        self._earlier_seconds = progress.seconds
        self._rules.restore(progress.rules)
        return progress

    def run(self, begin: Progress) -> Outcome:
        """Train from there to the end, or until the control says to pause.

        Raises:
            NonFiniteLossError: the loss is infinite or not a number.
        """
        self._meter, self._saved_at, self._begun = Meter(), time.monotonic(), begin
        if begin.stopped:
            return self._outcome("stopped early", begin.epoch)
        if begin.init and not begin.total_steps:
            self._save(0, 0)  # so that a run killed before its first checkpoint needs no --init to be resumed
        positions = self._plan.positions(begin.epoch, begin.step)
        batches = stream(positions, self._prepare, default_workers())
        with closing(batches):
            for position, batch in batches:
                self._step(position, batch)
                ends_epoch = position.step + 1 == self._plan.steps_of(self._plan.phase_of(position.epoch))
                if ends_epoch and self._end_epoch(position.epoch + 1):
                    return self._outcome("stopped early", position.epoch + 1)
                if self._control.due and not self._is_last(position, ends_epoch):
                    return self._pause(position, ends_epoch)
        return self._outcome("finished", self._plan.recipe.epochs)

    def _prepare(self, position: Position) -> Any:
        return self._engine.put(self._plan.prepare(position))

    def _step(self, position: Position, batch: Any) -> None:
        recipe = self._plan.recipe
        rate = self._scheduled_rate(self._total_steps) * self._rules.factor
        decay = average_decay(recipe.average.decay, self._total_steps) if recipe.average else 0.0
        self._unread.append(self._engine.step(batch, rate, decay))
        self._total_steps += 1
        self._meter.count(position.batch)
        if self._total_steps % recipe.every.log == 0:
            self._read_losses(LAG)
            self._tell_step(position, rate)

    def _scheduled_rate(self, step: int) -> float:
        recipe = self._plan.recipe
        return learning_rate(recipe.schedule, recipe.optimizer.learning_rate, step, self._plan.total_steps)

    def _read_losses(self, but: int = 0) -> None:
        ready = self._unread[: len(self._unread) - but]
        self._unread = self._unread[len(ready) :]
        for loss in ready:
            value = float(loss)
            self._losses.append(value)
            self._check_finite("The loss", value)

    def _check_finite(self, what: str, value: float) -> None:
        if math.isfinite(value):
            return
        step = self._total_steps - len(self._unread)
        raise NonFiniteLossError(
            f"{what} became {value} in epoch {len(self._history) + 1}, by step {step}: lower "
            "optimizer.learning_rate, set optimizer.clip_norm to 1, or add warm-up steps"
        )

    def _tell_step(self, position: Position, rate: float) -> None:
        recent = self._losses[-self._plan.recipe.every.log :]
        self._tell(
            "step",
            step=self._total_steps,
            steps=self._plan.total_steps,
            epoch=position.epoch + 1,
            epochs=self._plan.recipe.epochs,
            loss=_rounded(float(np.mean(recent))) if recent else None,
            learning_rate=rate,
            pictures_per_second=_rounded(self._meter.speed()),
            eta_s=self._eta(),
        )

    def _end_epoch(self, epoch: int) -> bool:
        """Validate, tell and save where it is due; true where early stopping says so."""
        recipe, every = self._plan.recipe, self._plan.recipe.every
        self._read_losses()
        last = epoch == recipe.epochs
        scores: dict[str, Any] = {"loss": float(np.mean(self._losses))}
        self._losses = []
        speed, rate = self._meter.speed(), self._scheduled_rate(self._total_steps - 1)
        used_rate = rate * self._rules.factor
        stop = False
        validated = last or epoch % every.validation == 0
        if validated:
            scores |= self._validate(epoch, scores["loss"])
            stop = self._rules.take(scores, rate) if self._has_scores(scores) else False
        self._history.append({"epoch": epoch, "learning_rate": used_rate, **_for_json(scores)})
        self._tell(
            "epoch",
            step=self._total_steps,
            epochs=recipe.epochs,
            pictures_per_second=_rounded(speed),
            eta_s=self._eta(),
            **self._history[-1],
        )
        if every.preview and (last or stop or epoch % every.preview == 0):
            self._preview(epoch)
        if last or stop or epoch % every.checkpoint == 0 or time.monotonic() - self._saved_at >= SAVE_AFTER_S:
            self._save(epoch, 0, stop)
        self._meter.pause()
        return stop

    def _has_scores(self, scores: dict[str, Any]) -> bool:
        watched = [part.monitor for part in (self._plan.recipe.plateau, self._plan.recipe.early_stopping) if part]
        return all(name in scores for name in watched)

    def _validate(self, epoch: int, loss: float) -> dict[str, Any]:
        phase = self._plan.phase_of(epoch - 1)
        if not self._plan.judge.has_pictures and self._plan.recipe.keep == "last":
            return {}
        weights = self._judged_weights(phase)
        scores = self._plan.judge.scores(self._engine, whole_view(phase, self._plan.preset), phase.batch)
        # Nothing is saved of weights that have gone astray in the last steps, after their own loss was computed.
        self._check_finite("The validation loss", scores.get("val_loss", 0.0))
        value = {**scores, "loss": loss}.get(self._plan.recipe.monitor, math.nan)
        if is_better(self._plan.recipe.monitor, value, self._best_value):
            self._best, self._best_value, self._best_epoch = weights, value, epoch
        return scores

    def _judged_weights(self, phase: Phase) -> Arrays:
        """The averaged weights, recalibrated if the recipe says so; the engine validates and predicts with them."""
        average = self._plan.recipe.average
        weights = self._blended()
        self._engine.use_weights(weights)
        if average is None or not average.recalibrate:
            return weights
        view = whole_view(phase, self._plan.preset)
        weights = weights | self._plan.judge.statistics(self._engine, view, phase.batch, average.recalibrate)
        self._engine.use_weights(weights)
        return weights

    def _blended(self) -> Arrays:
        """The averaged weights, mixed with those the run began with if the recipe says so."""
        share = np.float32(self._plan.recipe.blend)
        weights = self._engine.averaged()
        return weights | {path: start + share * (weights[path] - start) for path, start in self._start.items()}

    def _preview(self, epoch: int) -> None:
        phase = self._plan.phase_of(epoch - 1)
        self._judged_weights(phase)
        previews = self._plan.judge.previews(self._engine, whole_view(phase, self._plan.preset))
        files = [f"{epoch:06d}_{number}.png" for number in range(len(previews))]
        self._tell("preview", payload=previews, epoch=epoch, step=self._total_steps, files=files)

    def _save(self, epoch: int, step: int, stopped: bool = False) -> Progress:
        progress = replace(self._progress(epoch, step), stopped=stopped)
        arrays = {**self._engine.state(), "best": self._best, "start": self._start}
        self._tell("checkpoint", payload=Checkpoint(progress, arrays), epoch=epoch, step=self._total_steps)
        self._saved_at = time.monotonic()
        return progress

    def _progress(self, epoch: int, step: int) -> Progress:
        return replace(
            self._begun,
            epoch=epoch,
            step=step,
            total_steps=self._total_steps,
            losses=list(self._losses),
            history=list(self._history),
            rules=self._rules.state(),
            best=self._best_value,
            best_epoch=self._best_epoch,
            seconds=self._earlier_seconds + self._meter.elapsed,
        )

    def _pause(self, position: Position, ends_epoch: bool) -> Outcome:
        self._read_losses()
        epoch, step = (position.epoch + 1, 0) if ends_epoch else (position.epoch, position.step + 1)
        progress = self._save(epoch, step)
        phase = self._plan.phase_of(position.epoch)
        # After a signal there may be little time left; a spent budget leaves enough to measure statistics.
        weights = self._blended() if self._control.stop.is_set() else self._judged_weights(phase)
        return Outcome("paused", weights, progress)

    def _outcome(self, status: Literal["finished", "stopped early"], epoch: int) -> Outcome:
        best = self._plan.recipe.keep == "best" and self._best
        weights = self._best if best else self._judged_weights(self._plan.phase_of(epoch - 1))
        return Outcome(status, weights, self._progress(epoch, 0))

    def _is_last(self, position: Position, ends_epoch: bool) -> bool:
        return ends_epoch and position.epoch + 1 == self._plan.recipe.epochs

    def _eta(self) -> float | None:
        """Seconds to the end of the last stage, whose steps are taken to last as long as these."""
        left = self._plan.total_steps - self._total_steps + self._plan.later_steps
        pace = self._meter.seconds_per_step
        return None if pace is None else round(left * pace, 1)

    def _tell(self, kind: Kind, payload: Any = None, **values: Any) -> None:
        event = TrainingEvent(kind, values, payload)
        for listener in self._listeners:
            listener(event)


def _rounded(value: float) -> float:
    return float(f"{value:.5g}")


def _for_json(scores: dict[str, Any]) -> dict[str, Any]:
    """NaN is not JSON: it becomes null."""
    return {name: _number(value) for name, value in scores.items()}


def _number(value: Any) -> Any:
    if isinstance(value, list):
        return [_number(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
