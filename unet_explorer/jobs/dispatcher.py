"""The process that moves the queue while any job is unfinished.

    python -m unet_explorer.jobs.dispatcher --data-dir DIR

There is one a data folder: it holds `queue.lock`. Whoever submits, looks at an unfinished job, or runs one to its end
wakes it, and it ends when nothing is left to do; see docs/decisions for why it is not the app, nor a chain of waiting
runners.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from unet_explorer.errors import JobError, UserError
from unet_explorer.jobs import locks
from unet_explorer.jobs.detached import start_detached
from unet_explorer.jobs.folder import DataFolder, Order
from unet_explorer.jobs.launchers import Launcher, launcher_for, limit_of
from unet_explorer.jobs.metrics import newest_figures
from unet_explorer.jobs.observe import look
from unet_explorer.jobs.states import ACTIVE, Job, State
from unet_explorer.jobs.store import Store
from unet_explorer.jobs.version import code_version
from unet_explorer.settings import int_setting

TICK_S = 0.5
HELD_UP_S = 5.0
LOCK_PATIENCE_S = 1.0


def wake(data: DataFolder) -> None:
    """Start the dispatcher unless it runs."""
    if not locks.is_held(data.queue_lock):
        start_detached([sys.executable, "-m", "unet_explorer.jobs.dispatcher", "--data-dir", str(data.path)])


class Dispatcher:
    """Brings the database up to date with the files, and launches what waits."""

    def __init__(self, data: DataFolder) -> None:
        """Get ready for one data folder, whose queue lock the caller holds."""
        self._data = data
        self._store = Store(data)
        self._launchers: dict[str, Launcher] = {}
        self._active: Counter[str] = Counter()

    def tick(self) -> bool:
        """Look at every unfinished job once.

        Returns:
            Whether any is left.
        """
        unfinished = self._store.unfinished()
        self._active = Counter(job.launcher for job in unfinished if job.state in ACTIVE)
        for job in unfinished:
            try:
                self._attend(job)
            except (UserError, OSError) as error:
                # One job's trouble, or a full disk, must not hold up the others; the next tick tries again.
                self._say(job, str(error))
        self._data.keep_reserve()
        return bool(unfinished)

    def _say(self, job: Job, trouble: str) -> None:
        try:
            self._store.note(job, trouble)
        except JobError:  # the database is what is in trouble
            sys.stderr.write(f"{job.id}: {trouble}\n")

    def _attend(self, job: Job) -> None:
        if job.state in ACTIVE:
            self._follow(job)
        elif self._active[job.launcher] < limit_of(job.launcher):
            self._launch(job)

    def _follow(self, job: Job) -> None:
        folder, launcher = self._data.job(job.id), self._launcher(job)
        if job.state is State.CANCELLING:
            folder.attempt(job.attempt).ask_to_stop()
            launcher.stop(job, folder)
        seen = look(job, folder, launcher.presence(job, folder), self._misses(job))
        if seen.outcome is not None:
            begun = replace(job, started=seen.started, host=seen.host)
            self._store.settle(begun, seen.outcome, seen.finished, newest_figures(folder.run))
        elif seen.started and not job.started:
            self._store.started(job, seen.started, seen.host)
        else:
            self._store.note(job, seen.notice)

    def _launch(self, job: Job) -> None:
        launcher, folder = self._launcher(job), self._data.job(job.id)
        if obstacle := launcher.obstacle():
            self._store.note(job, obstacle)
            return
        lock = locks.acquire(folder.lock)
        if lock is None:  # the last of an earlier attempt is still on its way out
            return
        try:
            attempt = self._store.claim(job.id, limit_of(job.launcher), code_version())
            if attempt is not None:
                self._active[job.launcher] += 1
                folder.attempt(attempt).write_order(self._order(job, attempt))
                launcher.launch(job, folder, attempt, lock)
        finally:
            os.close(lock)

    def _order(self, job: Job, attempt: int) -> Order:
        folder = self._data.job(job.id)
        words = (
            "--recipe",
            str(folder.recipe),
            "--root",
            str(job.root),
            "--run-dir",
            str(folder.run),
            "--out",
            str(job.out),
        )
        again = ("--resume",) if folder.has_checkpoint() else ()
        grace_s = float(int_setting("stop_grace_s"))
        local = job.launcher == "local"
        return Order(job.id, attempt, (*job.trainer, *words, *again), secrets.token_hex(16), grace_s, local)

    def _misses(self, job: Job) -> int:
        if job.started or job.attempt == 1:
            return 0
        misses = 0
        for attempt in reversed(self._store.attempts(job.id)[: job.attempt - 1]):
            if attempt.started or attempt.state is not State.LOST:
                break
            misses += 1
        return misses

    def _launcher(self, job: Job) -> Launcher:
        return self._launchers.setdefault(job.launcher, launcher_for(job.launcher))


def run(data: DataFolder) -> None:
    """Move the queue until nothing is left to do, unless another dispatcher does it already."""
    while True:
        lock = locks.acquire(data.queue_lock, LOCK_PATIENCE_S)
        if lock is None:
            return
        try:
            _work(data)
        finally:
            os.close(lock)
        # A job that came in after the last look found the lock still held and woke nobody.
        if not Store(data).unfinished():
            return


def _work(data: DataFolder) -> None:
    dispatcher = Dispatcher(data)
    while True:
        try:
            if not dispatcher.tick():
                return
            time.sleep(TICK_S)
        except JobError as error:  # the database is busy or full
            sys.stderr.write(f"{error}\n")
            time.sleep(HELD_UP_S)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a process."""
    parser = argparse.ArgumentParser(prog="python -m unet_explorer.jobs.dispatcher", description="Move the queue.")
    parser.add_argument("--data-dir", type=Path, required=True, help="the application's data folder")
    run(DataFolder(parser.parse_args(arguments).data_dir))
    return 0


if __name__ == "__main__":
    sys.exit(main())
