from __future__ import annotations

from typing import Any

import pytest

from benchmarks import measure


def test_compare_takes_the_median_of_paired_ratios(monkeypatch: pytest.MonkeyPatch) -> None:
    def ours() -> None: ...
    def theirs() -> None: ...

    clock = {ours: iter([1.0, 2.0, 1.0]), theirs: iter([3.0, 2.0, 8.0])}

    def fake_seconds(work: Any) -> float:
        return next(clock[work])

    monkeypatch.setattr(measure, "seconds", fake_seconds)
    figure = measure.compare("x", ours, theirs, at_least=2.5, pairs=3)
    assert (figure.ours, figure.theirs, figure.ratio, figure.spread) == (1.0, 3.0, 3.0, (1.0, 8.0))
    assert figure.reached


def test_a_plain_measurement_is_judged_by_its_median() -> None:
    assert measure.plain("x", [1.0, 9.0, 2.0], at_most=2.0).reached
    assert not measure.plain("x", [1.0, 3.0, 2.5], at_most=2.0).reached
