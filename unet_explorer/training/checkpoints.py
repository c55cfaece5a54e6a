"""Checkpoints that survive a crash at any instant.

A checkpoint is a folder of its own: arrays by kind, progress.json, and a manifest with the SHA-256 of each. It is
written under another name, forced to the disk and renamed into place; the last two are kept. No file is larger than
about 12 MB.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.errors import CheckpointError
from unet_explorer.leftovers import sweep
from unet_explorer.training.run_folder import sync_folder, write_durably

Arrays = dict[str, NDArray[Any]]
MANIFEST = "manifest.json"
PROGRESS = "progress.json"
KEPT = 2
LARGEST_FILE = 12_000_000


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    Attributes:
        recipe: digest of the recipe, without what may change between runs.
        epoch: finished epochs.
        step: steps done of the epoch after those.
        total_steps: steps done in all.
        losses: of the steps of the unfinished epoch.
        history: values of each finished epoch.
        rules: state of plateau and early stopping.
        best: value of the monitored score, or None.
        best_epoch: its epoch.
        seconds: spent so far in training and validation.
        stopped: whether early stopping has ended the run.
        pictures: digest of the training pictures; empty in runs begun before it was kept.
        init: name of the weights the run began with, None for random ones.
    """

    recipe: str
    epoch: int = 0
    step: int = 0
    total_steps: int = 0
    losses: list[float] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    rules: dict[str, Any] = field(default_factory=dict)
    best: float | None = None
    best_epoch: int | None = None
    seconds: float = 0.0
    stopped: bool = False
    pictures: str = ""
    init: str | None = None

    @property
    def folder(self) -> str:
        """Name of the checkpoint's folder; names sort by time."""
        return f"{self.epoch:06d}-{self.step:06d}" if self.step else f"{self.epoch:06d}"


@dataclass(frozen=True)
class Checkpoint:
    """A run at one instant: `arrays` holds the engine's state by kind, and "best" weights if there are any."""

    progress: Progress
    arrays: Mapping[str, Arrays]


def save_checkpoint(checkpoint: Checkpoint, folder: Path) -> Path:
    """Write a checkpoint and remove all but the last two, and what a killed run left half-written.

    Args:
        checkpoint: what to write.
        folder: of all checkpoints of the run.

    Raises:
        CheckpointError: it could not be written; the older ones are untouched.
    """
    target = folder / checkpoint.progress.folder
    temporary = folder / f".{target.name}.{os.getpid()}"
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        _write(checkpoint, temporary)
        if target.exists():
            shutil.rmtree(target)
        temporary.rename(target)
        sync_folder(folder)
    except OSError as error:
        kept = list_checkpoints(folder)
        how = f"continue with --resume: {kept[-1].name} is intact" if kept else "begin again: it was the first one"
        raise CheckpointError(
            f"The checkpoint {target} could not be written ({error.strerror or error}); make room and {how}."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    for old in list_checkpoints(folder)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    sweep(folder.glob(".[0-9]*"))
    return target


def list_checkpoints(folder: Path) -> list[Path]:
    """Checkpoint folders, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def is_checkpoint(path: Path) -> bool:
    """Whether this is the folder of one checkpoint."""
    return (path / MANIFEST).is_file() and (path / PROGRESS).is_file()


def load_latest(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint that is intact.

    Returns:
        The checkpoint, None where there has never been one, and a sentence for each damaged one passed over.

    Raises:
        CheckpointError: there are checkpoints, but all are damaged.
    """
    warnings: list[str] = []
    found = list_checkpoints(folder)
    for path in reversed(found):
        try:
            return load_checkpoint(path), warnings
        except CheckpointError as error:
            warnings.append(f"{error} Falling back to the one before.")
    if found:
        raise CheckpointError(f"All checkpoints in {folder} are damaged: remove the folder to start again.")
    return None, warnings


def load_checkpoint(path: Path) -> Checkpoint:
    """Read one checkpoint.

    Raises:
        CheckpointError: a file is missing or differs from its checksum.
    """
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        for name, digest in manifest["files"].items():
            if _digest(path / name) != digest:
                raise CheckpointError(f"The checkpoint {path} is damaged: {name} differs from its checksum.")
        progress = Progress(**json.loads((path / PROGRESS).read_text(encoding="utf-8")))
        return Checkpoint(progress, {kind: _read(path, names) for kind, names in manifest["arrays"].items()})
    except (OSError, ValueError, TypeError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"The checkpoint {path} is damaged ({error}).") from error


def _write(checkpoint: Checkpoint, folder: Path) -> None:
    arrays = {kind: _write_arrays(folder, kind, values) for kind, values in checkpoint.arrays.items()}
    write_durably(folder / PROGRESS, json.dumps(asdict(checkpoint.progress)))
    files = {entry.name: _digest(entry) for entry in sorted(folder.iterdir())}
    write_durably(folder / MANIFEST, json.dumps({"files": files, "arrays": arrays}, indent=1))


def _write_arrays(folder: Path, kind: str, values: Arrays) -> list[str]:
    """Split the arrays over files of a limited size; returns their names."""
    names = []
    for number, chunk in enumerate(_chunks(values)):
        name = f"{kind}-{number}.npz"
        with (folder / name).open("wb") as file:
            np.savez(file, allow_pickle=False, **chunk)
            file.flush()
            os.fsync(file.fileno())
        names.append(name)
    return names


def _chunks(values: Arrays) -> list[Arrays]:
    chunks: list[Arrays] = [{}]
    size = 0
    for name, value in values.items():
        if size and size + value.nbytes > LARGEST_FILE:
            chunks.append({})
            size = 0
        chunks[-1][name] = value
        size += value.nbytes
    return [chunk for chunk in chunks if chunk]


def _read(folder: Path, names: list[str]) -> Arrays:
    arrays: Arrays = {}
    for name in names:
        with np.load(folder / name, allow_pickle=False) as archive:
            arrays.update({key: archive[key] for key in archive.files})
    return arrays


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
