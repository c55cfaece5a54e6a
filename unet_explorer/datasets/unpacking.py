"""Unpacking an archive that a stranger sent: every entry is judged before the first byte is written."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from unet_explorer.errors import DatasetError

CHUNK = 1 << 18


@dataclass(frozen=True)
class Limits:
    """What an archive may contain.

    Attributes:
        folders: the folders that are wanted; what lies elsewhere stays packed.
        entries: how many at most.
        total: bytes unpacked at most.
        ratio: how many times larger than packed one entry may become (PNGs hardly shrink, bombs shrink a thousandfold).
    """

    folders: Sequence[str]
    entries: int
    total: int
    ratio: int


def unpack(archive: Path, out: Path, limits: Limits, progress: Callable[[int, int], None] | None = None) -> int:
    """Unpack a zip file into an empty folder.

    Args:
        archive: the file.
        out: the folder; must not exist.
        limits: what is accepted.
        progress: called with (bytes written, bytes in all).

    Returns:
        How many files were written.

    Raises:
        DatasetError: the file is no sound zip, or an entry leaves the folder, is no plain file, or is larger than it
            may be. Nothing outside `out` is ever touched.
    """
    try:
        with zipfile.ZipFile(archive) as bundle:
            _judge(archive, bundle.infolist(), limits)
            files = [entry for entry in bundle.infolist() if not entry.is_dir() and _is_wanted(entry, limits)]
            total = sum(entry.file_size for entry in files)
            out.mkdir(parents=True)
            written = 0
            for entry in files:
                for count in _write(bundle, entry, out):
                    written += count
                    if progress is not None:
                        progress(written, total)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        reason = str(error).rstrip(".") or type(error).__name__
        raise DatasetError(f"{archive} is not a sound zip file ({reason}): fetch it again.") from None
    return len(files)


def _judge(archive: Path, entries: Sequence[zipfile.ZipInfo], limits: Limits) -> None:
    """Refuse the archive for its table of contents alone."""
    if len(entries) > limits.entries:
        raise DatasetError(
            f"{archive} has {len(entries)} entries, more than {limits.entries}: this is not the data set."
        )
    seen: set[str] = set()
    for entry in entries:
        reason = _objection(entry, limits)
        if entry.filename.casefold() in seen:
            reason = "occurs twice"
        seen.add(entry.filename.casefold())
        if reason:
            raise DatasetError(f"{archive} was not unpacked: its entry {entry.filename!r} {reason}; fetch it again.")
    total = sum(entry.file_size for entry in entries)
    if total > limits.total:
        raise DatasetError(
            f"{archive} was not unpacked: it would become {total / 1e6:.0f} MB, more than {limits.total / 1e6:.0f} MB."
        )


def _objection(entry: zipfile.ZipInfo, limits: Limits) -> str:
    """Why an entry must not be unpacked; empty where it may."""
    path = PurePosixPath(entry.filename)
    mode = entry.external_attr >> 16
    if path.is_absolute() or ".." in path.parts or any(c in entry.filename for c in ("\\", ":", "\0")):
        return "points outside the folder"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or another special file"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    if entry.file_size > limits.ratio * max(1, entry.compress_size):
        return f"would grow more than {limits.ratio}-fold"
    return ""


def _is_wanted(entry: zipfile.ZipInfo, limits: Limits) -> bool:
    return any(PurePosixPath(entry.filename).is_relative_to(folder) for folder in limits.folders)


def _write(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo, out: Path) -> Iterator[int]:
    """Write one entry, giving the size of each block; `zipfile` checks the CRC and the declared size."""
    path = out / entry.filename
    path.parent.mkdir(parents=True, exist_ok=True)
    with bundle.open(entry) as source, path.open("xb") as file:
        while block := source.read(CHUNK):
            file.write(block)
            yield len(block)
