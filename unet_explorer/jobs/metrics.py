"""The trainer's events, read from the end of its file, cheaply enough for every line of a list of jobs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unet_explorer.training.run_folder import FIRST, METRICS

# Their epoch is the one being trained; that of others, such as a checkpoint, the number of finished ones.
COUNTING = ("step", "epoch")
TAIL_BYTES = 1 << 15
HEAD_BYTES = 1 << 14


def stage_folders(run_folder: Path) -> tuple[Path, ...]:
    """The folders of the stages that have told something, in order: what a recipe begins with has one of its own.

    Returns:
        At least one; the last is that of the stage being trained.
    """
    begun = tuple(folder for folder in (run_folder / FIRST, run_folder) if (folder / METRICS).exists())
    return begun or (run_folder,)


def newest_figures(run_folder: Path) -> dict[str, Any]:
    """The newest value of every number and word in the trainer's events about the stage being trained.

    Args:
        run_folder: the trainer's folder.

    Returns:
        Such as step, epoch, epochs, loss, learning_rate, val_mean_iou, eta_s, device; {} before the first event.
        Lists, such as the IoU of each class, are left out.
    """
    try:
        with (stage_folders(run_folder)[-1] / METRICS).open("rb") as file:
            head = file.read(HEAD_BYTES)
            size = file.seek(0, 2)
            file.seek(max(len(head), size - TAIL_BYTES))
            tail = file.read()
            cut = size - len(tail) > len(head)
    except FileNotFoundError:
        return {}
    lines = head.split(b"\n")[:-1] + tail.split(b"\n")[1 if cut else 0 :] if cut else (head + tail).split(b"\n")
    figures: dict[str, Any] = {}
    for event in parse_lines(lines):
        plain = {name: value for name, value in event.items() if isinstance(value, int | float | str)}
        if event.get("event") not in COUNTING and "epoch" in figures:
            plain.pop("epoch", None)
        figures |= plain
    return figures


def parse_lines(lines: Sequence[bytes]) -> list[dict[str, Any]]:
    """The JSON objects among lines; a line that was torn by a crash, or is still being written, is left out."""
    try:
        events = json.loads(b"[" + b",".join(line for line in lines if line) + b"]")
    except ValueError:
        events = [_parse(line) for line in lines]
    return [event for event in events if isinstance(event, dict)]


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
