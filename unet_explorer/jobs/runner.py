"""The process that supervises one trainer: starts it, keeps what it prints, stops it when asked, and says how it ended.

    python -m unet_explorer.jobs.runner --job-folder DIR --attempt N [--lock-fd FD]

It lives in its own session and depends on nobody: not on the app, nor on the dispatcher that launched it, nor on the
database. The job's lock is inherited from the launcher (or taken here, on a cluster) and passed on to the trainer, so
that the lock is free exactly when all of them are gone. The kernel kills the trainer if this process dies
(PDEATHSIG); everything the trainer started carries the attempt's token and is killed with it.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

from unet_explorer.jobs import locks
from unet_explorer.jobs.folder import DataFolder, Exit, JobFolder, Order, Started, is_disk_full
from unet_explorer.jobs.logbook import LogWriter
from unet_explorer.jobs.processes import TOKEN_VARIABLE, Identity, kill_carrying
from unet_explorer.settings import REPOSITORY

TICK_S = 0.2
LOCK_PATIENCE_S = 30.0
EXIT_PATIENCE_S = 60.0
NOT_MINE = 75
PR_SET_PDEATHSIG = 1
NICENESS = 5
OOM_SCORE = 500
LONGEST_LINE = 500


class Runner:
    """Supervises one attempt, start to end."""

    def __init__(self, folder: JobFolder, order: Order, lock: int) -> None:
        """Get ready; nothing runs yet.

        Args:
            folder: the job's files.
            order: what to do.
            lock: descriptor of the job's lock, to pass on.
        """
        self._folder, self._order, self._lock = folder, order, lock
        self._files = folder.attempt(order.attempt)
        self._log = LogWriter(folder.log)
        self._last_line = LastLine()
        self._told_to_end = False
        self._asked = ""
        self._kill_at = float("inf")
        self._killed = False

    def run(self) -> Exit:
        """Run the trainer and return, with everything it started gone and the last word on the disk."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self._files.write_started(Started(socket.gethostname(), time.time(), Identity.of_this_process()))
        code = None
        if self._wish() == "":
            try:
                trainer = self._start_trainer()
            except OSError as error:
                self._last_line.feed(f"The trainer could not be started: {error.strerror}.\n".encode())
            else:
                code = self._watch(trainer)
        self._asked = self._asked or self._wish()
        kill_carrying(self._order.token)
        last_word = Exit(code, time.time(), self._asked, self._killed, self._last_line.text())
        self._write_exit(last_word)
        return last_word

    def _start_trainer(self) -> subprocess.Popen[bytes]:
        self._log.write(f"--- attempt {self._order.attempt}, {time.strftime('%Y-%m-%d %H:%M:%S')} ---\n".encode())
        return subprocess.Popen(
            [sys.executable, *self._order.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=REPOSITORY,
            env=os.environ | {TOKEN_VARIABLE: self._order.token, "PYTHONUNBUFFERED": "1"},
            pass_fds=(self._lock,),
            start_new_session=True,
            preexec_fn=die_with(os.getpid()),
        )

    def _watch(self, trainer: subprocess.Popen[bytes]) -> int:
        streams = self._streams(trainer)
        while (code := trainer.poll()) is None:
            self._collect(streams, TICK_S)
            self._stop_if_wished(trainer)
        # A child that outlived the trainer may hold the pipes open, so nobody waits for their end.
        while self._collect(streams, 0.0):
            pass
        if self._log.lost_bytes:
            self._log.write(f"--- {self._log.lost_bytes} bytes could not be written: disk full ---\n".encode())
        return code

    def _streams(self, trainer: subprocess.Popen[bytes]) -> selectors.BaseSelector:
        selector = selectors.DefaultSelector()
        for stream, listener in ((trainer.stdout, None), (trainer.stderr, self._last_line)):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, selectors.EVENT_READ, listener)
        return selector

    def _collect(self, streams: selectors.BaseSelector, timeout_s: float) -> bool:
        if not streams.get_map():
            time.sleep(timeout_s)
            return False
        found = False
        for key, _ in streams.select(timeout_s):
            data = _read_available(key.fileobj)  # type: ignore[arg-type]
            if not data:
                streams.unregister(key.fileobj)
                continue
            found = True
            self._log.write(data)
            if key.data is not None:
                key.data.feed(data)
        return found

    def _stop_if_wished(self, trainer: subprocess.Popen[bytes]) -> None:
        now = time.monotonic()
        if not self._asked and (wish := self._wish()):
            self._asked = wish
            self._kill_at = now + self._order.grace_s
            with contextlib.suppress(ProcessLookupError):
                trainer.terminate()
        elif now >= self._kill_at:
            self._killed = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(trainer.pid, signal.SIGKILL)

    def _wish(self) -> str:
        if self._files.cancel_file.exists():
            return "cancel"
        return "signal" if self._told_to_end else ""

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._told_to_end = True

    def _write_exit(self, last_word: Exit) -> None:
        deadline = time.monotonic() + EXIT_PATIENCE_S
        while True:
            try:
                self._files.write_exit(last_word)
                return
            except OSError as error:
                if not is_disk_full(error) or time.monotonic() > deadline:
                    raise
            if not _data_folder(self._folder).free_reserve():
                time.sleep(1.0)


class LastLine:
    """The last line with something in it of a stream that comes in pieces."""

    def __init__(self) -> None:
        self._open = b""
        self._line = b""

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        *whole, self._open = (self._open + data).replace(b"\r", b"\n").split(b"\n")
        self._open = self._open[-LONGEST_LINE:]
        self._line = next((line for line in reversed(whole) if line.strip()), self._line)

    def text(self) -> str:
        """The line, without the `error:` that commands put in front."""
        line = self._open if self._open.strip() else self._line
        return line.decode("utf-8", errors="replace").strip().removeprefix("error: ")[-LONGEST_LINE:]


def die_with(parent: int) -> Callable[[], None]:
    """What the trainer's process does before it becomes the trainer.

    The kernel shall kill it when its parent dies; it yields to whoever uses the app; and where memory runs out it
    goes first.
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before it could be watched
            os._exit(1)
        os.nice(NICENESS)
        with contextlib.suppress(OSError), Path("/proc/self/oom_score_adj").open("w") as file:
            file.write(str(OOM_SCORE))

    return prepare


def main(arguments: Sequence[str] | None = None) -> int:
    """Supervise one attempt.

    Returns:
        0 when the last word is written, 75 where the attempt belongs to another runner or is not the newest one.
    """
    parser = argparse.ArgumentParser(prog="python -m unet_explorer.jobs.runner", description="Supervise one trainer.")
    parser.add_argument("--job-folder", type=Path, required=True, help="folder of the job")
    parser.add_argument("--attempt", type=int, required=True, help="number of the attempt")
    parser.add_argument("--lock-fd", type=int, help="inherited descriptor of the job's lock")
    parsed = parser.parse_args(arguments)
    folder = JobFolder(parsed.job_folder)
    lock = parsed.lock_fd if parsed.lock_fd is not None else locks.acquire(folder.lock, LOCK_PATIENCE_S)
    files = folder.attempt(parsed.attempt)
    if lock is None or folder.newest_attempt() != parsed.attempt or files.started() is not None:
        sys.stderr.write("This attempt has another runner or is not the newest one.\n")
        return NOT_MINE
    order = files.order()
    Runner(folder, order, lock).run()
    if order.wake_queue:
        from unet_explorer.jobs import dispatcher

        dispatcher.wake(_data_folder(folder))
    return 0


def _data_folder(folder: JobFolder) -> DataFolder:
    return DataFolder(folder.path.parent.parent)


def _read_available(stream: IO[bytes]) -> bytes:
    try:
        return os.read(stream.fileno(), 1 << 16)
    except BlockingIOError:
        return b""


if __name__ == "__main__":
    sys.exit(main())
