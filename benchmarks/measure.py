"""Timing two ways of doing one thing in turn, so that a machine whose speed drifts favours neither."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        what: the question, in words.
        ours: median, seconds unless `unit` says otherwise.
        theirs: median of the alternative; None for a plain measurement.
        ratio: median of the paired ratios theirs / ours (above 1: ours is faster); None for a plain measurement.
        spread: smallest and largest paired ratio, or smallest and largest value of a plain measurement.
        bar: what was asked for, in words.
        reached: whether the median meets the bar.
        unit: of `ours` and `theirs`.
    """

    what: str
    ours: float
    theirs: float | None
    ratio: float | None
    spread: tuple[float, float]
    bar: str
    reached: bool
    unit: str = "s"

    def to_dict(self) -> dict[str, object]:
        """As plain JSON values."""
        return asdict(self)


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(
    what: str, ours: Callable[[], object], theirs: Callable[[], object], *, at_least: float, pairs: int = 7
) -> Figure:
    """Time two callables in turn after one warm-up of each.

    Args:
        what: the question, in words.
        ours: our way.
        theirs: the alternative.
        at_least: the median of theirs / ours that is asked for.
        pairs: how many times each is timed.
    """
    ours()
    theirs()
    timed = [(seconds(ours), seconds(theirs)) for _ in range(pairs)]
    ratios = [b / a for a, b in timed]
    ratio = statistics.median(ratios)
    return Figure(
        what=what,
        ours=statistics.median(a for a, _ in timed),
        theirs=statistics.median(b for _, b in timed),
        ratio=ratio,
        spread=(min(ratios), max(ratios)),
        bar=f"theirs / ours at least {at_least:g}",
        reached=ratio >= at_least,
    )


def plain(what: str, values: list[float], *, at_most: float, unit: str = "s") -> Figure:
    """A measurement with an upper bound and no alternative; the median is judged."""
    median = statistics.median(values)
    return Figure(
        what, median, None, None, (min(values), max(values)), f"at most {at_most:g} {unit}", median <= at_most, unit
    )
