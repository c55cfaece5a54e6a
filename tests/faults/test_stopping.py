"""Cancelling, and what trainers say with their exit codes."""

from __future__ import annotations

import itertools
import os
import signal
import time

import pytest

from tests.faults.conftest import Bench, expected_weights, wait_for
from unet_explorer.errors import JobError
from unet_explorer.jobs.processes import carrying
from unet_explorer.jobs.states import State

GRACE_S = 2.0


def test_a_deaf_trainer_with_children_is_gone_within_the_grace_time(bench: Bench) -> None:
    job = bench.submit(deaf=True, children=4, epochs=50, steps=4, step_s=0.05)
    bench.wait_step(job, 9)
    token = bench.data.job(job.id).attempt(1).order().token
    assert len(carrying(token)) == 5

    asked = time.monotonic()
    assert bench.jobs.cancel(job.id).state is State.CANCELLING
    cancelled = bench.wait(job, State.CANCELLED, seconds=GRACE_S + 2.0)

    assert time.monotonic() - asked >= GRACE_S
    assert not carrying(token)
    assert cancelled.exit_code == -9
    assert cancelled.trouble == "It did not stop within 2 s and was killed; its checkpoints are kept."
    newest = bench.jobs.checkpoints(job.id)[-1]
    assert newest.epoch % 4 == 0
    assert newest.epoch >= 8
    bench.assert_nothing_left()


def test_a_polite_trainer_saves_the_very_step_and_resumes_from_it(bench: Bench) -> None:
    job = bench.submit(epochs=4, steps=6, step_s=0.05)
    bench.wait_step(job, 8)
    bench.jobs.cancel(job.id)
    cancelled = bench.wait(job, State.CANCELLED)
    assert (cancelled.exit_code, cancelled.trouble) == (3, "")
    last = bench.events(job, "step")[-1]["step"]
    assert bench.jobs.checkpoints(job.id)[-1].epoch == last

    bench.jobs.resume(job.id)
    done = bench.wait(job, State.SUCCEEDED)
    assert [event["step"] for event in bench.events(job, "start")] == [0, last]
    assert bench.weights(done) == expected_weights(job)


def test_a_waiting_job_is_cancelled_without_ever_starting(bench: Bench) -> None:
    running, waiting = bench.submit(step_s=0.1), bench.submit()
    assert bench.jobs.queue_position(waiting.id) in (0, 1)
    assert bench.jobs.cancel(waiting.id).state is State.CANCELLED
    bench.wait(running, State.SUCCEEDED)
    bench.assert_nothing_left()
    assert (bench.jobs.job(waiting.id).attempt, bench.launches(waiting)) == (0, 0)
    with pytest.raises(JobError, match="nothing to cancel"):
        bench.jobs.cancel(waiting.id)


def test_cancelling_at_any_moment_of_the_start_leaves_nothing_running(bench: Bench) -> None:
    for wait_s in (0.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4):
        job = bench.submit(epochs=50, children=1)
        time.sleep(wait_s)
        bench.jobs.cancel(job.id)
        bench.wait(job, State.CANCELLED, seconds=8)
    bench.assert_nothing_left()


def test_a_trainer_that_finishes_although_cancelled_has_finished(bench: Bench) -> None:
    job = bench.submit(epochs=1, steps=2, before_export_s=0.8)
    bench.wait_step(job, 2)
    bench.jobs.cancel(job.id)
    done = bench.wait(job, State.SUCCEEDED)
    assert bench.weights(done) == expected_weights(job)


def test_a_stop_from_outside_saves_and_can_be_resumed(bench: Bench) -> None:
    job = bench.submit(epochs=4, steps=6, step_s=0.05)
    bench.wait_step(job, 8)
    os.kill(bench.runner(job), signal.SIGTERM)
    stopped = bench.wait_stored(job, State.LOST)
    assert stopped.exit_code == 3
    assert stopped.trouble == "It was stopped from outside; resume goes on from its last checkpoint."
    bench.jobs.resume(job.id)
    assert bench.weights(bench.wait(job, State.SUCCEEDED)) == expected_weights(job)


@pytest.mark.parametrize(
    ("fake", "code", "trouble"),
    [
        ({"bad_input": True}, 2, "The recipe is bad."),
        ({"nan_at": 5}, 4, "The loss is not finite at step 5: lower the learning rate."),
        ({"crash_at": 3}, 1, "RuntimeError: the fake trainer broke on purpose"),
    ],
)
def test_a_failed_trainer_leaves_its_exit_code_and_its_last_words(
    bench: Bench, fake: dict[str, int], code: int, trouble: str
) -> None:
    job = bench.submit(**fake)
    failed = bench.wait_stored(job, State.FAILED)
    assert (failed.exit_code, failed.trouble) == (code, trouble)
    assert trouble in bench.jobs.log_tail(job.id)


def test_jobs_run_in_order_and_one_at_a_time(bench: Bench) -> None:
    jobs = [bench.submit(epochs=1) for _ in range(4)]
    assert bench.jobs.queue_position(jobs[3].id) >= 2
    for job in jobs:
        bench.wait(job, State.SUCCEEDED)
    bench.assert_nothing_left()
    spans = [(attempt.started, attempt.finished) for job in jobs for attempt in bench.jobs.attempts(job.id)]
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))


def test_as_many_run_at_once_as_allowed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNET_EXPLORER_MAX_RUNNING_JOBS", "2")
    jobs = [bench.submit(epochs=2, step_s=0.1) for _ in range(3)]
    states = [State.RUNNING, State.RUNNING, State.QUEUED]
    wait_for(lambda: [bench.jobs.job(job.id).state for job in jobs] == states, 10.0)
    for job in jobs:
        bench.wait(job, State.SUCCEEDED)
    first, second, third = (bench.jobs.attempts(job.id)[0] for job in jobs)
    assert third.created >= min(first.finished or 1e12, second.finished or 1e12)


def test_removing_needs_an_ended_job_and_leaves_no_file(bench: Bench) -> None:
    job = bench.submit(step_s=0.1)
    bench.wait(job, State.RUNNING)
    with pytest.raises(JobError, match="cancel it before removing"):
        bench.jobs.remove(job.id)
    bench.wait(job, State.SUCCEEDED)
    bench.jobs.remove(job.id)
    assert list(bench.data.jobs.iterdir()) == []
    assert job.out.is_dir()
    with pytest.raises(JobError, match="There is no job"):
        bench.jobs.job(job.id)
