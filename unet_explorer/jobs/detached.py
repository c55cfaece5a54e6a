"""Processes that outlive the one that starts them."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence

from unet_explorer.settings import REPOSITORY


def start_detached(command: Sequence[str], errors: int = subprocess.DEVNULL, pass_fds: tuple[int, ...] = ()) -> int:
    """Start a process in its own session, with none of our sockets and files but those named.

    Args:
        command: program and words.
        errors: descriptor for its standard error.
        pass_fds: descriptors it inherits under the same numbers.

    Returns:
        Its process id.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        cwd=REPOSITORY,
        start_new_session=True,
        pass_fds=pass_fds,
    )
    # Somebody must take note of its end, or a long-lived app collects zombies.
    threading.Thread(target=process.wait, name=f"reaper of {process.pid}", daemon=True).start()
    return process.pid
