"""How fast a run goes."""

from __future__ import annotations

import time


class Meter:
    """Measures speed: of steps alone since it was last read, and of everything since the run began."""

    def __init__(self) -> None:
        self._began = self._mark = time.monotonic()
        self._pictures = 0
        self._steps = 0
        self._last = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    @property
    def seconds_per_step(self) -> float | None:
        """Mean of all steps so far, validations and saving included; None before the first."""
        return self.elapsed / self._steps if self._steps else None

    def count(self, pictures: int) -> None:
        """Take in a step."""
        self._pictures += pictures
        self._steps += 1

    def speed(self) -> float:
        """Pictures per second since the last reading; the reading before where none were counted since."""
        now = time.monotonic()
        if self._pictures:
            self._last = self._pictures / max(now - self._mark, 1e-9)
        self._pictures, self._mark = 0, now
        return self._last

    def pause(self) -> None:
        """Leave out the time since the last reading (validation, saving)."""
        self._pictures, self._mark = 0, time.monotonic()
