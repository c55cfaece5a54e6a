"""Runners on this machine."""

from __future__ import annotations

import sys

from unet_explorer.jobs.detached import start_detached
from unet_explorer.jobs.folder import JobFolder
from unet_explorer.jobs.observe import Presence, local_presence, mop_up
from unet_explorer.jobs.states import Job


class LocalLauncher:
    """Starts runners as processes of their own, which inherit the job's lock."""

    def obstacle(self) -> str:
        """Nothing stands in the way here."""
        return ""

    def launch(self, job: Job, folder: JobFolder, attempt: int, lock: int) -> None:
        """Start the runner; it owns the lock from before this returns."""
        words = ["-m", "unet_explorer.jobs.runner", "--job-folder", str(folder.path), "--attempt", str(attempt)]
        with folder.attempt(attempt).runner_log.open("ab") as complaints:
            start_detached([sys.executable, *words, "--lock-fd", str(lock)], complaints.fileno(), (lock,))

    def presence(self, job: Job, folder: JobFolder) -> Presence:
        """Whoever owns the lock is at work; what a dead runner left behind is killed first."""
        mop_up(job, folder)
        return local_presence(folder)

    def stop(self, job: Job, folder: JobFolder) -> None:
        """Nothing to do: the runner finds the request in its folder within a tick."""
