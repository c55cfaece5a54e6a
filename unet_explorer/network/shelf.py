"""Putting a model folder where the app finds it, and never half of one. The scan alone needs TensorFlow."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from unet_explorer.errors import ModelError
from unet_explorer.network.card import read_card

LARGEST = 4 * 2**30
MOST_FILES = 2000


def adopt_folder(source: Path, shelf: Path, trusted: bool = False) -> str:
    """Copy a SavedModel folder to the shelf.

    Args:
        source: the folder that holds saved_model.pb.
        shelf: folder whose sub-folders are models.
        trusted: take it although its graph could touch files, the network or Python.

    Returns:
        Its name on the shelf.

    Raises:
        ModelError, CardError: it is no SavedModel, was refused by the scan, or is too large.
    """
    try:
        source = source.expanduser()
        there = (source / "saved_model.pb").is_file()
    except (OSError, RuntimeError) as error:
        raise ModelError(f"{str(source)[:80]!r} cannot be a folder ({error}): check the path.") from error
    if not there:
        raise ModelError(f"{source} holds no saved_model.pb: give the folder that does.")
    files = [path for path in source.rglob("*") if path.is_file()]
    if len(files) > MOST_FILES or sum(path.stat().st_size for path in files) > LARGEST:
        raise ModelError(f"{source} holds more than {MOST_FILES} files or 4 GiB: give the folder of one model.")
    with _place(shelf, source.resolve().name, trusted) as (folder, name):
        shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    return name


def adopt_files(files: Mapping[str, bytes], shelf: Path, trusted: bool = False) -> str:
    """Write the files of an uploaded SavedModel folder to the shelf.

    Args:
        files: relative path -> content, as browsers give a folder; the part above saved_model.pb is left out.
        shelf: folder whose sub-folders are models.
        trusted: as in `adopt_folder`.

    Returns:
        Its name on the shelf.

    Raises:
        ModelError, CardError: there is no saved_model.pb among them, a path leads elsewhere, or the scan refused it.
    """
    tops = sorted(
        (path for path in map(PurePosixPath, files) if path.name == "saved_model.pb"), key=lambda p: len(p.parts)
    )
    if not tops:
        raise ModelError("The upload holds no saved_model.pb: choose the whole model folder, the one that holds it.")
    top = tops[0].parent
    inside = {
        PurePosixPath(path).relative_to(top): data
        for path, data in files.items()
        if PurePosixPath(path).is_relative_to(top)
    }
    for path in inside:
        if path.is_absolute() or ".." in path.parts or "\\" in str(path):
            raise ModelError(f"The upload holds the path {path}, which leads out of its folder: choose another folder.")
    with _place(shelf, top.name or "uploaded", trusted) as (folder, name):
        for path, data in inside.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    return name


@contextmanager
def _place(shelf: Path, wanted: str, trusted: bool) -> Iterator[tuple[Path, str]]:
    """A temporary folder that becomes `shelf/name` once it was filled and found sound."""
    name = _free_name(shelf, wanted)
    temporary = shelf / f".{uuid.uuid4().hex}"
    try:
        temporary.mkdir(parents=True)
        yield temporary, name
        from unet_explorer.network.scan import scan_saved_model

        report = scan_saved_model(temporary)
        if report.refused and not trusted:
            raise ModelError(report.sentence().replace(str(temporary), name))
        read_card(temporary)
        temporary.rename(shelf / name)
    except OSError as error:
        raise ModelError(
            f"{shelf} cannot be written ({error.strerror}): free some space or check its permissions."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _free_name(shelf: Path, wanted: str) -> str:
    plain = re.sub(r"[^\w.-]+", "-", wanted).strip("-.") or "model"
    number, name = 2, plain
    while (shelf / name).exists():
        name, number = f"{plain}-{number}", number + 1
    return name
