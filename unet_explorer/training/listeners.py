"""Listeners of the training loop: each writes one kind of file, or the lines a person reads."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import TextIO

import numpy as np
from PIL import Image

from unet_explorer.training.checkpoints import save_checkpoint
from unet_explorer.training.events import Listener, TrainingEvent
from unet_explorer.training.run_folder import CHECKPOINTS, METRICS, PREVIEWS, TENSORBOARD, writing
from unet_explorer.training.tensorboard import EventFile

LOGGED = (
    "loss", "val_loss", "val_mean_iou", "val_accuracy", "val_salt_score", "learning_rate", "pictures_per_second",
)  # fmt: skip


def file_listeners(run_dir: Path) -> list[Listener]:
    """All that is written about a run; checkpoints first, so that no event tells of one that is not there."""
    return [
        write_checkpoints(run_dir / CHECKPOINTS),
        write_previews(run_dir / PREVIEWS),
        write_metrics(run_dir / METRICS),
        write_tensorboard(run_dir / TENSORBOARD),
    ]


def write_checkpoints(folder: Path) -> Listener:
    """Saves the payload of "checkpoint" events."""

    def listen(event: TrainingEvent) -> None:
        if event.kind == "checkpoint":
            save_checkpoint(event.payload, folder)

    return listen


def write_metrics(path: Path) -> Listener:
    """Appends each event as one line of JSON; all but the frequent ones are forced to the disk."""

    def listen(event: TrainingEvent) -> None:
        with writing(path), path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(event.to_dict(), allow_nan=False) + "\n")
            file.flush()
            if event.kind not in ("step", "epoch"):
                os.fsync(file.fileno())

    return listen


def write_previews(folder: Path) -> Listener:
    """Writes each preview as a PNG: picture, label map and prediction one below the other."""

    def listen(event: TrainingEvent) -> None:
        if event.kind != "preview":
            return
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for name, shown in zip(event.values["files"], event.payload, strict=True):
                Image.fromarray(np.vstack([shown.picture, shown.label, shown.prediction])).save(folder / name)

    return listen


def write_tensorboard(folder: Path) -> Listener:
    """Logs the numbers of "step" and "epoch" events for TensorBoard."""
    opened: list[EventFile] = []

    def listen(event: TrainingEvent) -> None:
        if event.kind not in ("step", "epoch"):
            return
        prefix = "train" if event.kind == "step" else "epoch"
        known = {name: event.values.get(name) for name in LOGGED}
        numbers = {f"{prefix}/{name}": float(value) for name, value in known.items() if value is not None}
        with writing(folder):
            if not opened:
                opened.append(EventFile(folder))
            opened[0].scalars(numbers, int(event.values["step"]), event.time)

    return listen


def print_progress(out: TextIO) -> Listener:
    """Tells a person: a line an epoch, and one for everything else that matters.

    Lines of a recipe of several stages begin with the name of the stage that is being trained.
    """
    stage = ""

    def listen(event: TrainingEvent) -> None:
        nonlocal stage
        if event.kind == "start":
            stage = f"{event.values['recipe']}: " if event.values["stages"] > 1 else ""
        line = _line(event)
        if line:
            print((stage if event.kind == "epoch" else "") + line, file=out, flush=True)

    return listen


def _line(event: TrainingEvent) -> str:
    values = event.values
    if event.kind == "step":
        return (
            f"  step {values['step']}/{values['steps']}  loss {_short(values['loss'])}  "
            f"{_short(values['pictures_per_second'])} pictures/s  {_left(values['eta_s'])}"
        )
    if event.kind == "epoch":
        names = {"loss": "loss", "val_loss": "val loss", "val_mean_iou": "val mean IoU", "val_salt_score": "salt score"}
        scores = "  ".join(f"{shown} {_short(values[name])}" for name, shown in names.items() if name in values)
        speed = f"{_short(values['pictures_per_second'])} pictures/s"
        return f"epoch {values['epoch']}/{values['epochs']}  {scores}  {speed}  {_left(values['eta_s'])}"
    if event.kind in ("start", "notice", "export", "end"):
        return str(values.get("message", ""))
    return ""


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else "-"


def _left(seconds: object) -> str:
    if not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d} left"
