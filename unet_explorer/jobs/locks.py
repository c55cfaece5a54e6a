"""Locks that die with their last owner.

An `flock` belongs to the open file, not to a process id: a runner's trainer inherits it, it is free exactly when the
last process that held it is gone, and no number that the kernel could hand to a stranger is involved. That stays true
after a reboot.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

RETRY_S = 0.02


def acquire(path: Path, patience_s: float = 0.0) -> int | None:
    """Take the lock for as long as the returned file descriptor, or a child's copy of it, stays open.

    Args:
        path: the lock file; made where it is missing.
        patience_s: how long to go on trying. Whoever looks with `is_held` holds the lock for an instant, so a caller
            that must not be turned away by a mere look gives it some time.

    Returns:
        The file descriptor, or None where another owner lives.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return None
        time.sleep(RETRY_S)


def is_held(path: Path) -> bool:
    """Whether some process owns the lock; lookers do not disturb each other."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
