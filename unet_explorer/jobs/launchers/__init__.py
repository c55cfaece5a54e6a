"""Where a runner runs: on this machine, or on a Ray cluster."""

from __future__ import annotations

from typing import Protocol

from unet_explorer.errors import JobError, close_names
from unet_explorer.jobs.folder import JobFolder
from unet_explorer.jobs.launchers.local import LocalLauncher
from unet_explorer.jobs.launchers.ray import RayLauncher
from unet_explorer.jobs.observe import Presence
from unet_explorer.jobs.states import Job
from unet_explorer.settings import int_setting

LAUNCHERS = ("local", "ray")
NO_LIMIT = 1_000_000


class Launcher(Protocol):
    """What the dispatcher asks of a place where runners run."""

    def obstacle(self) -> str:
        """Why nothing can be launched right now; "" where it can."""

    def launch(self, job: Job, folder: JobFolder, attempt: int, lock: int) -> None:
        """Start the runner of an attempt whose order is written; `lock` is the job's lock, held by the caller."""

    def presence(self, job: Job, folder: JobFolder) -> Presence:
        """Whether anyone is still at work on the job's newest attempt."""

    def stop(self, job: Job, folder: JobFolder) -> None:
        """Stop an attempt whose runner may not have begun; one that has begun finds the request in its folder."""


def launcher_for(name: str) -> Launcher:
    """The launcher of that name.

    Raises:
        JobError: there is none.
    """
    if name == "local":
        return LocalLauncher()
    if name == "ray":
        return RayLauncher()
    hint = close_names(name, LAUNCHERS) or f"; there are {' and '.join(LAUNCHERS)}."
    raise JobError(f"There is no launcher {name!r}{hint}")


def limit_of(name: str) -> int:
    """How many jobs of a launcher run at the same time; a cluster keeps its own queue."""
    return int_setting("max_running_jobs") if name == "local" else NO_LIMIT
