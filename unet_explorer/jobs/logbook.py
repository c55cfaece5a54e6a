"""What a trainer printed, in a bounded number of files, with positions that stay true when the oldest file goes.

A segment is named after the position of its first byte, counted from the job's first word on. So a reader remembers one
number, whatever was rotated away or appended by a later attempt.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from pathlib import Path

SEGMENT_BYTES = 1 << 20
SEGMENTS_KEPT = 4


@dataclass(frozen=True)
class LogText:
    """A stretch of a log.

    Attributes:
        text: the stretch; bytes that are no UTF-8 are replaced.
        start: position of its first byte; greater than asked for where older text was rotated away.
        end: position after its last byte, to ask for what follows.
    """

    text: str
    start: int
    end: int


class LogWriter:
    """Appends to a log folder; only the one process that holds the job's lock has one."""

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES, kept: int = SEGMENTS_KEPT) -> None:
        """Go on after the last byte that is there.

        Args:
            folder: made where it is missing.
            segment_bytes: size at which a new file begins.
            kept: files kept.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._segment_bytes, self._kept = folder, segment_bytes, kept
        self._position = _end(folder)
        self._start = next(reversed(_segments(folder)), 0)
        self.lost_bytes = 0

    def write(self, data: bytes) -> None:
        """Append; on a full disk the bytes are dropped and counted in `lost_bytes`: the trainer must not wait."""
        if self._position - self._start >= self._segment_bytes:
            self._start = self._position
        try:
            descriptor = os.open(_path(self._folder, self._start), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                written = os.write(descriptor, data)
            finally:
                os.close(descriptor)
        except OSError:
            written = 0
        self._position += written
        self.lost_bytes += len(data) - written
        for start in _segments(self._folder)[: -self._kept]:
            _path(self._folder, start).unlink(missing_ok=True)


def read_log(folder: Path, after: int = 0, at_most: int = 1 << 16) -> LogText:
    """The text that begins at a position, or at the oldest one still kept.

    Args:
        folder: the log folder.
        after: position to begin at, the `end` of an earlier answer.
        at_most: bytes read at most.
    """
    segments = _segments(folder)
    start = position = min(max(after, segments[0] if segments else 0), _end(folder))
    data = b""
    for first, last in itertools.pairwise([*segments, _end(folder)]):
        if last <= position or len(data) >= at_most:
            continue
        part = _read(_path(folder, first), position - first, min(last - position, at_most - len(data)))
        data, position = data + part, position + len(part)
    return LogText(data.decode("utf-8", errors="replace"), start, start + len(data))


def log_tail(folder: Path, lines: int = 100, at_most: int = 1 << 16) -> str:
    """The last lines, as a terminal would show them: of a progress bar's line only what was drawn last."""
    text = read_log(folder, max(_end(folder) - at_most, 0), at_most).text
    drawn = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    if drawn and not drawn[-1]:
        drawn.pop()
    return "\n".join(drawn[-lines:])


def _segments(folder: Path) -> list[int]:
    try:
        return sorted(int(path.stem) for path in folder.iterdir() if path.suffix == ".txt" and path.stem.isdigit())
    except FileNotFoundError:
        return []


def _path(folder: Path, start: int) -> Path:
    return folder / f"{start:015d}.txt"


def _end(folder: Path) -> int:
    segments = _segments(folder)
    return segments[-1] + _path(folder, segments[-1]).stat().st_size if segments else 0


def _read(path: Path, offset: int, count: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(count)
    except FileNotFoundError:  # rotated away between the listing and now
        return b""
