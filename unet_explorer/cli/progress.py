"""One line on standard error that says how far a long command is; nothing where that is not a terminal."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TextIO

WIDTH = 30
MIN_INTERVAL_S = 0.1


class ProgressBar:
    """A bar for callbacks of (done, total); as a context it clears its line at the end."""

    def __init__(self, label: str, megabytes: bool = False, stream: TextIO | None = None) -> None:
        """Prepare the bar; nothing is drawn yet.

        Args:
            label: what is being done.
            megabytes: the counts are bytes, to be shown as MB.
            stream: where to draw; standard error unless given.
        """
        self.label = label
        self._scale = 1e6 if megabytes else 1.0
        self._unit = " MB" if megabytes else ""
        self._stream = stream or sys.stderr
        self._visible = self._stream.isatty()
        self._begin = time.monotonic()
        self._drawn = 0.0
        self._first: int | None = None

    def __call__(self, done: int, total: int | None) -> None:
        """Draw, unless it was drawn a moment ago.

        Args:
            done: how much is done.
            total: how much there is; None where nobody knows.
        """
        now = time.monotonic()
        if self._first is None:
            self._first, self._begin = done, now
        if not self._visible or (now - self._drawn < MIN_INTERVAL_S and done != total):
            return
        self._drawn = now
        self._stream.write(f"\r\x1b[K{self.line(done, total, now - self._begin)}")
        self._stream.flush()

    def line(self, done: int, total: int | None, seconds: float) -> str:
        """What the bar says after some seconds."""
        shown = f"{done / self._scale:.0f}"
        if not total:
            return f"{self.label} {shown}{self._unit}"
        filled = WIDTH * done // total
        text = f"{self.label} [{'#' * filled}{'.' * (WIDTH - filled)}] {shown}/{total / self._scale:.0f}{self._unit}"
        gained = done - (self._first or 0)
        if not gained or done >= total:
            return text
        left = round(seconds * (total - done) / gained)
        return f"{text}, {left // 60}:{left % 60:02d} left"

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._visible and self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
