"""Which code a job ran."""

from __future__ import annotations

import subprocess

from unet_explorer import __version__
from unet_explorer.settings import REPOSITORY


def code_version() -> str:
    """The package's version and, in a checkout, the commit; `dirty` where files differ from it."""
    command = ["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return __version__
    return f"{__version__}+{commit}" if commit else __version__
