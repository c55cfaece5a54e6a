"""The files of one job: what its attempts were told to do, and what they left behind.

    <data folder>/jobs/<job>/
      recipe.json  job.lock
      run/                      metrics.jsonl, checkpoints/, previews/, tensorboard/ (the trainer's)
      log/                      what the trainer printed, all attempts after one another
      attempts/<n>/             order.json, started.json, cancel, exit.json, runner.txt

An attempt's files are the truth about it; the database only repeats them. So a runner needs no database, a locked or
full one cannot stop it, and an older attempt has no file in which it could contradict a newer one.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from unet_explorer.jobs.processes import Identity
from unet_explorer.training.run_folder import CHECKPOINTS, FIRST, sync_folder, write_durably

RESERVE_BYTES = 1 << 20
RESERVE_MARGIN_BYTES = 8 << 20
LAST_WORD_ROOM = ".exit.json.room"
LAST_WORD_BYTES = 4096


@dataclass(frozen=True)
class Order:
    """What a runner is told to do.

    Attributes:
        job: id of the job.
        attempt: number of the attempt, from 1.
        command: the trainer's words, without the Python interpreter in front.
        token: random name of this attempt; every process of it carries it in its environment.
        grace_s: seconds between asking the trainer to stop and killing it.
        wake_queue: whether the runner starts the dispatcher of its data folder when it is done.
    """

    job: str
    attempt: int
    command: tuple[str, ...]
    token: str
    grace_s: float
    wake_queue: bool


@dataclass(frozen=True)
class Started:
    """A runner's first word: who it is, where and since when (unix seconds)."""

    host: str
    time: float
    runner: Identity


@dataclass(frozen=True)
class Exit:
    """A runner's last word.

    Attributes:
        code: the trainer's exit code, negative for the signal that killed it; None where it never started.
        time: when it ended, unix seconds.
        asked: why the runner had asked the trainer to stop: `cancel`, `signal` (the runner was told to end), or "".
        killed: whether it had to be killed because it did not stop within the grace time.
        trouble: the last line of trouble, in words.
    """

    code: int | None
    time: float
    asked: str = ""
    killed: bool = False
    trouble: str = ""


@dataclass(frozen=True)
class AttemptFolder:
    """The files of one attempt."""

    path: Path

    @property
    def cancel_file(self) -> Path:
        """Exists once somebody wants this attempt to stop."""
        return self.path / "cancel"

    @property
    def runner_log(self) -> Path:
        """What the runner itself had to complain about."""
        return self.path / "runner.txt"

    def write_order(self, order: Order) -> None:
        """Write the order, durably, before anyone can act on it."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_object(self.path / "order.json", asdict(order))

    def order(self) -> Order:
        """The order, as `write_order` wrote it."""
        found = json.loads((self.path / "order.json").read_text())
        return Order(**{**found, "command": tuple(found["command"])})

    def write_started(self, started: Started) -> None:
        """The runner's first word; and room on the disk for its last."""
        (self.path / LAST_WORD_ROOM).write_bytes(b" " * LAST_WORD_BYTES)
        write_object(self.path / "started.json", asdict(started))

    def started(self) -> Started | None:
        """The runner's first word; None where it never spoke."""
        found = read_object(self.path / "started.json")
        return None if found is None else Started(found["host"], found["time"], Identity(**found["runner"]))

    def write_exit(self, last_word: Exit) -> None:
        """The runner's last word, in the room that was set aside for it: a full disk cannot refuse it.

        Raises:
            OSError: the disk is full although, or gone.
        """
        room = self.path / LAST_WORD_ROOM
        if not room.exists():
            write_object(self.path / "exit.json", asdict(last_word))
            return
        with room.open("r+", encoding="utf-8") as file:
            file.truncate(file.write(json.dumps(asdict(last_word))))
            file.flush()
            os.fsync(file.fileno())
        room.replace(self.path / "exit.json")
        sync_folder(self.path)

    def exit(self) -> Exit | None:
        """The runner's last word; None while there is none."""
        found = read_object(self.path / "exit.json")
        return None if found is None else Exit(**found)

    def ask_to_stop(self) -> None:
        """Leave the request to stop; the runner looks for it a few times a second."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.cancel_file.touch()


@dataclass(frozen=True)
class JobFolder:
    """The files of one job."""

    path: Path
    run: Path = field(init=False)
    log: Path = field(init=False)
    lock: Path = field(init=False)
    recipe: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "run", self.path / "run")
        object.__setattr__(self, "log", self.path / "log")
        object.__setattr__(self, "lock", self.path / "job.lock")
        object.__setattr__(self, "recipe", self.path / "recipe.json")

    def attempt(self, number: int) -> AttemptFolder:
        """The files of one attempt, from 1."""
        return AttemptFolder(self.path / "attempts" / str(number))

    def newest_attempt(self) -> int:
        """The highest attempt that was ever ordered; 0 where none was."""
        try:
            return max((int(entry.name) for entry in (self.path / "attempts").iterdir()), default=0)
        except FileNotFoundError:
            return 0

    def has_checkpoint(self) -> bool:
        """Whether a finished checkpoint is there to go on from, of the run or of what its recipe begins with."""
        # The trainer writes a checkpoint under a hidden name and renames it when it is complete.
        return any(any((folder / CHECKPOINTS).glob("[!.]*")) for folder in (self.run, self.run / FIRST))


@dataclass(frozen=True)
class DataFolder:
    """The folder that holds the database, the queue's lock and all job folders."""

    path: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.path / "jobs.sqlite3"

    @property
    def queue_lock(self) -> Path:
        """Held by the one dispatcher."""
        return self.path / "queue.lock"

    @property
    def jobs(self) -> Path:
        """The folder of the job folders."""
        return self.path / "jobs"

    def job(self, job_id: str) -> JobFolder:
        """The folder of one job."""
        return JobFolder(self.jobs / job_id)

    def network(self, job_id: str) -> Path:
        """Where a job's network is written unless it was told otherwise."""
        return self.path / "networks" / job_id

    @property
    def reserve(self) -> Path:
        """Disk space kept back for the record of how a job ended, once the disk is full."""
        return self.path / "reserve"

    def keep_reserve(self) -> None:
        """Set the reserve aside again where the disk has room for it."""
        if self.reserve.exists() or free_bytes(self.path) < RESERVE_BYTES + RESERVE_MARGIN_BYTES:
            return
        with contextlib.suppress(OSError), self.reserve.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)

    def free_reserve(self) -> bool:
        """Give the reserve back to the disk; False where it was used up before."""
        try:
            self.reserve.unlink()
        except FileNotFoundError:
            return False
        return True


def write_object(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON so that after any crash the file holds all of it, or what it held before.

    Raises:
        OSError: the disk is full or gone.
    """
    write_durably(path, json.dumps(value, indent=1, ensure_ascii=False))


def read_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file that `write_object` wrote; None where there is none."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def free_bytes(path: Path) -> int:
    """Room on the disk of a folder for a user without privileges."""
    room = os.statvfs(path)
    return room.f_bavail * room.f_frsize


def is_disk_full(error: OSError) -> bool:
    """Whether an error says that the disk, or the user's share of it, is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
