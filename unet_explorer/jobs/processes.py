"""Which process is which, so that only our own are ever signalled (Linux: it reads /proc)."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TOKEN_VARIABLE = "UNET_EXPLORER_JOB_TOKEN"
DEAD_STATES = ("Z", "X")


@dataclass(frozen=True)
class Identity:
    """One process of one boot; a process id alone may by now belong to a stranger.

    Attributes:
        pid: process id.
        boot_id: the boot and the process namespace in which that id means something.
        start_ticks: when the process started, in clock ticks since the boot.
    """

    pid: int
    boot_id: str
    start_ticks: int

    @classmethod
    def of_this_process(cls) -> Identity:
        """The identity of the caller."""
        return cls(os.getpid(), boot_id(), start_ticks(os.getpid()) or 0)

    def is_alive(self) -> bool:
        """Whether this very process still runs; zombies count as dead."""
        return self.of_this_boot() and start_ticks(self.pid) == self.start_ticks

    def of_this_boot(self) -> bool:
        """Whether the machine has not been restarted since, and its process ids are those that we see."""
        return self.boot_id == boot_id()


def boot_id() -> str:
    """The kernel's random name of this boot, and that of the process namespace (a container has one of its own)."""
    boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {(PROC / 'self/ns/pid').readlink()}"


def start_ticks(pid: int) -> int | None:
    """When a process started, in clock ticks since the boot; None where it is gone or a zombie."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in parentheses and may hold spaces and parentheses itself.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in DEAD_STATES else int(fields[19])


def peak_memory(pid: int) -> int:
    """The largest resident memory a process has had, in bytes; 0 where it is gone."""
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def carrying(token: str) -> list[int]:
    """Ids of the living processes that were started with this token in their environment.

    Children inherit it however they detach themselves, which process groups and sessions do not survive.
    """
    pids = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    return [pid for pid in pids if _carries(pid, token)]


def kill_carrying(token: str, rounds: int = 20, pause_s: float = 0.05) -> int:
    """SIGKILL every process that carries the token, and those they start meanwhile.

    Returns:
        How many are still there after the last round: 0 unless one hangs in the kernel.
    """
    for _ in range(rounds):
        found = carrying(token)
        if not found:
            return 0
        for pid in found:
            _kill(pid, token)
        time.sleep(pause_s)
    return len(carrying(token))


def name_of_signal(number: int) -> str:
    """`SIGKILL` for 9; the number itself for one without a name."""
    known: Collection[int] = {member.value for member in signal.Signals}
    return signal.Signals(number).name if number in known else f"signal {number}"


def _carries(pid: int, token: str) -> bool:
    try:
        environment = (PROC / str(pid) / "environ").read_bytes()
    except OSError:  # gone, or another user's: not ours either way
        return False
    return f"{TOKEN_VARIABLE}={token}".encode() in environment.split(b"\0")


def _kill(pid: int, token: str) -> None:
    # The handle names this one process for good; only then is the token looked at again, so a reused id cannot be hit.
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return
    try:
        if _carries(pid, token):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)
