"""Names of what a run folder holds, and the one sentence for when it cannot be written."""

from __future__ import annotations

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
