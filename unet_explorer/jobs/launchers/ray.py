"""Runners on a Ray cluster, through the REST interface of Ray Jobs.

The cluster runs the very runner command that this machine would, in the same job folder: folder and code must be seen
under the same paths on every node (one machine, or a shared file system). What the runner leaves in the folder is the
truth; Ray is asked only whether an attempt without a last word is still on its way. A submission is called after its
attempt and Ray refuses a second one of the same name, so asking twice is harmless, and what Ray forgot over a restart
of its head is decided by the job's lock.

The standard library speaks to Ray here, so the machine of the app needs no Ray installed.
"""

from __future__ import annotations

import json
import os
import shlex
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from unet_explorer.errors import JobError
from unet_explorer.jobs import locks
from unet_explorer.jobs.folder import JobFolder
from unet_explorer.jobs.observe import Presence, Retry, mop_up
from unet_explorer.jobs.states import Job, State
from unet_explorer.settings import REPOSITORY, setting

TIMEOUT_S = 5.0
PAUSE_S = 5.0
UNFINISHED = ("PENDING", "RUNNING")
BUSY_CLUSTER = "JOB_SUPERVISOR_ACTOR_START_TIMEOUT"


class RayLauncher:
    """Submits runners to the head at the setting `ray_address`."""

    def __init__(self) -> None:
        """Nothing is asked of the cluster yet."""
        address = str(setting("ray_address")).rstrip("/")
        self._address = address if "://" in address or not address else f"http://{address}"
        self._quiet_until = 0.0
        self._silence = ""

    def obstacle(self) -> str:
        """Why nothing can be submitted: no address is set, or the head does not answer."""
        if not self._address:
            return "No cluster is set: give the address of a Ray head in UNET_EXPLORER_RAY_ADDRESS."
        try:
            self._ask("GET", "/api/version")
        except UnreachableError as error:
            return str(error)
        return ""

    def launch(self, job: Job, folder: JobFolder, attempt: int, lock: int) -> None:
        """Submit the runner; it takes the lock itself once the caller has let go of it.

        Raises:
            JobError: Ray refused, or did not answer; `presence` finds out whether it took the job.
        """
        command = ("python", "-m", "unet_explorer.jobs.runner", "--job-folder", str(folder.path))
        words = (*command, "--attempt", str(attempt))
        # Without exec the runner is a shell's child, which a killed Ray node would leave behind.
        body: dict[str, Any] = {"entrypoint": f"exec {shlex.join(words)}", "submission_id": submission_id(job, attempt)}
        body["runtime_env"] = {"env_vars": {"PYTHONPATH": str(REPOSITORY)}}
        body["metadata"] = {"job": job.id, "name": job.name}
        if job.gpus:
            body["entrypoint_num_gpus"] = job.gpus
        try:
            self._ask("POST", "/api/jobs/", body)
        except RefusedError as error:
            if "already exists" not in str(error):
                raise

    def presence(self, job: Job, folder: JobFolder) -> Presence:
        """Ask Ray, unless the lock already says that the runner lives."""
        mop_up(job, folder)  # it does nothing for a runner on another machine
        if locks.is_held(folder.lock):
            return Presence(True)
        try:
            found = self._ask("GET", f"/api/jobs/{_quoted(job)}")
        except RefusedError as error:
            return self._unknown(job, folder) if error.status == 404 else Presence(None, notice=str(error))
        except UnreachableError as error:
            return Presence(None, notice=str(error))
        status, message = str(found.get("status")), str(found.get("message") or "")
        if status == "PENDING" and job.state is State.CANCELLING:
            # Ray stops only what has begun. Should it begin after all, the request is the first thing its runner sees.
            return Presence(False)
        if status in UNFINISHED:
            return Presence(True, notice="" if job.started else f"The cluster has it waiting: {message}")
        retry = Retry.ALWAYS if found.get("error_type") == BUSY_CLUSTER else Retry.NEVER
        return Presence(False, trouble=f"Ray ended it as {status}: {_first_line(message)}", retry=retry)

    def _unknown(self, job: Job, folder: JobFolder) -> Presence:
        if folder.attempt(job.attempt).started() is not None:
            return Presence(False, trouble="The Ray head was restarted and knows the job no more.")
        if job.state is State.CANCELLING:
            return Presence(False)
        # The submission did not arrive, or the head forgot it before it began. A runner that turns up late finds that
        # the attempt has begun, or that there is a newer one, and leaves.
        try:
            self.launch(job, folder, job.attempt, lock=-1)
        except JobError as error:
            return Presence(None, notice=str(error))
        return Presence(None, notice="Submitted again: the Ray head did not know the job.")

    def stop(self, job: Job, folder: JobFolder) -> None:
        """Withdraw a submission whose runner has not begun; a runner that has finds the request in its folder.

        Ray itself gives a process three seconds only, too few to save a checkpoint.
        """
        if folder.attempt(job.attempt).started() is None and not locks.is_held(folder.lock):
            try:
                self._ask("POST", f"/api/jobs/{_quoted(job)}/stop")
            except (UnreachableError, RefusedError):
                return  # `presence` says what there is to say

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        if time.monotonic() < self._quiet_until:
            raise UnreachableError(self._silence)
        headers = {"Content-Type": "application/json"}
        if token := os.environ.get("RAY_AUTH_TOKEN"):
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._address + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                found: dict[str, Any] = json.loads(answer.read())
                return found
        except urllib.error.HTTPError as error:
            with error:
                raise RefusedError(error.code, _last_line(error.read().decode("utf-8", errors="replace"))) from error
        except (OSError, ValueError) as error:
            # One attempt in a while: the jobs of this machine do not wait for a cluster that is away.
            self._quiet_until = time.monotonic() + PAUSE_S
            self._silence = f"The Ray cluster at {self._address} cannot be reached: waiting for it."
            raise UnreachableError(self._silence) from error


class UnreachableError(JobError):
    """The Ray head did not answer, or something else did."""


class RefusedError(JobError):
    """The Ray head answered with an error."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"The Ray cluster answered with error {status}: {text}")
        self.status = status


def submission_id(job: Job, attempt: int) -> str:
    """What Ray calls an attempt."""
    return f"unet-explorer-{job.id}-{attempt}"


def _quoted(job: Job) -> str:
    return urllib.parse.quote(submission_id(job, job.attempt), safe="")


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
