"""Stale attempts change nothing, and no process that is not ours is ever signalled."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.faults.conftest import Bench, expected_weights, kill, wait_for
from unet_explorer.jobs import runner
from unet_explorer.jobs.folder import Exit, Started
from unet_explorer.jobs.launchers.local import LocalLauncher
from unet_explorer.jobs.processes import TOKEN_VARIABLE, Identity, carrying, kill_carrying, start_ticks
from unet_explorer.jobs.states import Job, Outcome, State
from unet_explorer.jobs.store import Store

OTHER_BOOT = "00000000-1111-2222-3333-444444444444"


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process of somebody else."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env={})
    yield process
    process.kill()
    process.wait()


def lost_job(bench: Bench) -> Job:
    """A job whose every process was killed, still RUNNING in the database, with its newest attempt's files."""
    job = bench.submit(step_s=0.5)
    bench.wait_stored(job, State.RUNNING)
    bench.kill_everything()
    return Store(bench.data).job(job.id)


def test_after_a_reboot_no_process_is_signalled_and_the_job_is_lost(
    bench: Bench, stranger: subprocess.Popen[bytes]
) -> None:
    """The runner's process id was given to a stranger in another boot; even one with the token is left alone."""
    job = lost_job(bench)
    files = bench.data.job(job.id).attempt(1)
    started = files.started()
    assert started is not None
    token = files.order().token
    twin = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], env=os.environ | {TOKEN_VARIABLE: token}
    )
    wait_for(lambda: carrying(token) == [twin.pid], 5.0)
    ticks = start_ticks(stranger.pid)
    files.write_started(Started(started.host, started.time, Identity(stranger.pid, OTHER_BOOT, ticks or 0)))

    bench.jobs.list()

    lost = bench.wait_stored(job, State.LOST)
    assert "switched off" in lost.trouble
    assert (stranger.poll(), twin.poll()) == (None, None)
    twin.kill()
    twin.wait()


def test_a_reused_process_id_of_this_boot_is_not_signalled(bench: Bench, stranger: subprocess.Popen[bytes]) -> None:
    job = lost_job(bench)
    files = bench.data.job(job.id).attempt(1)
    started = files.started()
    assert started is not None
    identity = replace(started.runner, pid=stranger.pid)  # started at another time than the runner was
    files.write_started(replace(started, runner=identity))

    bench.jobs.list()

    bench.wait_stored(job, State.LOST)
    assert stranger.poll() is None
    assert not identity.is_alive()


def test_killing_by_token_spares_everyone_without_it(stranger: subprocess.Popen[bytes]) -> None:
    words = [sys.executable, "-c", "import time; time.sleep(600)"]
    ours = subprocess.Popen(words, env=os.environ | {TOKEN_VARIABLE: "a1"}, start_new_session=True)
    similar = subprocess.Popen(words, env=os.environ | {TOKEN_VARIABLE: "a10"})
    wait_for(lambda: carrying("a1") == [ours.pid] and carrying("a10") == [similar.pid], 5.0)
    assert kill_carrying("a1") == 0
    assert ours.wait(5) == -9
    assert (stranger.poll(), similar.poll()) == (None, None)
    similar.kill()
    similar.wait()


def test_a_stale_attempt_changes_nothing(bench: Bench) -> None:
    job = bench.submit(step_s=0.2)
    bench.wait_stored(job, State.RUNNING)
    bench.wait_step(job, 1)
    stale = Store(bench.data).job(job.id)
    kill(bench.runner(job))
    bench.wait_stored(job, State.LOST)
    bench.jobs.resume(job.id)
    bench.wait_stored(job, State.RUNNING)
    store = Store(bench.data)
    before = store.job(job.id)
    assert (before.attempt, before.state) == (2, State.RUNNING)

    # Everything that anyone of the first attempt could still do.
    assert not store.settle(stale, Outcome(State.SUCCEEDED, 0), 1.0, {})
    assert not store.started(stale, 1.0, "elsewhere")
    assert not store.note(stale, "a stale word")
    bench.data.job(job.id).attempt(1).write_exit(Exit(code=0, time=1.0))
    bench.data.job(job.id).attempt(1).ask_to_stop()
    late = [sys.executable, "-m", "unet_explorer.jobs.runner", "--job-folder", str(bench.data.job(job.id).path)]
    for attempt in ("1", "2"):  # the second one has a runner already
        found = subprocess.run([*late, "--attempt", attempt, "--lock-fd", "0"], stdin=subprocess.DEVNULL, check=False)
        assert found.returncode == runner.NOT_MINE

    now = store.job(job.id)
    assert (now.state, now.attempt, now.started, now.host) == (before.state, 2, before.started, before.host)
    done = bench.wait(job, State.SUCCEEDED)
    assert done.attempt == 2
    assert bench.launches(job) == 2
    assert bench.weights(done) == expected_weights(job)


def test_a_second_runner_of_one_attempt_finds_the_lock_held(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LOCK_PATIENCE_S", 0.1)
    job = bench.submit(step_s=0.1)
    bench.wait_stored(job, State.RUNNING)
    folder = bench.data.job(job.id)
    assert runner.main(["--job-folder", str(folder.path), "--attempt", "1"]) == runner.NOT_MINE
    assert LocalLauncher().presence(job, folder).alive is True
    done = bench.wait(job, State.SUCCEEDED)
    assert bench.launches(done) == 1
