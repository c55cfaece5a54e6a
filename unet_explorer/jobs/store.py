"""The job database: what was asked for, and how far it got.

SQLite in WAL mode with `synchronous=FULL`: what a call returned from is on the disk. Each call opens its own
connection, so a store may be shared between threads and survives a fork. Every change names the states (and the
attempt) it starts from and does nothing if they are no longer so: whoever comes late changes nothing.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from unet_explorer.errors import JobError, close_names
from unet_explorer.jobs.folder import DataFolder, free_bytes
from unet_explorer.jobs.schema import MIGRATIONS
from unet_explorer.jobs.states import ACTIVE, RESUMABLE, UNFINISHED, Attempt, Job, Outcome, State

BUSY_S = 10.0
LEAST_ROOM_BYTES = 1 << 17
Result = TypeVar("Result")


class Store:
    """The database of one data folder."""

    def __init__(self, data: DataFolder, migrations: Sequence[str] = MIGRATIONS, busy_s: float = BUSY_S) -> None:
        """Open it, make it where it is missing, and bring an older one up to date.

        Args:
            data: the application's data folder.
            migrations: one SQL script a schema version.
            busy_s: seconds to wait for another program that holds the database.

        Raises:
            JobError: it cannot be read, is busy for too long, or was written by a newer version.
        """
        self._data = data
        self._migrations = migrations
        self._busy_s = busy_s
        try:
            data.jobs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise JobError(f"The data folder {data.path} cannot be made ({error.strerror}): choose another.") from error
        self._with_reserve(self._bring_up_to_date)
        # While a connection is open the write-ahead log keeps its files, which a full disk would not let us make anew.
        self._keeper = self._with_reserve(self._connect)
        data.keep_reserve()

    def insert(self, job: Job) -> tuple[Job, bool]:
        """Queue a new job unless one with its key exists.

        Returns:
            The job that now has the key, and whether it is the new one.

        Raises:
            JobError: the key belongs to another recipe, or an unfinished job writes to the same folder.
        """

        def action(connection: sqlite3.Connection) -> tuple[Job, bool]:
            row = connection.execute("SELECT * FROM job WHERE key = ?", (job.key,)).fetchone()
            if row is not None:
                return _the_same(_job(row), job), False
            _refuse_shared_folder(connection, job)
            values = _row_of(job) | {"place": _next_place(connection)}
            names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
            connection.execute(f"INSERT INTO job ({names}) VALUES ({marks})", values)
            return _job(connection.execute("SELECT * FROM job WHERE id = ?", (job.id,)).fetchone()), True

        return self._write(action)

    def jobs(self) -> tuple[Job, ...]:
        """All jobs, the newest first."""
        return self._read("SELECT * FROM job ORDER BY created DESC, place DESC")

    def unfinished(self) -> tuple[Job, ...]:
        """Jobs that wait or run, in the order of the queue."""
        return self._read(f"SELECT * FROM job WHERE state IN ({_marks(UNFINISHED)}) ORDER BY place", *UNFINISHED)

    def job(self, job_id: str) -> Job:
        """One job, by its id or the unambiguous beginning of it.

        Raises:
            JobError: no job, or more than one, is called so.
        """
        found = self._read("SELECT * FROM job WHERE id = ?", job_id)
        if not found and job_id:
            found = self._read("SELECT * FROM job WHERE substr(id, 1, ?) = ?", len(job_id), job_id)
        if len(found) == 1:
            return found[0]
        if found:
            raise JobError(f"Several jobs begin with {job_id!r}: {', '.join(job.id for job in found[:4])}.")
        hint = close_names(job_id, (job.id for job in self.jobs())) or ": `jobs list` shows those there are."
        raise JobError(f"There is no job {job_id!r}{hint}")

    def attempts(self, job_id: str) -> tuple[Attempt, ...]:
        """The launches of a job, in order."""
        rows = self._rows("SELECT * FROM attempt WHERE job = ? ORDER BY number", (job_id,))
        kept = [field.name for field in fields(Attempt)]
        return tuple(Attempt(**{name: row[name] for name in kept} | {"state": State(row["state"])}) for row in rows)

    def claim(self, job_id: str, limit: int, code_version: str) -> int | None:
        """QUEUED -> STARTING, if fewer than `limit` jobs of its launcher are active. The only way to a new attempt.

        Returns:
            The number of the attempt; None where somebody else was faster, or there is no room.
        """
        room = "(SELECT count(*) FROM job AS other WHERE other.launcher = job.launcher AND other.state IN ({}))"

        def action(connection: sqlite3.Connection) -> int | None:
            now = time.time()
            row = connection.execute(
                "UPDATE job SET state = 'STARTING', attempt = attempt + 1, code_version = ?, started = 0, finished = 0,"
                " exit_code = NULL, trouble = '', notice = ''"
                f" WHERE id = ? AND state = 'QUEUED' AND {room.format(_marks(ACTIVE))} < ? RETURNING attempt",
                (code_version, job_id, *ACTIVE, limit),
            ).fetchone()
            if row is None:
                return None
            connection.execute(
                "INSERT INTO attempt (job, number, state, code_version, created) VALUES (?, ?, 'STARTING', ?, ?)",
                (job_id, row["attempt"], code_version, now),
            )
            return int(row["attempt"])

        return self._write(action)

    def started(self, job: Job, started: float, host: str) -> bool:
        """STARTING -> RUNNING; a job that is being cancelled only learns where it runs."""

        def action(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(
                "UPDATE job SET state = CASE state WHEN 'STARTING' THEN 'RUNNING' ELSE state END, started = ?, host = ?"
                " WHERE id = ? AND attempt = ? AND started = 0 AND state IN ('STARTING', 'CANCELLING')",
                (started, host, job.id, job.attempt),
            )
            if changed.rowcount:
                connection.execute(
                    "UPDATE attempt SET state = 'RUNNING', started = ?, host = ? WHERE job = ? AND number = ?",
                    (started, host, job.id, job.attempt),
                )
            return changed.rowcount == 1

        return self._write(action)

    def settle(self, job: Job, outcome: Outcome, finished: float, progress: Mapping[str, Any]) -> bool:
        """Close the attempt that `job` was read with; a job of a later attempt, or a closed one, stays as it is.

        Args:
            job: the job as it was when the outcome was found, with where and when it had begun.
            outcome: how the attempt ended. QUEUED puts the job back at its place, for an attempt that never began.
            finished: when, unix seconds.
            progress: the trainer's newest figures; `device` among them goes into the history.
        """
        device, figures = str(progress.get("device", "")), json.dumps(dict(progress))
        again = outcome.state is State.QUEUED
        closed = State.LOST if again else outcome.state
        shown = ("", 0.0) if again else (outcome.trouble, finished)
        begun = (device, job.host, job.started)

        def action(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(
                "UPDATE job SET state = ?, exit_code = ?, trouble = ?, finished = ?, device = ?, host = ?, started = ?,"
                f" progress = ?, notice = '' WHERE id = ? AND attempt = ? AND state IN ({_marks(ACTIVE)})",
                (outcome.state, outcome.exit_code, *shown, *begun, figures, job.id, job.attempt, *ACTIVE),
            )
            if changed.rowcount:
                connection.execute(
                    "UPDATE attempt SET state = ?, exit_code = ?, trouble = ?, finished = ?, device = ?, host = ?,"
                    " started = ? WHERE job = ? AND number = ?",
                    (closed, outcome.exit_code, outcome.trouble, finished, *begun, job.id, job.attempt),
                )
            return changed.rowcount == 1

        return self._write(action, vital=True)

    def note(self, job: Job, notice: str) -> bool:
        """Say something about an unfinished job."""
        return notice != job.notice and self._changes(
            f"UPDATE job SET notice = ? WHERE id = ? AND attempt = ? AND state IN ({_marks(UNFINISHED)})",
            (notice, job.id, job.attempt, *UNFINISHED),
        )

    def cancel(self, job_id: str) -> Job:
        """QUEUED -> CANCELLED, STARTING or RUNNING -> CANCELLING; a job in any other state stays as it is."""

        def action(connection: sqlite3.Connection) -> None:
            waited = connection.execute(
                "UPDATE job SET state = 'CANCELLED', finished = ?, notice = '', trouble = ''"
                " WHERE id = ? AND state = 'QUEUED'",
                (time.time(), job_id),
            )
            if not waited.rowcount:
                connection.execute(
                    "UPDATE job SET state = 'CANCELLING' WHERE id = ? AND state IN ('STARTING', 'RUNNING')", (job_id,)
                )

        self._write(action, vital=True)
        return self.job(job_id)

    def queue_again(self, job_id: str) -> bool:
        """FAILED, CANCELLED or LOST -> QUEUED, at the end of the queue."""
        return self._changes(
            "UPDATE job SET state = 'QUEUED', queued = ?, notice = '', place = (SELECT max(place) + 1 FROM job)"
            f" WHERE id = ? AND state IN ({_marks(RESUMABLE)})",
            (time.time(), job_id, *RESUMABLE),
        )

    def delete(self, job_id: str) -> bool:
        """Forget a finished job and its history."""
        return self._changes(
            f"DELETE FROM job WHERE id = ? AND state NOT IN ({_marks(UNFINISHED)})", (job_id, *UNFINISHED)
        )

    def _changes(self, sql: str, values: tuple[Any, ...]) -> bool:
        return self._write(lambda connection: connection.execute(sql, values).rowcount == 1)

    def _read(self, sql: str, *values: Any) -> tuple[Job, ...]:
        return tuple(_job(row) for row in self._rows(sql, values))

    def _rows(self, sql: str, values: tuple[Any, ...]) -> list[sqlite3.Row]:
        def action() -> list[sqlite3.Row]:
            with self._connection() as connection:
                return connection.execute(sql, values).fetchall()

        return self._with_reserve(action)

    def _write(self, action: Callable[[sqlite3.Connection], Result], vital: bool = False) -> Result:
        # The reserve is for what must not be lost; a trainer that still runs would only eat it up.
        return self._with_reserve(lambda: self._transaction(action)) if vital else self._transaction(action)

    def _with_reserve(self, action: Callable[[], Result]) -> Result:
        try:
            return action()
        except DiskFullError:
            if not self._data.free_reserve():
                raise
            return action()

    def _transaction(self, action: Callable[[sqlite3.Connection], Result]) -> Result:
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = action(connection)
                connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself where the disk was full.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return result

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = self._connect()
        try:
            yield connection
        except sqlite3.Error as error:
            raise _in_words(error, self._data.database) from error
        finally:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        path = self._data.database
        try:
            connection = sqlite3.connect(path, timeout=self._busy_s, isolation_level=None, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            _version(connection)  # opens the files for good
        except sqlite3.Error as error:
            raise _in_words(error, path) from error
        return connection

    def _bring_up_to_date(self) -> None:
        with self._connection() as connection:
            self._migrate(connection)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        newest = len(self._migrations)
        if _version(connection) == newest:
            return
        connection.execute("BEGIN EXCLUSIVE")
        try:
            found = _version(connection)
            if found > newest:
                raise JobError(
                    f"The job database {self._data.database} was written by a newer version of U-Net Explorer"
                    f" (schema {found}, this one knows {newest}): update, or choose another data folder."
                )
            for version in range(found, newest):
                for statement in _statements(self._migrations[version]):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {newest}")
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


class DiskFullError(JobError):
    """The database could not grow."""


def _in_words(error: sqlite3.Error, path: Path) -> JobError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    no_room = code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and free_bytes(path.parent) < LEAST_ROOM_BYTES
    if code == sqlite3.SQLITE_FULL or no_room:
        return DiskFullError(f"The disk of {path.parent} is full: make room, then try again.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return JobError(f"The job database {path} is held by another program: try again in a moment.")
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return JobError(f"The job database {path} is damaged: move it away to start a new one; job folders are kept.")
    return JobError(f"The job database {path} cannot be used ({error}): check the disk and the folder's permissions.")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> list[str]:
    # `executescript` would commit the transaction that makes a migration all or nothing.
    return [statement for statement in script.split(";") if statement.strip()]


def _marks(values: Collection[State]) -> str:
    return ", ".join("?" * len(values))


def _next_place(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(place), 0) + 1 FROM job").fetchone()[0])


def _refuse_shared_folder(connection: sqlite3.Connection, job: Job) -> None:
    row = connection.execute(
        f"SELECT id FROM job WHERE out = ? AND state IN ({_marks(UNFINISHED)})", (str(job.out), *UNFINISHED)
    ).fetchone()
    if row is not None:
        raise JobError(f"The job {row['id']} already writes its network to {job.out}: choose another folder.")


def _the_same(known: Job, wanted: Job) -> Job:
    if (known.recipe, known.root, known.launcher) != (wanted.recipe, wanted.root, wanted.launcher):
        raise JobError(f"The key {known.key!r} belongs to job {known.id}, which trains something else: use a new key.")
    return known


def _row_of(job: Job) -> dict[str, Any]:
    plain = {field.name: getattr(job, field.name) for field in fields(Job)}
    texts = {"root": str(job.root), "out": str(job.out), "trainer": json.dumps(job.trainer), "state": str(job.state)}
    return plain | texts | {"recipe": json.dumps(dict(job.recipe)), "progress": json.dumps(dict(job.progress))}


def _job(row: sqlite3.Row) -> Job:
    values = {name: row[name] for name in row.keys()}  # noqa: SIM118 - a Row iterates over its values
    parsed = {
        "recipe": json.loads(row["recipe"]),
        "progress": json.loads(row["progress"]),
        "state": State(row["state"]),
    }
    paths = {"root": Path(row["root"]), "out": Path(row["out"]), "trainer": tuple(json.loads(row["trainer"]))}
    return Job(**values | parsed | paths)
