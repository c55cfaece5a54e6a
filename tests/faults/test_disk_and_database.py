"""Kills between two writes, a database held by others, a full disk: nothing finished is lost, the reason is named."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Bench, expected_weights, kill, make_bench, wait_for
from unet_explorer.errors import JobError
from unet_explorer.jobs.states import Job, State
from unet_explorer.jobs.store import Store

DISK_MIB = 24
CHECKPOINT_BYTES = 3 << 20


def test_a_kill_during_a_checkpoint_keeps_the_one_before(bench: Bench) -> None:
    job = bench.submit(epochs=4, steps=3, checkpoint_s=0.4)
    part = bench.data.job(job.id).run / "checkpoints" / ".000006.part"
    wait_for(part.exists, 10.0)
    kill(bench.runner(job))
    bench.wait_stored(job, State.LOST)
    assert part.exists()
    assert [checkpoint.epoch for checkpoint in bench.jobs.checkpoints(job.id)] == [3]

    bench.jobs.resume(job.id)
    done = bench.wait(job, State.SUCCEEDED)
    assert [event["step"] for event in bench.events(job, "start")] == [0, 3]
    assert bench.weights(done) == expected_weights(job)


def test_a_damaged_checkpoint_falls_back_to_the_one_before(bench: Bench) -> None:
    job = bench.submit(epochs=6, steps=3, step_s=0.05)
    bench.wait_step(job, 11)
    kill(bench.trainer(job))
    bench.wait(job, State.FAILED)
    older, newest = bench.jobs.checkpoints(job.id)
    content = newest.path / "weights.json"
    content.write_bytes(content.read_bytes()[:-7])

    bench.jobs.resume(job.id)
    done = bench.wait(job, State.SUCCEEDED)
    assert [event["step"] for event in bench.events(job, "start")] == [0, older.epoch]
    assert bench.weights(done) == expected_weights(job)


def test_a_kill_between_the_last_step_and_the_export_does_no_step_again(bench: Bench) -> None:
    job = bench.submit(epochs=2, steps=3, before_export_s=0.6)
    wait_for(lambda: [event["step"] for event in bench.events(job, "checkpoint")] == [3, 6], 20.0)
    kill(bench.trainer(job))
    bench.wait(job, State.FAILED)
    assert not job.out.exists()

    bench.jobs.resume(job.id)
    done = bench.wait(job, State.SUCCEEDED)
    assert [event["step"] for event in bench.events(job, "step")] == [1, 2, 3, 4, 5, 6]
    assert bench.weights(done) == expected_weights(job)


def test_a_locked_database_delays_the_record_and_nothing_else(bench: Bench) -> None:
    job = bench.submit(epochs=2, steps=3, step_s=0.1)
    bench.wait_stored(job, State.RUNNING)
    holder = sqlite3.connect(bench.data.database, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        done = bench.wait(job, State.SUCCEEDED)
        assert bench.weights(done) == expected_weights(job)
        assert Store(bench.data).job(job.id).state is State.RUNNING
        with pytest.raises(JobError, match="held by another program: try again"):
            Store(bench.data, busy_s=0.2).cancel(job.id)
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert bench.wait_stored(job, State.SUCCEEDED).exit_code == 0


def test_a_runner_killed_while_the_database_is_locked_is_found_lost(bench: Bench) -> None:
    job = bench.submit(step_s=0.5)
    bench.wait_stored(job, State.RUNNING)
    holder = sqlite3.connect(bench.data.database, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    kill(bench.runner(job))
    assert bench.wait(job, State.LOST, seconds=5.0).trouble.startswith("Its runner disappeared")
    time.sleep(1.0)
    holder.execute("ROLLBACK")
    holder.close()
    bench.wait_stored(job, State.LOST)


def test_a_full_disk_is_named_loses_no_checkpoint_and_is_resumed_when_there_is_room(small_disk: Bench) -> None:
    bench = small_disk
    job = bench.submit(epochs=4, steps=3, step_s=0.1, checkpoint_bytes=CHECKPOINT_BYTES)
    wait_for(lambda: bench.jobs.checkpoints(job.id), 10.0)
    filler = bench.data.path / "filler"
    fill(filler)

    failed = bench.wait_stored(job, State.FAILED)
    assert failed.exit_code == 2
    assert failed.trouble == "The checkpoint could not be written: No space left on device."
    kept = bench.jobs.checkpoints(job.id)
    assert kept

    filler.unlink()
    bench.jobs.resume(job.id)
    done = bench.wait(job, State.SUCCEEDED)
    assert bench.events(job, "start")[1]["step"] >= kept[0].epoch
    assert bench.weights(done) == expected_weights(job)


def test_a_disk_without_a_single_byte_refuses_new_jobs_in_words(small_disk: Bench) -> None:
    bench = small_disk
    job = bench.submit(epochs=1)
    bench.wait_stored(job, State.SUCCEEDED)
    bench.assert_nothing_left()
    bench.data.reserve.unlink()
    fill(bench.data.path / "filler")
    with pytest.raises(JobError, match=r"cannot be written \(No space left on device\)|is full: make room"):
        bench.submit(epochs=2)
    assert [known.id for known in bench.jobs.list()] == [job.id]


def test_a_runner_writes_its_last_word_although_the_disk_is_full(small_disk: Bench) -> None:
    bench = small_disk
    job = bench.submit(epochs=1, steps=2, before_export_s=5.0)
    wait_for(lambda: bench.events(job, "epoch"), 20.0)
    fill(bench.data.path / "filler")
    kill(bench.trainer(job))
    failed = bench.wait_stored(job, State.FAILED)
    assert failed.exit_code == -9
    assert bench.data.job(job.id).attempt(1).exit() is not None


def test_a_job_can_be_cancelled_although_the_disk_is_full(small_disk: Bench) -> None:
    bench = small_disk
    running, waiting = bench.submit(epochs=2, deaf=True, before_export_s=60), bench.submit()
    bench.wait_stored(running, State.RUNNING)
    fill(bench.data.path / "filler")
    assert bench.jobs.cancel(waiting.id).state is State.CANCELLED
    bench.jobs.cancel(running.id)
    cancelled = bench.wait(running, State.CANCELLED, State.FAILED)  # it may find the full disk before the request
    assert cancelled.exit_code in (-9, 2)


def test_a_file_that_may_not_grow_is_named_and_resumed(bench: Bench) -> None:
    """The same as the full disk where nothing can be mounted: the kernel refuses the trainer's large files."""
    limit = bench.root / "largest_file.txt"
    job = bench.submit(epochs=4, steps=3, step_s=0.1, checkpoint_bytes=CHECKPOINT_BYTES)
    wait_for(lambda: bench.jobs.checkpoints(job.id), 10.0)
    limit.write_text(str(1 << 20))
    kill(bench.trainer(job))
    bench.wait(job, State.FAILED)
    bench.jobs.resume(job.id)

    failed = wait_for(lambda: _failed(bench, job.id, 2), 10.0)
    assert failed.trouble == "The checkpoint could not be written: File too large."
    limit.unlink()
    bench.jobs.resume(job.id)
    assert bench.weights(bench.wait(job, State.SUCCEEDED)) == expected_weights(job)


def fill(path: Path) -> None:
    """Take every byte of the disk."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A bench on a disk of its own with little room: a tmpfs, which takes root (CI has it) or fails, never skips."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert mounted.returncode == 0, f"a small disk needs the right to mount a tmpfs (root): {mounted.stderr.strip()}"
    try:
        yield from make_bench(disk / "data", tmp_path, monkeypatch)
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
        shutil.rmtree(disk)


def _failed(bench: Bench, job_id: str, attempt: int) -> Job | None:
    job = bench.jobs.job(job_id)
    return job if job.attempt == attempt and job.state is State.FAILED else None
