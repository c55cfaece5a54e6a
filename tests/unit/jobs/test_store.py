"""The job database: compare-and-swap, keys, schema versions."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest

from unet_explorer.errors import JobError
from unet_explorer.jobs.folder import DataFolder
from unet_explorer.jobs.schema import MIGRATIONS
from unet_explorer.jobs.states import Job, Outcome, State
from unet_explorer.jobs.store import Store


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path)


@pytest.fixture
def store(data: DataFolder) -> Store:
    return Store(data)


def job(job_id: str, **changes: object) -> Job:
    """A queued job."""
    plain = Job(
        id=job_id, key=f"key of {job_id}", name="a job", recipe={"epochs": 2}, root=Path("/pictures"),
        out=Path("/networks", job_id), launcher="local", gpus=0, trainer=("train.py",), state=State.QUEUED, attempt=0,
        place=0, created=100.0, queued=100.0, data_digest="d1",
    )  # fmt: skip
    return replace(plain, **changes)


def test_what_goes_in_comes_out(store: Store, data: DataFolder) -> None:
    wanted = job("one", name="Straße 1", gpus=2, trainer=("-m", "x"), recipe={"a": [1, {"b": None}]})
    stored, is_new = store.insert(wanted)
    assert is_new
    assert stored == replace(wanted, place=1)
    assert Store(data).job("one") == stored


def test_a_key_is_used_once(store: Store) -> None:
    first, _ = store.insert(job("one", key="k"))
    again, is_new = store.insert(job("two", key="k"))
    assert (again, is_new) == (first, False)
    with pytest.raises(JobError, match="'k' belongs to job one, which trains something else"):
        store.insert(job("three", key="k", recipe={"epochs": 3}))
    assert [found.id for found in store.jobs()] == ["one"]


def test_two_unfinished_jobs_cannot_write_one_network(store: Store) -> None:
    store.insert(job("one", out=Path("/networks/x")))
    with pytest.raises(JobError, match="job one already writes its network to /networks/x"):
        store.insert(job("two", out=Path("/networks/x")))
    store.cancel("one")
    assert store.insert(job("two", out=Path("/networks/x")))[1]


def test_a_claim_succeeds_once_and_raises_the_attempt(store: Store) -> None:
    store.insert(job("one"))
    assert store.claim("one", 1, "v1") == 1
    assert store.claim("one", 9, "v1") is None
    found = store.job("one")
    assert (found.state, found.attempt, found.code_version) == (State.STARTING, 1, "v1")


def test_no_more_are_claimed_than_may_run_of_one_launcher(store: Store) -> None:
    for name in ("one", "two", "three"):
        store.insert(job(name))
    store.insert(job("far", launcher="ray"))
    assert store.claim("one", 2, "v") == 1
    assert store.claim("two", 2, "v") == 1
    assert store.claim("three", 2, "v") is None
    assert store.claim("far", 1, "v") == 1
    store.settle(store.job("one"), Outcome(State.SUCCEEDED, 0), 5.0, {})
    assert store.claim("three", 2, "v") == 1


def test_the_life_of_a_job_is_its_history(store: Store) -> None:
    store.insert(job("one"))
    store.claim("one", 1, "v1")
    assert store.started(store.job("one"), 7.0, "here")
    running = store.job("one")
    assert (running.state, running.started, running.host) == (State.RUNNING, 7.0, "here")
    assert store.settle(running, Outcome(State.FAILED, -9, "killed"), 9.0, {"device": "CPU", "loss": 0.5})
    assert store.queue_again("one")
    store.claim("one", 1, "v2")
    store.started(store.job("one"), 11.0, "there")
    store.settle(store.job("one"), Outcome(State.SUCCEEDED, 0), 13.0, {"device": "GPU"})

    first, second = store.attempts("one")
    assert (first.number, first.state, first.code_version, first.started, first.finished) == (
        1,
        State.FAILED,
        "v1",
        7,
        9,
    )
    assert (first.host, first.device, first.exit_code, first.trouble) == ("here", "CPU", -9, "killed")
    assert (second.number, second.state, second.exit_code, second.trouble) == (2, State.SUCCEEDED, 0, "")
    done = store.job("one")
    assert (done.attempt, done.trouble, done.finished, done.progress) == (2, "", 13.0, {"device": "GPU"})


def test_late_words_change_nothing(store: Store) -> None:
    store.insert(job("one"))
    store.claim("one", 1, "v")
    stale = store.job("one")
    store.settle(stale, Outcome(State.LOST), 3.0, {})
    store.queue_again("one")
    store.claim("one", 1, "v")
    before = store.job("one")
    assert not store.settle(stale, Outcome(State.SUCCEEDED, 0), 4.0, {})
    assert not store.started(stale, 4.0, "late")
    assert not store.note(stale, "late")
    assert store.job("one") == before
    assert store.settle(before, Outcome(State.SUCCEEDED, 0), 5.0, {})
    assert not store.settle(before, Outcome(State.FAILED, 1), 6.0, {})
    assert store.job("one").state is State.SUCCEEDED


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LOST])
def test_only_what_failed_is_queued_again(store: Store, state: State) -> None:
    store.insert(job("one"))
    store.insert(job("two"))
    store.claim("one", 1, "v")
    assert not store.queue_again("one")
    store.settle(store.job("one"), Outcome(state, 1), 3.0, {})
    assert store.queue_again("one") is (state is not State.SUCCEEDED)
    if state is not State.SUCCEEDED:
        assert [found.id for found in store.unfinished()] == ["two", "one"]


def test_cancelling_by_state(store: Store) -> None:
    store.insert(job("one"))
    store.insert(job("two"))
    store.claim("one", 1, "v")
    assert store.cancel("one").state is State.CANCELLING
    assert store.cancel("two").state is State.CANCELLED
    store.started(store.job("one"), 4.0, "here")
    now = store.job("one")
    assert (now.state, now.started, now.host) == (State.CANCELLING, 4.0, "here")
    store.settle(now, Outcome(State.CANCELLED, 3), 5.0, {})
    assert store.cancel("one").state is State.CANCELLED


def test_an_attempt_that_never_began_goes_back_to_its_place(store: Store) -> None:
    store.insert(job("one"))
    store.insert(job("two"))
    store.claim("one", 1, "v")
    store.settle(store.job("one"), Outcome(State.QUEUED), 3.0, {})
    back = store.job("one")
    assert (back.state, back.finished, back.attempt) == (State.QUEUED, 0.0, 1)
    assert [found.id for found in store.unfinished()] == ["one", "two"]
    assert store.attempts("one")[0].state is State.LOST


def test_an_end_that_is_seen_before_the_beginning_was_recorded_records_both(store: Store) -> None:
    store.insert(job("one"))
    store.claim("one", 1, "v")
    begun = replace(store.job("one"), started=7.0, host="here")
    assert store.settle(begun, Outcome(State.FAILED, -9, "Killed."), 9.0, {})
    now, attempt = store.job("one"), store.attempts("one")[0]
    assert (now.state, now.started, now.host, now.finished) == (State.FAILED, 7.0, "here", 9.0)
    assert (attempt.state, attempt.started, attempt.host, attempt.finished) == (State.FAILED, 7.0, "here", 9.0)


def test_a_job_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    store.insert(job("1120-abc"))
    store.insert(job("1120-xyz"))
    assert store.job("1120-a").id == "1120-abc"
    with pytest.raises(JobError, match="Several jobs begin with '1120-': 1120-abc, 1120-xyz"):
        store.job("1120-")
    with pytest.raises(JobError, match="no job '1120-abd'; did you mean 1120-abc"):
        store.job("1120-abd")
    with pytest.raises(JobError, match="There is no job ''"):
        store.job("")
    with pytest.raises(JobError, match="no job '%'"):
        store.job("%")


def test_deleting_forgets_the_history_and_spares_the_unfinished(store: Store, data: DataFolder) -> None:
    store.insert(job("one"))
    store.claim("one", 1, "v")
    assert not store.delete("one")
    store.settle(store.job("one"), Outcome(State.SUCCEEDED, 0), 3.0, {})
    assert store.delete("one")
    assert store.jobs() == ()
    with sqlite3.connect(data.database) as connection:
        assert connection.execute("SELECT count(*) FROM attempt").fetchone() == (0,)
    connection.close()


def test_writes_are_on_the_disk_when_they_return(data: DataFolder, store: Store) -> None:
    store.insert(job("one"))
    connection = store._connect()
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
    connection.close()


def test_an_older_schema_is_brought_up_to_date_with_its_jobs(data: DataFolder, store: Store) -> None:
    store.insert(job("one"))
    newer = (
        *MIGRATIONS,
        "ALTER TABLE attempt ADD COLUMN mood TEXT NOT NULL DEFAULT 'good'; UPDATE job SET name = 'new'",
    )
    assert Store(data, newer).job("one").name == "new"
    connection = sqlite3.connect(data.database)
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()
    with pytest.raises(JobError, match=r"written by a newer version .* \(schema 2, this one knows 1\): update"):
        Store(data)


def test_a_migration_happens_wholly_or_not_at_all(data: DataFolder, store: Store) -> None:
    store.insert(job("one"))
    broken = (*MIGRATIONS, "UPDATE job SET name = 'half'; UPDATE nowhere SET name = 'other half'")
    with pytest.raises(JobError, match="no such table: nowhere"):
        Store(data, broken)
    assert Store(data).job("one").name == "a job"


def test_a_file_that_is_no_database_is_named(data: DataFolder) -> None:
    data.database.write_text("these are not the tables you are looking for " * 50)
    with pytest.raises(JobError, match=r"jobs\.sqlite3 is damaged: move it away"):
        Store(data)


def test_a_held_database_is_named_after_a_while(data: DataFolder, store: Store) -> None:
    holder = sqlite3.connect(data.database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(JobError, match="held by another program: try again in a moment"):
        Store(data, busy_s=0.3).insert(job("one"))
    assert time.monotonic() - began >= 0.3
    holder.close()


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JobError, match=r"cannot be made \(Not a directory\): choose another"):
        Store(DataFolder(tmp_path / "file" / "data"))
