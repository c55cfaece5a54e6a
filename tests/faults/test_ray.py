"""The ray launcher against a real Ray head on this machine, which is killed and started again.

Run by `make test-ray`: the extra of requirements-ray.txt (382 MB) is not part of `make test`, where
`tests/unit/jobs/test_ray_launcher.py` plays the head instead.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.conftest import FAKE_TRAINER, Bench, alive, expected_weights, kill, make_bench, wait_for
from unet_explorer.jobs.states import Job, State

pytestmark = [pytest.mark.ray, pytest.mark.timeout(600)]

HOST = "127.0.0.2"  # Ray replaces 127.0.0.1 by the address of the network card
HEAD_MARK = "UNET_EXPLORER_TEST_HEAD"
STARTS_WITHIN_S = 90.0


class Head:
    """A Ray head with two processors and no GPU."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.dashboard = _free_port(), _free_port()
        self.address = f"http://127.0.0.1:{self.dashboard}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        ray = os.environ.get("UNET_EXPLORER_RAY", "ray")
        assert shutil.which(ray), "no `ray` command: run `make test-ray`, or name it in UNET_EXPLORER_RAY"
        words = [ray, "start", "--head", "--block", "--disable-usage-stats", f"--node-ip-address={HOST}"]
        words += [f"--port={self.port}", "--dashboard-host=127.0.0.1", f"--dashboard-port={self.dashboard}"]
        # An agent of a killed head lingers for a while on the port it was given.
        words += [f"--dashboard-agent-listen-port={_free_port()}"]
        words += ["--num-cpus=2", "--num-gpus=0", "--object-store-memory=100000000", f"--temp-dir={self.folder}"]
        path = f"{Path(shutil.which(ray) or ray).absolute().parent}{os.pathsep}{os.environ['PATH']}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("UNET_EXPLORER_DATA")}
        environment |= {"PATH": path, HEAD_MARK: str(self.folder), "RAY_USAGE_STATS_ENABLED": "0"}
        with (self.folder / "head.txt").open("ab") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log, env=environment, start_new_session=True)
        wait_for(self.answers, STARTS_WITHIN_S, lambda: (self.folder / "head.txt").read_text()[-2000:])

    def answers(self) -> bool:
        """Whether the head is there."""
        try:
            with urllib.request.urlopen(f"{self.address}/api/version", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def kill(self) -> None:
        """SIGKILL every process of Ray, and none of ours."""
        for _ in range(100):
            victims = [pid for pid in alive(self.folder, HEAD_MARK) if not _is_ours(pid)]
            for pid in victims:
                with contextlib.suppress(ProcessLookupError):
                    kill(pid)
            if not victims:
                break
        if self.process is not None:
            self.process.wait()
            self.process = None


@pytest.fixture
def head() -> Iterator[Head]:
    """A head that is not started yet; its folder's name must be short, for the sake of its sockets."""
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp", ignore_cleanup_errors=True) as folder:
        found = Head(Path(folder))
        yield found
        found.kill()


@pytest.fixture
def bench(head: Head, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A bench whose jobs may go to the head."""
    monkeypatch.setenv("UNET_EXPLORER_RAY_ADDRESS", head.address)
    yield from make_bench(tmp_path / "data", tmp_path, monkeypatch)


def submit(bench: Bench, gpus: int = 0, **fake: object) -> Job:
    """A run of the fake trainer on the cluster."""
    return bench.jobs.submit(replace(bench.submission(**fake), launcher="ray", gpus=gpus))


def test_a_job_runs_is_cancelled_resumed_and_finished_on_the_cluster(head: Head, bench: Bench) -> None:
    head.start()
    job = submit(bench, epochs=5, steps=6, step_s=0.1)
    bench.wait_stored(job, State.RUNNING, seconds=90)
    bench.wait_step(job, 8, seconds=90)
    assert "training" in bench.jobs.log_tail(job.id)

    bench.jobs.cancel(job.id)
    cancelled = bench.wait_stored(job, State.CANCELLED)
    assert (cancelled.exit_code, cancelled.trouble) == (3, "")
    last = bench.events(job, "step")[-1]["step"]

    bench.jobs.resume(job.id)
    done = bench.wait_stored(job, State.SUCCEEDED, seconds=90)
    assert [event["step"] for event in bench.events(job, "start")] == [0, last]
    assert bench.weights(done) == expected_weights(job)
    assert [attempt.exit_code for attempt in bench.jobs.attempts(job.id)] == [3, 0]


def test_a_gpu_that_is_not_there_is_waited_for_in_words(head: Head, bench: Bench) -> None:
    head.start()
    job = submit(bench, gpus=1)
    waiting = wait_for(lambda: _with_notice(bench, job.id, "The cluster has it waiting: "), 90.0)
    assert waiting.state is State.STARTING
    bench.jobs.cancel(job.id)
    bench.wait_stored(job, State.CANCELLED, seconds=30)
    assert bench.launches(job) == 0


def test_a_submit_waits_for_a_cluster_that_is_away_and_holds_up_nobody(head: Head, bench: Bench) -> None:
    far = submit(bench)
    here = bench.submit()
    bench.wait_stored(here, State.SUCCEEDED)
    waiting = wait_for(lambda: _with_notice(bench, far.id), 30.0)
    assert (waiting.state, waiting.attempt) == (State.QUEUED, 0)
    assert waiting.notice == f"The Ray cluster at {head.address} cannot be reached: waiting for it."
    head.start()
    done = bench.wait_stored(far, State.SUCCEEDED, seconds=90)
    assert (done.attempt, bench.launches(far)) == (1, 1)


def test_a_killed_head_neither_loses_nor_doubles_a_job(head: Head, bench: Bench) -> None:
    """Killed while one job runs and another one waits for a GPU that is not there, then started again."""
    head.start()
    job, waiting = submit(bench, epochs=8, steps=10, step_s=0.25), submit(bench, gpus=1)
    bench.wait_step(job, 15, seconds=90)
    wait_for(lambda: _with_notice(bench, waiting.id, "The cluster has it waiting: "), 90.0)
    head.kill()
    away = wait_for(lambda: _with_notice(bench, waiting.id, "cannot be reached"), 30.0)
    assert away.state is State.STARTING
    assert not bench.jobs.job(job.id).is_finished
    head.start()

    now = bench.wait_stored(job, State.SUCCEEDED, State.LOST, seconds=90)
    launches = 1
    if now.state is State.LOST:  # Ray's own watch killed the runner with its node
        assert now.trouble.startswith("The Ray head was restarted and knows the job no more.")
        bench.jobs.resume(job.id)
        now, launches = bench.wait_stored(job, State.SUCCEEDED, seconds=90), 2
    assert bench.launches(job) == launches
    assert bench.weights(now) == expected_weights(job)
    again = wait_for(lambda: _with_notice(bench, waiting.id), 60.0)
    assert again.state in (State.STARTING, State.QUEUED)
    bench.jobs.cancel(waiting.id)
    bench.wait_stored(waiting, State.CANCELLED, seconds=30)
    assert bench.launches(waiting) == 0


def test_killed_dispatchers_do_not_disturb_the_cluster(head: Head, bench: Bench) -> None:
    head.start()
    job = submit(bench, epochs=3, steps=10, step_s=0.2)
    for _ in range(5):
        bench.jobs.list()
        kill(bench.dispatcher())
    done = bench.wait(job, State.SUCCEEDED, seconds=90)
    assert (done.attempt, bench.launches(job)) == (1, 1)
    assert bench.weights(done) == expected_weights(job)


def test_a_runner_killed_on_the_cluster_is_lost_and_resumes(head: Head, bench: Bench) -> None:
    head.start()
    job = submit(bench, epochs=4, steps=5, step_s=0.1)
    bench.wait_step(job, 7, seconds=90)
    kill(bench.runner(job))
    lost = bench.wait_stored(job, State.LOST, seconds=15)
    assert lost.trouble.startswith("Ray ended it as FAILED")
    bench.jobs.resume(job.id)
    assert bench.weights(bench.wait_stored(job, State.SUCCEEDED, seconds=90)) == expected_weights(job)


def _is_ours(pid: int) -> bool:
    """Runners and trainers live where Ray started them, but a killed head does not take them along by itself."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return True
    return "unet_explorer.jobs.runner\0" in words or FAKE_TRAINER.name in words


def _with_notice(bench: Bench, job_id: str, words: str = "") -> Job | None:
    job = bench.jobs.job(job_id)
    return job if job.notice and words in job.notice else None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
