"""Runners, trainers and dispatchers are killed; jobs are not lost, doubled or changed by it."""

from __future__ import annotations

import json
import os
import random
import time

import pytest

from tests.faults.conftest import Bench, alive, expected_weights, kill, kill_one_of, wait_for
from unet_explorer.jobs import dispatcher
from unet_explorer.jobs.launchers.local import LocalLauncher
from unet_explorer.jobs.processes import carrying
from unet_explorer.jobs.states import Attempt, Job, State
from unet_explorer.jobs.store import Store

LOST_WITHIN_S = 5.0
KILLS = int(os.environ.get("UNET_EXPLORER_SOAK_KILLS", "75"))


def test_a_killed_runner_leaves_a_lost_job_no_orphan_and_a_faithful_resume(bench: Bench) -> None:
    job = bench.submit(children=3, epochs=4, steps=5)
    bench.wait_step(job, 8)
    token = bench.data.job(job.id).attempt(1).order().token
    assert len(carrying(token)) == 4

    kill(bench.runner(job))

    lost = bench.wait_stored(job, State.LOST, seconds=LOST_WITHIN_S)
    assert lost.exit_code is None
    assert "runner disappeared" in lost.trouble
    wait_for(lambda: not carrying(token), 2.0, lambda: f"orphans: {bench.describe()}")

    bench.jobs.resume(job.id)
    done = bench.wait(job, State.SUCCEEDED)
    assert bench.weights(done) == expected_weights(job)
    assert _most_steps_lost(bench, job) <= 5
    assert [attempt.state for attempt in _stored_attempts(bench, job)] == [State.LOST, State.SUCCEEDED]
    bench.assert_nothing_left()


def test_a_killed_trainer_leaves_a_failed_job_with_its_exit_code(bench: Bench) -> None:
    job = bench.submit(children=2, epochs=4, steps=5)
    bench.wait_step(job, 7)
    token = bench.data.job(job.id).attempt(1).order().token

    kill(bench.trainer(job))

    failed = bench.wait_stored(job, State.FAILED, seconds=LOST_WITHIN_S)
    assert failed.exit_code == -9
    assert failed.trouble == "The trainer was killed by SIGKILL from outside; the machine may have run out of memory."
    assert not carrying(token)

    bench.jobs.resume(job.id)
    assert bench.weights(bench.wait(job, State.SUCCEEDED)) == expected_weights(job)
    assert _most_steps_lost(bench, job) <= 5


def test_the_queue_moves_when_its_only_runner_is_killed_and_nobody_looks(bench: Bench) -> None:
    first, second = bench.submit(step_s=1.0), bench.submit()
    bench.wait_stored(first, State.RUNNING)
    kill(bench.runner(first))
    bench.wait_stored(second, State.SUCCEEDED)
    assert bench.wait_stored(first, State.LOST).attempt == 1


def test_the_runner_that_ends_wakes_a_killed_dispatcher(bench: Bench) -> None:
    first, second = bench.submit(step_s=0.1), bench.submit()
    bench.wait_stored(first, State.RUNNING)
    kill(bench.dispatcher())
    bench.wait_stored(second, State.SUCCEEDED)
    assert bench.wait_stored(first, State.SUCCEEDED).attempt == 1


def test_the_next_look_drives_a_queue_whose_every_process_was_killed(bench: Bench) -> None:
    first, second = bench.submit(step_s=1.0), bench.submit()
    bench.wait_stored(first, State.RUNNING)
    bench.kill_everything()
    assert Store(bench.data).job(second.id).state is State.QUEUED

    bench.jobs.list()

    bench.wait_stored(second, State.SUCCEEDED)
    bench.wait_stored(first, State.LOST)


def test_a_dispatcher_that_dies_after_claiming_a_job_neither_loses_nor_doubles_it(bench: Bench) -> None:
    blocker = bench.submit(step_s=0.3)
    bench.wait_stored(blocker, State.RUNNING)
    bench.kill_dispatcher()
    job = bench.submit(key="claimed")
    bench.kill_dispatcher()
    # What a dispatcher leaves that was killed between its claim and the start of the runner.
    store = Store(bench.data)
    assert store.claim(job.id, limit=2, code_version="test") == 1
    assert store.job(job.id).state is State.STARTING

    done = bench.wait(job, State.SUCCEEDED)

    assert done.attempt == 2
    assert bench.launches(job) == 1
    assert bench.weights(done) == expected_weights(job)


def test_a_runner_that_never_starts_is_tried_three_times_and_then_blamed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "wake", lambda data: None)
    monkeypatch.setattr(LocalLauncher, "launch", lambda self, job, folder, attempt, lock: None)
    job = bench.submit()
    moving = dispatcher.Dispatcher(bench.data)
    for _ in range(8):
        moving.tick()
    failed = Store(bench.data).job(job.id)
    assert (failed.state, failed.attempt) == (State.FAILED, 3)
    assert failed.trouble == "Its runner did not start, 3 times in a row."


@pytest.mark.parametrize("kills", [8, pytest.param(KILLS, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])])
def test_random_kills_lose_and_double_nothing(bench: Bench, kills: int) -> None:
    """Runner, trainer and dispatcher are killed at random moments, and the job resumed, until it ends by itself."""
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    job = bench.submit(epochs=kills, steps=4, step_s=0.01, checkpoint_s=0.01, before_export_s=0.3)
    killed = 0
    while killed < kills:
        state = bench.jobs.job(job.id).state
        if state is State.SUCCEEDED:
            break
        if state in (State.LOST, State.FAILED):
            bench.jobs.resume(job.id)
            continue
        time.sleep(chance.uniform(0.0, 0.5))
        killed += kill_one_of(alive(bench.data.path), chance)
    while (now := bench.wait(job, State.SUCCEEDED, State.LOST, State.FAILED, seconds=60)).state is not State.SUCCEEDED:
        bench.jobs.resume(job.id)
    assert bench.weights(now) == expected_weights(job), f"seed {seed}"
    assert _most_steps_lost(bench, job) <= 4, f"seed {seed}"
    # A launch that was killed before the trainer's first line leaves no trace there, and none is counted twice.
    assert bench.launches(job) <= now.attempt, f"seed {seed}"
    bench.assert_nothing_left()


def _stored_attempts(bench: Bench, job: Job) -> list[Attempt]:
    bench.assert_nothing_left()
    return list(bench.jobs.attempts(job.id))


def _most_steps_lost(bench: Bench, job: Job) -> int:
    """Over all resumes: how many finished steps lay behind the checkpoint that was taken up again."""
    lost, last = 0, 0
    path = bench.data.job(job.id).run / "metrics.jsonl"
    for line in path.read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "start":
            lost = max(lost, last - event["step"])
        elif event["event"] == "step":
            last = event["step"]
    return lost
