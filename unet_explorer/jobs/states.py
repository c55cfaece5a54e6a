"""What a job is, which states it goes through, and what an attempt's last word makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from unet_explorer.errors import JobError
from unet_explorer.jobs.folder import Exit
from unet_explorer.jobs.processes import name_of_signal

TRAINER = ("-m", "unet_explorer", "train")

EXIT_DONE = 0
EXIT_BAD_INPUT = 2
EXIT_STOPPED = 3
EXIT_NOT_FINITE = 4


class State(StrEnum):
    """Where a job stands."""

    QUEUED = "QUEUED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    CANCELLING = "CANCELLING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    LOST = "LOST"


ACTIVE = frozenset({State.STARTING, State.RUNNING, State.CANCELLING})
UNFINISHED = ACTIVE | {State.QUEUED}
RESUMABLE = frozenset({State.FAILED, State.CANCELLED, State.LOST})


@dataclass(frozen=True)
class Submission:
    """What somebody wants trained.

    Attributes:
        recipe: the training recipe as its JSON object.
        root: the data folder of the recipe's dataset.
        name: what people call the job; the id where empty.
        out: where the network goes; below the application's data folder unless given.
        launcher: `local`, or `ray` for a cluster.
        gpus: GPUs to ask the cluster for; the local launcher leaves that choice to the trainer.
        trainer: words of the trainer's command after the Python interpreter.
    """

    recipe: Mapping[str, Any]
    root: Path
    name: str = ""
    out: Path | None = None
    launcher: str = "local"
    gpus: int = 0
    trainer: tuple[str, ...] = TRAINER

    def __post_init__(self) -> None:
        if not 0 <= self.gpus <= 64:
            raise JobError(f"A job cannot ask for {self.gpus} GPUs: give a number from 0 to 64.")
        if len(self.name) > 120:
            raise JobError(f"The job name {self.name[:20]!r}... has {len(self.name)} letters: give at most 120.")


@dataclass(frozen=True)
class Job:
    """One job as the database has it; times are unix seconds, 0.0 where the moment has not come.

    Attributes:
        attempt: how often it was launched.
        place: its place in the order of the queue; only the order of places means something.
        exit_code: of the last attempt; negative for the signal that killed the trainer.
        trouble: the last line of trouble, one sentence; "" where there is none.
        notice: what is worth knowing while it is unfinished, such as a cluster that cannot be reached.
        data_digest: of the files below `root` when it was submitted.
        code_version: of the last attempt.
        progress: the newest of the trainer's figures (step, epoch, epochs, loss, val_mean_iou, eta_s ...).
    """

    id: str
    key: str
    name: str
    recipe: Mapping[str, Any]
    root: Path
    out: Path
    launcher: str
    gpus: int
    trainer: tuple[str, ...]
    state: State
    attempt: int
    place: int
    created: float
    queued: float
    started: float = 0.0
    finished: float = 0.0
    host: str = ""
    device: str = ""
    exit_code: int | None = None
    trouble: str = ""
    notice: str = ""
    data_digest: str = ""
    code_version: str = ""
    progress: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_finished(self) -> bool:
        """Whether nothing more happens unless somebody asks for it."""
        return self.state not in UNFINISHED

    @property
    def can_resume(self) -> bool:
        """Whether `resume` makes sense."""
        return self.state in RESUMABLE


@dataclass(frozen=True)
class Attempt:
    """One launch of a job; the history of a job is the list of these."""

    number: int
    state: State
    code_version: str
    created: float
    started: float
    finished: float
    host: str
    device: str
    exit_code: int | None
    trouble: str


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended."""

    state: State
    exit_code: int | None = None
    trouble: str = ""


def outcome_of(last_word: Exit, grace_s: float) -> Outcome:
    """What a runner's last word makes of its job.

    A trainer that finished although it was asked to stop has finished; one that failed by itself has failed.

    Example:
        >>> outcome_of(Exit(code=3, time=0.0, asked="cancel"), 30.0).state
        <State.CANCELLED: 'CANCELLED'>
        >>> outcome_of(Exit(code=-9, time=0.0), 30.0).trouble
        'The trainer was killed by SIGKILL from outside; the machine may have run out of memory.'
    """
    code, asked = last_word.code, last_word.asked
    if code == EXIT_DONE:
        return Outcome(State.SUCCEEDED, code)
    if code in (EXIT_BAD_INPUT, EXIT_NOT_FINITE):
        return Outcome(State.FAILED, code, _reason(last_word))
    if asked == "cancel":
        kill = f"It did not stop within {grace_s:g} s and was killed; its checkpoints are kept."
        return Outcome(State.CANCELLED, code, kill if last_word.killed else "")
    if asked or code == EXIT_STOPPED:
        return Outcome(State.LOST, code, "It was stopped from outside; resume goes on from its last checkpoint.")
    return Outcome(State.FAILED, code, _reason(last_word))


def _reason(last_word: Exit) -> str:
    code = last_word.code
    if code is None:
        return last_word.trouble or "The trainer could not be started."
    if code < 0:
        memory = "; the machine may have run out of memory" if name_of_signal(-code) == "SIGKILL" else ""
        return f"The trainer was killed by {name_of_signal(-code)} from outside{memory}."
    if code == EXIT_NOT_FINITE:
        return last_word.trouble or "The loss is no longer a finite number: lower the learning rate."
    return last_word.trouble or f"The trainer ended with exit code {code} and said nothing."
