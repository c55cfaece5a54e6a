"""The app is killed at any moment, and asked for the same thing many times at once."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.faults.conftest import Bench, expected_weights
from unet_explorer.errors import JobError
from unet_explorer.jobs.states import Job, State
from unet_explorer.settings import REPOSITORY

KILLS = 25
CLICKS = 30


def start_app(bench: Bench, key: str, barrier: Path) -> subprocess.Popen[str]:
    """An app that submits under a key and goes on refreshing."""
    words = [sys.executable, "-m", "tests.faults.app_standin", str(bench.root), key, str(barrier)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)


def live_and_die(app: subprocess.Popen[str], lines: int, more_s: float) -> str:
    """Kill an app some time after it has printed so many lines; what it acknowledged, if anything."""
    assert app.stdout
    printed = "".join(app.stdout.readline() for _ in range(lines))
    time.sleep(more_s)
    app.kill()
    rest, _ = app.communicate()
    return (printed + rest).removeprefix("ready").strip()


@pytest.mark.parametrize("kills", [KILLS, pytest.param(8 * KILLS, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])])
def test_a_job_goes_on_while_the_app_is_killed_again_and_again(
    bench: Bench, kills: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each life of the app submits one job, under a key that its predecessor may have used already."""
    monkeypatch.setenv("UNET_EXPLORER_MAX_RUNNING_JOBS", "3")
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    acknowledged: dict[str, str] = {}
    keys = set()
    for life in range(kills):
        key = f"click {life // 2}"
        app = start_app(bench, key, bench.root)
        # While it starts, around its submit, or while it refreshes.
        if said := live_and_die(app, chance.randrange(3), chance.uniform(0.0, 0.3)):
            keys.add(key)
            # The second life under a key finds the first one's job.
            assert acknowledged.setdefault(key, said) == said, f"seed {seed}"

    assert acknowledged, "no life was long enough to submit anything"
    found = {job.key: job for job in bench.jobs.list()}
    assert {key: found[key].id for key in keys} == acknowledged, f"seed {seed}"
    for job in found.values():
        done = bench.wait(job, State.SUCCEEDED, seconds=60)
        assert (done.attempt, bench.launches(job)) == (1, 1), f"seed {seed}"
        assert bench.weights(done) == expected_weights(job)
    bench.assert_nothing_left()


def test_a_long_job_outlives_every_app(bench: Bench) -> None:
    job = bench.submit(key="one wish", epochs=3, steps=4, step_s=0.3)
    for _ in range(5):
        app = start_app(bench, "another wish", bench.root)
        time.sleep(0.4)
        app.kill()
        app.communicate()
    assert bench.jobs.job(job.id).state is State.RUNNING
    done = bench.wait(job, State.SUCCEEDED)
    assert (done.attempt, bench.launches(job)) == (1, 1)
    assert [event["step"] for event in bench.events(job, "step")] == list(range(1, 13))


def test_thirty_apps_that_submit_one_wish_at_once_start_one_trainer(bench: Bench, tmp_path: Path) -> None:
    barrier = tmp_path / "go"
    apps = [start_app(bench, "the wish", barrier) for _ in range(CLICKS)]
    assert [app.stdout.readline() for app in apps if app.stdout] == ["ready\n"] * CLICKS
    barrier.touch()
    ids = {app.stdout.readline().strip() for app in apps if app.stdout}
    for app in apps:
        app.kill()
        app.communicate()
    (job,) = bench.jobs.list()
    assert ids == {job.id}
    done = bench.wait(job, State.SUCCEEDED)
    assert (done.attempt, bench.launches(job)) == (1, 1)


def test_thirty_clicks_in_one_app_start_one_trainer(bench: Bench) -> None:
    found: list[Job] = []
    start = threading.Barrier(CLICKS)

    def click() -> None:
        start.wait()
        found.append(bench.submit(key="the wish"))

    threads = [threading.Thread(target=click) for _ in range(CLICKS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == CLICKS
    assert len({job.id for job in found}) == 1
    done = bench.wait(found[0], State.SUCCEEDED)
    assert (done.attempt, bench.launches(done)) == (1, 1)
    assert [path.name for path in bench.data.jobs.iterdir()] == [done.id]


def test_a_key_cannot_mean_two_things(bench: Bench) -> None:
    bench.submit(key="the wish")
    with pytest.raises(JobError, match="which trains something else"):
        bench.submit(key="the wish", epochs=7)
