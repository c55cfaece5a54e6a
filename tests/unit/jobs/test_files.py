"""Locks, processes, logs, metrics and the words of an exit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from unet_explorer.jobs import locks
from unet_explorer.jobs.digest import data_digest
from unet_explorer.jobs.folder import AttemptFolder, DataFolder, Exit, JobFolder, Order, Started, write_object
from unet_explorer.jobs.logbook import LogWriter, log_tail, read_log
from unet_explorer.jobs.metrics import newest_figures, stage_folders
from unet_explorer.jobs.processes import Identity, name_of_signal, start_ticks
from unet_explorer.jobs.runner import LastLine
from unet_explorer.jobs.states import Outcome, State, outcome_of


def test_a_lock_has_one_owner_and_any_number_of_lookers(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not locks.is_held(path)
    owner = locks.acquire(path)
    assert owner is not None
    assert locks.is_held(path)
    assert locks.acquire(path, 0.05) is None
    os.close(owner)
    assert not locks.is_held(path)


def test_a_lock_lives_as_long_as_any_process_that_inherited_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    owner = locks.acquire(path)
    assert owner is not None
    heir = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(owner,))
    os.close(owner)
    assert locks.is_held(path)
    heir.kill()
    heir.wait()
    assert not locks.is_held(path)
    assert heir.stdin
    heir.stdin.close()


def test_an_identity_is_more_than_a_process_id() -> None:
    me = Identity.of_this_process()
    assert me.is_alive()
    boot, namespace = me.boot_id.split(" ")
    assert boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert namespace.startswith("pid:[")
    assert not Identity(me.pid, f"{boot} pid:[1]", me.start_ticks).of_this_boot()
    assert not Identity(me.pid, me.boot_id, me.start_ticks + 1).is_alive()
    assert not Identity(me.pid, "another boot", me.start_ticks).is_alive()
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert start_ticks(child.pid) is None  # a zombie is dead
    child.wait()
    assert start_ticks(child.pid) is None


def test_names_of_signals() -> None:
    assert [name_of_signal(number) for number in (9, 15, 64, 99)] == ["SIGKILL", "SIGTERM", "SIGRTMAX", "signal 99"]


def test_the_files_of_an_attempt_come_back_as_they_were(tmp_path: Path) -> None:
    files = AttemptFolder(tmp_path / "attempts" / "1")
    assert (files.started(), files.exit()) == (None, None)
    order = Order("job", 1, ("-m", "train", "--out", "ö"), "token", 30.0, True)
    files.write_order(order)
    started, last = Started("host", 2.5, Identity(1, "b", 3)), Exit(-9, 4.0, "cancel", True, "words")
    files.write_started(started)
    files.write_exit(last)
    assert (files.order(), files.started(), files.exit()) == (order, started, last)
    assert sorted(path.name for path in files.path.iterdir()) == ["exit.json", "order.json", "started.json"]


def test_the_newest_attempt_and_the_checkpoints(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)
    assert (folder.newest_attempt(), folder.has_checkpoint()) == (0, False)
    for name in ("2", "10", "9"):
        folder.attempt(int(name)).path.mkdir(parents=True)
    (folder.run / "checkpoints" / ".000004.part").mkdir(parents=True)
    assert (folder.newest_attempt(), folder.has_checkpoint()) == (10, False)
    (folder.run / "checkpoints" / "000003-000007").mkdir()
    assert folder.has_checkpoint()


def test_a_checkpoint_of_the_first_stage_is_one_to_go_on_from(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)
    (folder.run / "first" / "checkpoints" / "000003").mkdir(parents=True)
    assert folder.has_checkpoint()


def test_the_figures_of_the_stage_being_trained_are_shown(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "metrics.jsonl").write_text('{"event": "start", "recipe": "coarse", "stage": 1}\n')
    assert (stage_folders(tmp_path), newest_figures(tmp_path)["recipe"]) == ((tmp_path / "first",), "coarse")
    (tmp_path / "metrics.jsonl").write_text('{"event": "start", "recipe": "fine", "stage": 2}\n')
    assert (stage_folders(tmp_path), newest_figures(tmp_path)["recipe"]) == ((tmp_path / "first", tmp_path), "fine")


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    write_object(path, {"a": 1})
    with pytest.raises(TypeError):
        write_object(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}


def test_the_reserve_is_kept_and_given_back_once(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    data.keep_reserve()
    assert data.reserve.stat().st_size == 1 << 20
    assert data.free_reserve()
    assert not data.free_reserve()


def test_a_log_rotates_and_positions_stay_true(tmp_path: Path) -> None:
    log = LogWriter(tmp_path, segment_bytes=10, kept=2)
    for number in range(6):
        log.write(f"line {number}\n".encode())  # 7 bytes; a file is left once it has 10 or more
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000000000000014.txt", "000000000000028.txt"]
    everything = read_log(tmp_path)
    assert (everything.text, everything.start, everything.end) == ("line 2\nline 3\nline 4\nline 5\n", 14, 42)
    assert read_log(tmp_path, after=35).text == "line 5\n"
    assert read_log(tmp_path, after=42).text == ""
    assert read_log(tmp_path, after=21, at_most=9).text == "line 3\nli"
    LogWriter(tmp_path, segment_bytes=10, kept=2).write(b"next attempt\n")
    assert read_log(tmp_path, after=42).text == "next attempt\n"


def test_a_tail_shows_what_a_terminal_would(tmp_path: Path) -> None:
    assert log_tail(tmp_path / "nothing") == ""
    LogWriter(tmp_path).write(b"one\n\r 10%\r 50%\r100%\nwindows\r\nhalf \xff a line")
    assert log_tail(tmp_path) == "one\n100%\nwindows\nhalf � a line"
    assert log_tail(tmp_path, lines=2) == "windows\nhalf � a line"


def test_the_last_line_of_trouble() -> None:
    last = LastLine()
    for part in (b"War", b"ning\nerror: The disk", b" is full.\n", b"\n  \n"):
        last.feed(part)
    assert last.text() == "The disk is full."
    last.feed(b"then this\rand that")
    assert last.text() == "and that"
    last.feed(b"x" * 5000)
    assert last.text() == "x" * 500


@pytest.mark.parametrize(
    ("last_word", "outcome"),
    [
        (Exit(0, 0.0), Outcome(State.SUCCEEDED, 0)),
        (Exit(0, 0.0, "cancel"), Outcome(State.SUCCEEDED, 0)),
        (Exit(2, 0.0, "", False, "Bad."), Outcome(State.FAILED, 2, "Bad.")),
        (Exit(2, 0.0, "cancel", False, "Bad."), Outcome(State.FAILED, 2, "Bad.")),
        (Exit(3, 0.0, "cancel", False, "noise"), Outcome(State.CANCELLED, 3)),
        (Exit(-15, 0.0, "cancel"), Outcome(State.CANCELLED, -15)),
        (Exit(None, 0.0, "cancel"), Outcome(State.CANCELLED)),
        (
            Exit(-9, 0.0, "cancel", True),
            Outcome(State.CANCELLED, -9, "It did not stop within 30 s and was killed; its checkpoints are kept."),
        ),
        (
            Exit(3, 0.0, "signal"),
            Outcome(State.LOST, 3, "It was stopped from outside; resume goes on from its last checkpoint."),
        ),
        (
            Exit(-15, 0.0, "signal"),
            Outcome(State.LOST, -15, "It was stopped from outside; resume goes on from its last checkpoint."),
        ),
        (Exit(-11, 0.0), Outcome(State.FAILED, -11, "The trainer was killed by SIGSEGV from outside.")),
        (Exit(1, 0.0), Outcome(State.FAILED, 1, "The trainer ended with exit code 1 and said nothing.")),
        (Exit(4, 0.0), Outcome(State.FAILED, 4, "The loss is no longer a finite number: lower the learning rate.")),
        (Exit(None, 0.0, "", False, "No interpreter."), Outcome(State.FAILED, None, "No interpreter.")),
    ],
)
def test_what_a_last_word_makes_of_a_job(last_word: Exit, outcome: Outcome) -> None:
    assert outcome_of(last_word, 30.0) == outcome


def test_newest_figures_survive_torn_lines_and_long_files(tmp_path: Path) -> None:
    assert newest_figures(tmp_path) == {}
    events = [{"event": "start", "device": "CPU", "epochs": 9}]
    events += [{"event": "step", "step": step, "loss": 1 / step, "class_iou": [0.5]} for step in range(1, 5001)]
    lines = [json.dumps(event) for event in events]
    path = tmp_path / "metrics.jsonl"
    path.write_text("\n".join(lines) + '\n{"event": "step", "st')
    assert path.stat().st_size > 200_000
    assert newest_figures(tmp_path) == {"event": "step", "device": "CPU", "epochs": 9, "step": 5000, "loss": 1 / 5000}


def test_the_epoch_shown_is_the_one_being_trained(tmp_path: Path) -> None:
    events: list[dict[str, object]] = [{"event": "start", "epoch": 0, "step": 0}]
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    assert newest_figures(tmp_path)["epoch"] == 0
    events += [{"event": "step", "epoch": 3, "step": 21}, {"event": "end", "epoch": 2, "step": 22}]
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    found = newest_figures(tmp_path)
    assert (found["epoch"], found["step"]) == (3, 22)


def test_a_digest_notices_names_and_sizes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.png").write_bytes(b"123")
    first = data_digest(tmp_path)
    assert len(first) == 32
    assert data_digest(tmp_path) == first
    (tmp_path / "classes.json").write_text('["Road", "Sky"]')
    named = data_digest(tmp_path)
    (tmp_path / "classes.json").write_text('["Sky", "Road"]')
    assert data_digest(tmp_path) not in (named, first)
    (tmp_path / "classes.json").unlink()
    assert data_digest(tmp_path) == first
    (tmp_path / "a" / "one.png").write_bytes(b"1234")
    assert data_digest(tmp_path) != first
    (tmp_path / "a" / "one.png").rename(tmp_path / "a" / "two.png")
    (tmp_path / "a" / "two.png").write_bytes(b"123")
    assert data_digest(tmp_path) != first


def test_the_room_starts_fast_and_without_tensorflow() -> None:
    """Runner and dispatcher are started often; a page's first import should not wait for NumPy either."""
    code = "import sys; import unet_explorer.jobs.{}; print(*sys.modules)"
    for name in ("runner", "dispatcher", "desk"):
        words = [sys.executable, "-c", code.format(name)]
        modules = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
        assert not {"tensorflow", "keras", "numpy", "streamlit", "requests", "ray"} & set(modules), name
