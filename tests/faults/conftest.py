"""A data folder with real dispatchers, runners and trainers in it, and what is needed to kill them."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.fake_trainer import weights_after
from unet_explorer.jobs import locks
from unet_explorer.jobs.desk import Jobs
from unet_explorer.jobs.folder import DataFolder
from unet_explorer.jobs.states import Job, State, Submission
from unet_explorer.jobs.store import Store

FAKE_TRAINER = Path(__file__).with_name("fake_trainer.py")
MARK = "UNET_EXPLORER_DATA_DIR"


# Run by `make soak` and `make test-ray`, which name them; anyone else sees them counted as deselected.
ONLY_WHEN_NAMED = ("soak", "ray")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long, or takes Ray, unless `-m` names it."""
    left_out = [name for name in ONLY_WHEN_NAMED if name not in config.option.markexpr]
    deselected = [item for item in items if any(item.get_closest_marker(name) for name in left_out)]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if item not in deselected]


@dataclass
class Bench:
    """One data folder and everything that runs for it."""

    data: DataFolder
    root: Path
    jobs: Jobs

    def submission(self, **fake: Any) -> Submission:
        """A run of the fake trainer."""
        recipe = {"name": "fake", "fake": {"epochs": 3, "steps": 4, "step_s": 0.02} | fake}
        return Submission(recipe, self.root, trainer=(str(FAKE_TRAINER),))

    def submit(self, key: str | None = None, **fake: Any) -> Job:
        """Submit a run of the fake trainer."""
        return self.jobs.submit(self.submission(**fake), key)

    def wait(self, job: Job, *states: State, seconds: float = 20.0) -> Job:
        """The job once it is in one of the states."""
        return wait_for(lambda: _if(self.jobs.job(job.id), states), seconds, lambda: f"{self.jobs.job(job.id)}")

    def wait_stored(self, job: Job, *states: State, seconds: float = 20.0) -> Job:
        """The job once the database itself says so, without anybody waking the dispatcher."""
        store = Store(self.data)
        return wait_for(lambda: _if(store.job(job.id), states), seconds, lambda: f"{store.job(job.id)}")

    def wait_step(self, job: Job, step: int, seconds: float = 20.0) -> None:
        """Wait until the trainer has done a step."""
        wait_for(
            lambda: any(event["step"] >= step for event in self.events(job, "step")),
            seconds,
            lambda: f"no step {step}: {self.jobs.job(job.id)}",
        )

    def events(self, job: Job, kind: str) -> list[dict[str, Any]]:
        """The trainer's events of a kind, over all attempts."""
        path = self.data.job(job.id).run / "metrics.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [event for event in map(json.loads, lines) if event["event"] == kind]

    def launches(self, job: Job) -> int:
        """How many trainers ever ran for the job."""
        path = self.data.job(job.id).run / "launches.txt"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def weights(self, job: Job) -> list[int]:
        """The weights of the exported network."""
        found: list[int] = json.loads((job.out / "weights.json").read_text())
        return found

    def runner(self, job: Job) -> int:
        """Process id of the newest attempt's runner."""
        started = wait_for(lambda: self.data.job(job.id).attempt(self.jobs.job(job.id).attempt).started(), 10.0)
        return started.runner.pid

    def trainer(self, job: Job) -> int:
        """Process id of the running trainer."""
        return self._find(FAKE_TRAINER.name, job.id)

    def dispatcher(self) -> int:
        """Process id of the dispatcher."""
        return self._find("unet_explorer.jobs.dispatcher", str(self.data.path))

    def _find(self, *words: str) -> int:
        def find() -> int | None:
            for pid in alive(self.data.path):
                command = _read(pid, "cmdline").replace("\0", " ")
                if all(word in command for word in words) and "jobs.runner" not in command:
                    return pid
            return None

        return wait_for(find, 10.0, lambda: f"no process {words}")

    def kill_dispatcher(self) -> None:
        """SIGKILL the dispatcher and wait until the kernel has taken its lock back, so that the next look starts one.

        A dying process loses its environment before its open files: for some hundredths of a second nobody is `alive`,
        and yet the queue looks as if it were moved.
        """
        kill(self.dispatcher())
        wait_for(lambda: not locks.is_held(self.data.queue_lock), 5.0, lambda: f"still alive: {self.describe()}")

    def kill_everything(self) -> None:
        """SIGKILL every process of this folder, and wait as `kill_dispatcher` does."""

        def gone() -> bool:
            for pid in (left := alive(self.data.path)):
                with contextlib.suppress(ProcessLookupError):
                    kill(pid)
            return not left and not locks.is_held(self.data.queue_lock)

        wait_for(gone, 5.0, lambda: f"still alive: {self.describe()}")

    def assert_nothing_left(self, seconds: float = 5.0) -> None:
        """Every process that ever ran for this folder ends by itself."""
        wait_for(lambda: not alive(self.data.path), seconds, lambda: f"still alive: {self.describe()}")

    def describe(self) -> list[str]:
        """The command lines of what is alive."""
        return [_read(pid, "cmdline").replace("\0", " ") for pid in alive(self.data.path)]


def expected_weights(submission_or_job: Submission | Job) -> list[int]:
    """What an uninterrupted run ends with."""
    fake: Mapping[str, int] = submission_or_job.recipe["fake"]
    return weights_after(fake["epochs"] * fake["steps"])


def wait_for(look: Callable[[], Any], seconds: float, describe: Callable[[], str] = lambda: "nothing came") -> Any:
    """The first true answer of `look`; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"after {seconds:g} s: {describe()}")
        time.sleep(0.03)


def alive(folder: Path, variable: str = MARK) -> list[int]:
    """Ids of the processes that were started for a folder, found by the environment they inherited."""
    mark = f"{variable}={folder}"
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if pid != os.getpid() and mark in _read(pid, "environ").split("\0")]


def kill(pid: int) -> None:
    """SIGKILL."""
    os.kill(pid, signal.SIGKILL)


def kill_one_of(pids: list[int], chance: random.Random) -> bool:
    """SIGKILL one of several that may have ended meanwhile; whether there was one."""
    if not pids:
        return False
    with contextlib.suppress(ProcessLookupError):
        kill(chance.choice(pids))
    return True


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A data folder in which up to four fake trainers run at a time, with a grace time of two seconds."""
    yield from make_bench(tmp_path / "data", tmp_path, monkeypatch)


def make_bench(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A bench in a given folder; kills what is left in the end."""
    for name, value in (
        (MARK, str(data)),
        ("UNET_EXPLORER_MAX_RUNNING_JOBS", "1"),
        ("UNET_EXPLORER_STOP_GRACE_S", "2"),
    ):
        monkeypatch.setenv(name, value)
    root = tmp_path / "pictures"
    root.mkdir()
    try:
        yield Bench(DataFolder(data), root, Jobs())
    finally:
        for _ in range(40):
            left = alive(data)
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    kill(pid)
            if not left:
                break
            time.sleep(0.05)


def _if(job: Job, states: tuple[State, ...]) -> Job | None:
    return job if job.state in states else None


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace")
    except OSError:
        return ""
