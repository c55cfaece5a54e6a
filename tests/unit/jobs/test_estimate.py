"""What a few steps tell of a whole run, worked out by hand."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from unet_explorer.jobs import estimate as estimates
from unet_explorer.jobs.estimate import Trial, estimate, reckon
from unet_explorer.jobs.preflight import Pictures
from unet_explorer.jobs.states import Submission
from unet_explorer.training.recipe import Recipe, load_recipe


def test_phases_are_reckoned_by_their_pixels_and_validation_by_its_pictures() -> None:
    recipe = Recipe.from_dict(
        {
            "name": "two phases",
            "preset": "kitti-16",
            "data": {"name": "kitti", "train": "train", "validation": "validation"},
            "phases": [{"epochs": 10, "batch": 4, "height": 192, "width": 624}, {"epochs": 5, "batch": 8}],
            "losses": [{"name": "cross-entropy"}],
            "every": {"validation": 2},
        }
    )
    # Eight steps: the first three, with compiling, take long; then 2 s each but for one hiccup.
    times = [100.0, 130.0, 133.0, 135.0, 137.0, 146.0, 148.0, 150.0]
    events = [{"event": "start"}, *({"event": "step", "time": time} for time in times)]

    found = reckon(recipe, Pictures(training=40, validation=10), Trial(events, memory_bytes=123, seconds=70.0))

    assert found.step_seconds == 2.0
    assert found.start_seconds == 20.0
    assert found.steps == 10 * 10 + 5 * 5
    # Half a second a picture; 40 of them and a third of 10 every other epoch; the second phase has 368x1248 pixels.
    epoch = (40 + 10 / 3 / 2) * 0.5
    assert found.seconds == pytest.approx(20.0 + 10 * epoch + 5 * epoch * (368 * 1248) / (192 * 624))
    assert (found.memory_bytes, found.training_pictures) == (123, 40)


def test_the_recipe_that_one_begins_with_is_reckoned_too() -> None:
    recipe = load_recipe("tgs-salt-hinge")
    events = [{"event": "step", "time": float(time)} for time in range(8)]

    found = reckon(recipe, Pictures(training=3200, validation=0), Trial(events, memory_bytes=1, seconds=7.0))

    # A second a step, as the trial had it: 150 epochs and 5, of 100 steps each.
    assert found.steps == 155 * 100
    assert found.seconds == pytest.approx(155 * 100)


def test_trials_wait_for_each_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    alone = threading.Lock()

    def trial(*_: object) -> Trial:
        assert alone.acquire(blocking=False), "two trials ran at once"
        time.sleep(0.05)
        alone.release()
        return Trial([{"event": "step", "time": float(second)} for second in range(8)], memory_bytes=1, seconds=9.0)

    monkeypatch.setattr(estimates, "_try", trial)
    monkeypatch.setattr(estimates, "check_recipe_and_data", lambda submission: Pictures(training=4, validation=2))
    submission = Submission(load_recipe("lesson").to_dict(), tmp_path)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(estimate, [submission] * 3))
    assert {cost.step_seconds for cost in found} == {1.0}
