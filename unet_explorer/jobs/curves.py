"""Curves of a run, read once and thinned for the screen.

A `RunReader` remembers how far it has read, so that a refresh costs what was written since, not what was ever written.
"""

from __future__ import annotations

import itertools
import threading
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from unet_explorer.jobs.metrics import parse_lines
from unet_explorer.training.run_folder import METRICS

CURVE_EVENTS = ("step", "epoch")
NO_CURVES = frozenset({"event", "time", "step", "steps", "epoch", "epochs", "eta_s"})
NUMBERS = (int, float)
PART_BYTES = 1 << 20

Series: TypeAlias = "tuple[array[float], array[float]]"  # x and y


@dataclass(frozen=True)
class Curve:
    """One figure over the run.

    Attributes:
        name: event and figure, such as `step.loss` or `epoch.val_mean_iou`.
        x: (N,) float64, the step (of `step` events) or the epoch, strictly rising.
        y: (N,) float64; NaN and infinities as the trainer wrote them.
        points: how many points the curve has before thinning.
    """

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    points: int


@dataclass(frozen=True)
class Events:
    """What a page shows of a run.

    Attributes:
        curves: by name.
        latest: the newest event of each kind, complete with its lists; under "validation" the newest that has scores of
            each class, which not every epoch need have.
        bytes_read: bytes of the file this call had to read.
    """

    curves: Mapping[str, Curve]
    latest: Mapping[str, Mapping[str, Any]]
    bytes_read: int


class RunReader:
    """Reads the events of one run folder, each byte once. Threads may share it."""

    def __init__(self, run_folder: Path) -> None:
        """Nothing is read yet."""
        self._path = run_folder / METRICS
        self._lock = threading.Lock()
        self._start_over()

    def events(self, after: float = -np.inf, at_most: int = 400) -> Events:
        """Read what is new and thin all curves.

        Args:
            after: leave out points with a smaller or equal x.
            at_most: points kept of each curve, at least 4; extremes survive (see `thin`).
        """
        with self._lock:
            bytes_read = self._read_on()
            found = (
                _curve(f"{kind}.{figure}", series, after, at_most)
                for kind, figures in self._series.items()
                for figure, series in figures.items()
            )
            return Events({curve.name: curve for curve in found}, dict(self._latest), bytes_read)

    def _start_over(self) -> None:
        self._position = 0
        self._inode = -1
        self._series: dict[str, dict[str, Series]] = {kind: {} for kind in CURVE_EVENTS}
        self._latest: dict[str, Mapping[str, Any]] = {}

    def _read_on(self) -> int:
        try:
            with self._path.open("rb") as file:
                self._begin_again_if_replaced(file.fileno())
                file.seek(self._position)
                before = self._position
                while part := file.read(PART_BYTES):
                    self._take(part + file.readline())
                return self._position - before
        except FileNotFoundError:
            self._start_over()
            return 0

    def _begin_again_if_replaced(self, descriptor: int) -> None:
        status = Path(f"/proc/self/fd/{descriptor}").stat()
        if self._inode not in (-1, status.st_ino) or status.st_size < self._position:
            self._start_over()
        self._inode = status.st_ino

    def _take(self, data: bytes) -> None:
        whole = data[: data.rfind(b"\n") + 1]  # the rest is still being written
        self._position += len(whole)
        for event in parse_lines(whole.splitlines()):
            kind = event.get("event")
            if not isinstance(kind, str):
                continue
            self._latest[kind] = event
            if "class_iou" in event:
                self._latest["validation"] = event
            if kind in CURVE_EVENTS and type(event.get(kind)) in NUMBERS:
                self._add(kind, event)

    def _add(self, kind: str, event: Mapping[str, Any]) -> None:
        x = event[kind]
        series = self._series[kind]
        for figure, y in event.items():
            if figure in NO_CURVES or type(y) not in NUMBERS:
                continue
            if figure not in series:
                series[figure] = (array("d"), array("d"))
            x_values, y_values = series[figure]
            # A resumed trainer goes back to its checkpoint and does the steps after it again.
            while x_values and x_values[-1] >= x:
                x_values.pop()
                y_values.pop()
            x_values.append(x)
            y_values.append(y)


def _curve(name: str, series: Series, after: float, at_most: int) -> Curve:
    x, y = (np.array(values) for values in series)
    first = int(np.searchsorted(x, after, side="right"))
    x, y = x[first:], y[first:]
    kept = thin(y, at_most)
    return Curve(name, x[kept], y[kept], len(y))


def thin(values: NDArray[np.float64], at_most: int) -> NDArray[np.intp]:
    """Which points to draw so that a curve looks as if all were drawn.

    Both ends are kept, and of each of equal stretches between them the lowest and the highest point, so no spike is
    lost.

    Args:
        values: (N,) heights; NaN only where a stretch has nothing else.
        at_most: points kept, at least 4.

    Returns:
        Indices in rising order, all N where `at_most` allows.

    Example:
        >>> thin(np.array([0.0, 1, 9, 1, 0, -7, 0, 1]), 4).tolist()
        [0, 2, 5, 7]
    """
    count = len(values)
    if count <= at_most:
        return np.arange(count)
    stretches = max((at_most - 2) // 2, 1)
    edges = np.linspace(1, count - 1, stretches + 1).astype(np.intp)
    kept = [0, count - 1]
    for first, last in itertools.pairwise(edges):
        stretch = values[first:last]
        lowest, highest = np.where(np.isnan(stretch), np.inf, stretch), np.where(np.isnan(stretch), -np.inf, stretch)
        kept += [int(first + lowest.argmin()), int(first + highest.argmax())]
    return np.unique(kept)
