"""What a killed process leaves behind: half-written files and folders whose names end in its process id."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

HOUR_S = 3600.0
_PROCESS = re.compile(r"\.(\d+)(\.old|\.tmp)?$")


def sweep(paths: Iterable[Path], quiet_s: float = 0.0) -> None:
    """Remove the leftovers of dead processes; what cannot be removed stays.

    Args:
        paths: files or folders called NAME.PID, NAME.PID.old or NAME.PID.tmp; other names are left alone.
        quiet_s: seconds that they must not have been written to. Where several machines (or containers) share a folder,
            a process that looks dead from here may be alive over there.
    """
    for path in paths:
        with contextlib.suppress(OSError):
            found = _PROCESS.search(path.name)
            if found and not _is_alive(int(found[1])) and time.time() - path.lstat().st_mtime >= quiet_s:
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True
