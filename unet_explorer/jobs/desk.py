"""What pages and commands call: submit, look at, cancel, resume, copy and remove training jobs.

jobs = Jobs()                                  # the application's own data folder
job = jobs.submit(Submission(recipe, root), key="the id of this form")
jobs.events(job.id, at_most=300).curves["step.loss"]
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from unet_explorer.errors import JobError
from unet_explorer.jobs import dispatcher, locks
from unet_explorer.jobs.digest import data_digest
from unet_explorer.jobs.folder import DataFolder, write_object
from unet_explorer.jobs.launchers import LAUNCHERS, launcher_for
from unet_explorer.jobs.logbook import LogText, log_tail, read_log
from unet_explorer.jobs.metrics import newest_figures, stage_folders
from unet_explorer.jobs.observe import as_seen, local_presence, look
from unet_explorer.jobs.preflight import check_recipe_and_data, is_ours
from unet_explorer.jobs.runner import LastLine
from unet_explorer.jobs.states import ACTIVE, RESUMABLE, Attempt, Job, State, Submission
from unet_explorer.jobs.store import Store
from unet_explorer.settings import REPOSITORY, path_setting
from unet_explorer.training.run_folder import FIRST, METRICS

if TYPE_CHECKING:
    from unet_explorer.jobs.curves import Events, RunReader

READERS_KEPT = 32
REMOVE_PATIENCE_S = 3.0
EXPORT_S = 300.0
UNBORN_S = 3600.0
CHECKPOINT_NAME = re.compile(r"(\d+)(?:-(\d+))?")
PREVIEW_NAME = re.compile(r"(\d+)_(\d+)\.png")


@dataclass(frozen=True)
class Checkpoint:
    """A state of the network that a running or finished job left behind.

    Attributes:
        epoch: finished epochs.
        step: steps done of the epoch after those.
        path: its folder.
        time: when it was written, unix seconds.
    """

    epoch: int
    step: int
    path: Path
    time: float


@dataclass(frozen=True)
class Stage:
    """A recipe trained as part of a job, which has two of them where its recipe begins with another, trained first.

    Attributes:
        name: of the recipe.
        folder: its run folder.
    """

    name: str
    folder: Path


@dataclass(frozen=True)
class Preview:
    """The prediction for fixed picture number `picture` after `epoch`."""

    epoch: int
    picture: int
    path: Path


class Jobs:
    """The jobs of one data folder. Threads, tabs and processes may all have one."""

    def __init__(self, data_dir: Path | None = None) -> None:
        """Open the job database and see to it that its queue moves.

        Args:
            data_dir: the data folder; the application's unless given.

        Raises:
            JobError: the database cannot be used.
        """
        found = data_dir or path_setting("data_dir")
        if found is None:
            raise JobError("No data folder is set: give one in UNET_EXPLORER_DATA_DIR.")
        self._data = DataFolder(found.absolute())
        self._store = Store(self._data)
        self._readers: OrderedDict[Path, RunReader] = OrderedDict()
        self._readers_lock = threading.Lock()
        self._clear_leftovers()
        self.move_on()

    def move_on(self) -> None:
        """Wake the dispatcher if anything is unfinished; cheap, and harmless at any time."""
        if self._store.unfinished():
            dispatcher.wake(self._data)

    def submit(self, submission: Submission, key: str | None = None) -> Job:
        """Put a job into the queue.

        Args:
            submission: what to train.
            key: names this wish. Submitting it again, from another tab or after a crash, returns the job it already
                made.

        Raises:
            RecipeError: the recipe contradicts itself, its preset or its data.
            DatasetError: the data folder is not as the recipe says.
            JobError: a folder is missing or taken, the launcher is unknown, or the key belongs to another wish.
        """
        _check(submission)
        job = self._new_job(submission, key or secrets.token_hex(8))
        folder = self._data.job(job.id)
        with self._in_words(f"The job folder {folder.path}"):
            folder.path.mkdir(parents=True)
            folder.run.mkdir()
            write_object(folder.recipe, submission.recipe)
        try:
            stored, is_new = self._store.insert(job)
        except JobError:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise
        if not is_new:
            shutil.rmtree(folder.path, ignore_errors=True)
        dispatcher.wake(self._data)
        return stored

    def list(self) -> tuple[Job, ...]:
        """All jobs, the newest first, each as its files say right now."""
        jobs = self._store.jobs()
        if any(not job.is_finished for job in jobs):
            dispatcher.wake(self._data)
        return tuple(self._seen(job) for job in jobs)

    def job(self, job_id: str) -> Job:
        """One job, by its id or the unambiguous beginning of it.

        Raises:
            JobError: there is none.
        """
        job = self._store.job(job_id)
        if not job.is_finished:
            dispatcher.wake(self._data)
        return self._seen(job)

    def attempts(self, job_id: str) -> tuple[Attempt, ...]:
        """The history of a job: every launch with its times, host, device, code version, exit code and trouble."""
        return self._store.attempts(self._store.job(job_id).id)

    def queue_position(self, job_id: str) -> int:
        """How many jobs of the same launcher wait before this one; 0 also where it does not wait."""
        job = self._store.job(job_id)
        if job.state is not State.QUEUED:
            return 0
        ahead = (other for other in self._store.unfinished() if other.state is State.QUEUED)
        return sum(other.launcher == job.launcher and other.place < job.place for other in ahead)

    def quiet_seconds(self, job: Job) -> float:
        """Seconds since a job last wrote a figure or a line; a page may call it stalled, nobody kills it for that."""
        folder = self._data.job(job.id)
        signs = [job.started or job.queued]
        metrics = stage_folders(folder.run)[-1] / METRICS
        signs += [_modified(path) for path in (metrics, *folder.log.glob("*.txt"))]
        return max(time.time() - max(signs), 0.0)

    def cancel(self, job_id: str) -> Job:
        """Stop a job: it saves a checkpoint and ends, or is killed after the grace time; a waiting one never starts.

        Raises:
            JobError: it has ended already.
        """
        job = self._seen(self._store.job(job_id))
        if job.is_finished:
            raise JobError(f"Job {job.id} has already ended ({job.state}): there is nothing to cancel.")
        changed = self._store.cancel(job.id)
        if changed.state is State.CANCELLING:
            with self._in_words(f"The job folder of {job.id}"):
                self._data.job(job.id).attempt(changed.attempt).ask_to_stop()
        dispatcher.wake(self._data)
        return self._seen(changed)

    def resume(self, job_id: str) -> Job:
        """Queue a failed, cancelled or lost job again; it goes on from its last checkpoint.

        Raises:
            JobError: it is not in such a state.
        """
        self._settle_soon(job_id)
        job = self._store.job(job_id)
        if not self._store.queue_again(job.id):
            now = self._store.job(job.id).state
            raise JobError(f"Job {job.id} is {now}: only {', '.join(sorted(RESUMABLE))} jobs can be resumed.")
        dispatcher.wake(self._data)
        return self._store.job(job.id)

    def duplicate(self, job_id: str) -> Submission:
        """What was submitted for a job, to be changed and submitted again; its network goes to a folder of its own."""
        job = self._store.job(job_id)
        return Submission(dict(job.recipe), job.root, job.name, None, job.launcher, job.gpus, job.trainer)

    def remove(self, job_id: str, with_network: bool = False) -> None:
        """Delete a finished job with its history, curves and checkpoints, and the networks made of those.

        Args:
            job_id: which.
            with_network: also delete the trained network, if it lies in the application's own folder.

        Raises:
            JobError: it is not finished, or a process of it still lives.
        """
        job = self._store.job(job_id)
        if not self._seen(job).is_finished:
            raise JobError(f"Job {job.id} is {job.state}: cancel it before removing it.")
        self._settle_soon(job.id)
        folder = self._data.job(job.id)
        folder.path.mkdir(exist_ok=True)
        lock = locks.acquire(folder.lock, REMOVE_PATIENCE_S)
        if lock is None:
            raise JobError(f"A process of job {job.id} has not ended yet: try again in a moment.")
        try:
            if not self._store.delete(job.id):
                raise JobError(f"Job {job.id} was started again: cancel it before removing it.")
            gone = self._data.jobs / f".removed-{job.id}"
            folder.path.rename(gone)
        finally:
            os.close(lock)
        shutil.rmtree(gone, ignore_errors=True)
        for looked_into in self._data.network(job.id).parent.glob(f"{job.id}-*"):
            shutil.rmtree(looked_into, ignore_errors=True)
        if with_network and job.out == self._data.network(job.id):
            shutil.rmtree(job.out, ignore_errors=True)
        with self._readers_lock:
            for path in [path for path in self._readers if path.is_relative_to(folder.path)]:
                del self._readers[path]

    def stages(self, job_id: str) -> tuple[Stage, ...]:
        """The stages of a job that have begun, in order, at least one; the last is the one being trained."""
        job = self._store.job(job_id)
        run = self._data.job(job.id).run
        names = {run: str(job.recipe.get("name") or job.name), run / FIRST: str(job.recipe.get("begin_with"))}
        return tuple(Stage(names[folder], folder) for folder in stage_folders(run))

    def events(self, job_id: str, after: float | None = None, at_most: int = 400, stage: int = -1) -> Events:
        """Curves and newest events, thinned to `at_most` points a curve; only what is new is read from the disk.

        Args:
            job_id: which.
            after: leave out points with a smaller or equal x.
            at_most: points of each curve.
            stage: place in `stages`; the one being trained unless given.
        """
        reader = self._reader(self.stages(job_id)[stage].folder)
        return reader.events(at_most=at_most) if after is None else reader.events(after, at_most)

    def log_tail(self, job_id: str, lines: int = 100) -> str:
        """The last lines the trainer printed."""
        return log_tail(self._data.job(self._store.job(job_id).id).log, lines)

    def log(self, job_id: str, after: int = 0) -> LogText:
        """What the trainer printed from a position on, a bounded stretch of it; `end` is where to go on."""
        return read_log(self._data.job(self._store.job(job_id).id).log, after)

    def checkpoints(self, job_id: str) -> tuple[Checkpoint, ...]:
        """Finished checkpoints of the stage being trained, the oldest first."""
        paths = sorted((self.stages(job_id)[-1].folder / "checkpoints").glob("[0-9]*"))
        named = ((CHECKPOINT_NAME.fullmatch(path.name), path) for path in paths)
        found = ((int(match[1]), int(match[2] or 0), path) for match, path in named if match)
        return tuple(Checkpoint(epoch, step, path, _modified(path)) for epoch, step, path in found)

    def previews(self, job_id: str) -> tuple[Preview, ...]:
        """Prediction previews of the stage being trained, by epoch and picture."""
        paths = (self.stages(job_id)[-1].folder / "previews").glob("*.png")
        named = ((PREVIEW_NAME.fullmatch(path.name), path) for path in paths)
        found = [Preview(int(match[1]), int(match[2]), path) for match, path in named if match]
        return tuple(sorted(found, key=lambda preview: (preview.epoch, preview.picture)))

    def run_folder(self, job_id: str) -> Path:
        """The trainer's folder: metrics, checkpoints, previews, tensorboard, and `first` for what it begins with."""
        return self._data.job(self._store.job(job_id).id).run

    def network(self, job_id: str) -> Path | None:
        """The finished network's folder; None while there is none."""
        out = self._store.job(job_id).out
        return out if (out / "saved_model.pb").is_file() else None

    def export_checkpoint(self, job_id: str, checkpoint: Checkpoint) -> Path:
        """Make a network of a checkpoint, of a running job too, to look into; takes seconds, and none the second time.

        Raises:
            JobError: the checkpoint has been replaced by a newer one or cannot be exported, in the exporter's words.
        """
        job = self._store.job(job_id)
        run_folder = checkpoint.path.parents[1]
        stage = "" if run_folder == self._data.job(job.id).run else f"-{run_folder.name}"
        out = self._data.network(f"{job.id}{stage}-{checkpoint.path.name}")
        if (out / "saved_model.pb").is_file():
            return out
        try:
            with self._held(job, checkpoint) as run:
                places = {"--run-dir": run, "--checkpoint": checkpoint.path.name, "--root": job.root, "--out": out}
                words = [word for option, value in places.items() for word in (option, str(value))]
                command = [sys.executable, "-m", "unet_explorer.training.snapshot", *words]
                done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, timeout=EXPORT_S, check=False)
        except (FileNotFoundError, shutil.Error) as error:
            raise JobError(f"The checkpoint {checkpoint.path} has been replaced by a newer one: take that.") from error
        except subprocess.TimeoutExpired as error:
            raise JobError(f"The checkpoint {checkpoint.path} was not exported within {EXPORT_S:g} s.") from error
        if done.returncode != 0:
            last = LastLine()
            last.feed(done.stderr)
            raise JobError(last.text() or f"The checkpoint {checkpoint.path} could not be exported.")
        return out

    def launchers(self) -> Mapping[str, str]:
        """Each launcher with what stands in its way right now; "" where nothing does."""
        return {name: launcher_for(name).obstacle() for name in LAUNCHERS}

    def _new_job(self, submission: Submission, key: str) -> Job:
        now = time.time()
        job_id = f"{time.strftime('%m%d-%H%M%S', time.localtime(now))}-{secrets.token_hex(2)}"
        out = submission.out.absolute() if submission.out else self._data.network(job_id)
        return Job(
            id=job_id,
            key=key,
            name=submission.name or str(submission.recipe.get("name") or job_id),
            recipe=json.loads(json.dumps(dict(submission.recipe))),
            root=submission.root.absolute(),
            out=out,
            launcher=submission.launcher,
            gpus=submission.gpus,
            trainer=submission.trainer,
            state=State.QUEUED,
            attempt=0,
            place=0,
            created=now,
            queued=now,
            data_digest=data_digest(submission.root),
        )

    def _seen(self, job: Job) -> Job:
        if job.state not in ACTIVE:
            return job
        folder = self._data.job(job.id)
        # Only the dispatcher speaks to a cluster; a page shows what it last heard.
        if job.launcher == "local":
            job = as_seen(job, look(job, folder, local_presence(folder)))
        return replace(job, progress=newest_figures(folder.run))

    def _settle_soon(self, job_id: str) -> None:
        # The files say that it ended; the database follows within a tick of the dispatcher.
        deadline = time.monotonic() + REMOVE_PATIENCE_S
        while (job := self._store.job(job_id)).state in ACTIVE and self._seen(job).is_finished:
            if time.monotonic() > deadline:
                return
            dispatcher.wake(self._data)
            time.sleep(0.1)

    @contextmanager
    def _held(self, job: Job, checkpoint: Checkpoint) -> Iterator[Path]:
        """A run folder with that one checkpoint, which the trainer cannot take away: it keeps only the newest ones."""
        folder = self._data.job(job.id)
        with self._in_words(f"The job folder of {job.id}"):
            holder = tempfile.TemporaryDirectory(dir=folder.path, prefix="held-", ignore_cleanup_errors=True)
        with holder as name:
            run = Path(name)
            shutil.copytree(checkpoint.path, run / "checkpoints" / checkpoint.path.name, copy_function=_link)
            shutil.copy(checkpoint.path.parents[1] / "recipe.json", run)
            yield run

    def _reader(self, run_folder: Path) -> RunReader:
        from unet_explorer.jobs.curves import RunReader  # NumPy is not needed to submit or cancel

        with self._readers_lock:
            reader = self._readers.pop(run_folder, None) or RunReader(run_folder)
            self._readers[run_folder] = reader
            while len(self._readers) > READERS_KEPT:
                self._readers.popitem(last=False)
            return reader

    def _clear_leftovers(self) -> None:
        known = {job.id for job in self._store.jobs()}
        for path in self._data.jobs.iterdir():
            removed = path.name.startswith(".removed-")
            # Made for a submit that was killed before it reached the database: nobody was told of it.
            unborn = path.name not in known and not (path / "attempts").exists()
            if removed or (unborn and time.time() - _modified(path) > UNBORN_S):
                shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _in_words(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise JobError(
                f"{what} cannot be written ({error.strerror}): make room or check its permissions."
            ) from error


def _check(submission: Submission) -> None:
    launcher_for(submission.launcher)
    if not submission.root.is_dir():
        raise JobError(f"The data folder {submission.root} does not exist: give the folder that holds the pictures.")
    if submission.out is not None and submission.out.exists():
        raise JobError(f"{submission.out} exists already: choose a new folder for the network.")
    if is_ours(submission):
        check_recipe_and_data(submission)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except PermissionError:  # a file system without hard links
        shutil.copy2(source, target)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # the trainer has just replaced it by a newer one
        return 0.0
