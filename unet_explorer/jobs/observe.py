"""What the files of an attempt say about it, whatever the database still believes."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from enum import Enum

from unet_explorer.jobs import locks
from unet_explorer.jobs.folder import JobFolder
from unet_explorer.jobs.processes import kill_carrying
from unet_explorer.jobs.states import ACTIVE, Job, Outcome, State, outcome_of

LAUNCHES_TRIED = 3


class Retry(Enum):
    """Whether an attempt that came to nothing before it began is followed by another."""

    COUNTED = "counted"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True)
class Presence:
    """Whether anyone is still at work on an attempt.

    Attributes:
        alive: True, False, or None where it cannot be found out now.
        notice: what is worth telling meanwhile.
        trouble: why nobody is, where the launcher knows.
        retry: whether an attempt that never began is launched again.
    """

    alive: bool | None
    notice: str = ""
    trouble: str = ""
    retry: Retry = Retry.COUNTED


@dataclass(frozen=True)
class Sighting:
    """What was seen of an active job: its outcome, or since when (unix seconds) and where it runs."""

    outcome: Outcome | None = None
    finished: float = 0.0
    started: float = 0.0
    host: str = ""
    notice: str = ""


def local_presence(folder: JobFolder) -> Presence:
    """Whether a process on this machine still owns the job's lock."""
    return Presence(locks.is_held(folder.lock))


def look(job: Job, folder: JobFolder, presence: Presence, misses: int = 0) -> Sighting:
    """Read the files of an active job's newest attempt.

    Args:
        job: a job in one of the active states.
        folder: its files.
        presence: found *before* this call: who was gone then has written all that will ever be written.
        misses: how many launches before this one came to nothing.
    """
    files = folder.attempt(job.attempt)
    last_word, started = files.exit(), files.started()
    since, host = (started.time, started.host) if started else (0.0, "")
    if last_word is not None:
        grace_s = files.order().grace_s
        return Sighting(outcome_of(last_word, grace_s), last_word.time, since, host)
    if presence.alive is not False:
        return Sighting(None, 0.0, since, host, presence.notice)
    return Sighting(_without_last_word(job, folder, presence, started is not None, misses), time.time(), since, host)


def as_seen(job: Job, sighting: Sighting) -> Job:
    """The job as it is shown, ahead of the database, which may be locked or full."""
    if job.state not in ACTIVE:
        return job
    if sighting.outcome is not None and sighting.outcome.state is not State.QUEUED:
        ended = replace(job, state=sighting.outcome.state, exit_code=sighting.outcome.exit_code, notice="")
        return replace(ended, trouble=sighting.outcome.trouble, finished=sighting.finished, started=sighting.started)
    if job.state is State.STARTING and sighting.started:
        return replace(job, state=State.RUNNING, started=sighting.started, host=sighting.host)
    return job


def mop_up(job: Job, folder: JobFolder) -> None:
    """Kill what a dead runner left behind: the processes of this boot that carry the attempt's token, and no other."""
    files = folder.attempt(job.attempt)
    started = files.started()
    if started is None or files.exit() is not None or started.runner.is_alive():
        return
    if started.runner.of_this_boot():
        kill_carrying(files.order().token)


def _without_last_word(job: Job, folder: JobFolder, presence: Presence, began: bool, misses: int) -> Outcome:
    if job.state is State.CANCELLING:
        return Outcome(State.CANCELLED, None, "Its runner disappeared while it was stopping." if began else "")
    if began:
        why = presence.trouble or "Its runner disappeared: killed, or the machine was switched off."
        return Outcome(State.LOST, None, f"{why} Resume goes on from the last checkpoint.")
    tried_enough = misses + 1 >= LAUNCHES_TRIED and presence.retry is not Retry.ALWAYS
    if tried_enough or presence.retry is Retry.NEVER:
        why = presence.trouble or _complaint(folder, job.attempt)
        return Outcome(State.FAILED, None, why or f"Its runner did not start, {LAUNCHES_TRIED} times in a row.")
    return Outcome(State.QUEUED)


def _complaint(folder: JobFolder, attempt: int) -> str:
    try:
        lines = folder.attempt(attempt).runner_log.read_text(errors="replace").strip().splitlines()
    except FileNotFoundError:
        return ""
    return f"Its runner did not start: {lines[-1]}" if lines else ""
