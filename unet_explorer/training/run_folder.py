"""Names of what a run folder holds, how its files are written, and the one sentence for when they cannot be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unet_explorer.errors import TrainingError

RECIPE = "recipe.json"
RESULT = "result.json"
WEIGHTS = "weights.npz"
CHECKPOINTS = "checkpoints"
METRICS = "metrics.jsonl"
PREVIEWS = "previews"
TENSORBOARD = "tensorboard"
FIRST = "first"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the failure to write a file of a run into a sentence.

    Raises:
        TrainingError: the disk is full, or the folder may not be written.
    """
    try:
        yield
    except OSError as error:
        raise TrainingError(
            f"{path} could not be written ({error.strerror or error}): make room or choose another --run-dir; a run "
            "that has a checkpoint continues with --resume."
        ) from error


def write_durably(path: Path, content: str) -> None:
    """Write a text so that after any crash the file holds all of it, or what it held before.

    Raises:
        OSError: the disk is full or gone.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make renames and new names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
