"""`jobs` on the command line: the words and the JSON that scripts read."""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from unet_explorer.cli import jobs as cli
from unet_explorer.errors import DatasetError, JobError, RecipeError
from unet_explorer.jobs import dispatcher, locks
from unet_explorer.jobs.desk import Jobs
from unet_explorer.jobs.folder import DataFolder, Exit, Order, Started
from unet_explorer.jobs.logbook import LogWriter
from unet_explorer.jobs.processes import Identity
from unet_explorer.jobs.states import Outcome, State, Submission
from unet_explorer.jobs.store import Store


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    """A data folder in which nothing is ever started."""
    monkeypatch.setenv("UNET_EXPLORER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(dispatcher, "wake", lambda folder: None)
    (tmp_path / "pictures").mkdir()
    return DataFolder(tmp_path / "data")


def run(*words: str) -> int:
    """Run one command."""
    parser = argparse.ArgumentParser()
    cli.register(parser.add_subparsers())
    parsed = parser.parse_args(["jobs", *words])
    return int(parsed.run(parsed))


@pytest.fixture
def job_id(tmp_path: Path) -> str:
    """A queued job."""
    return Jobs().submit(Submission({"name": "streets"}, tmp_path / "pictures", trainer=("x.py",))).id


def ended(data: DataFolder, job_id: str, state: State, code: int) -> None:
    """Let a job's first attempt have ended."""
    store = Store(data)
    store.claim(job_id, 1, "v9")
    store.started(store.job(job_id), 50.0, "desk")
    store.settle(
        store.job(job_id), Outcome(state, code, "Trouble."), 60.0, {"epoch": 2, "epochs": 4, "val_mean_iou": 0.25}
    )


def test_submit_queues_a_recipe_with_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = (*_recipe_and_data(tmp_path), "--name", "first try", "--key", "k")
    assert run("submit", *words, "--epochs", "3", "--set", "optimizer.learning_rate=0.002", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["name"], found["state"], found["launcher"], found["attempt"]) == ("first try", "QUEUED", "local", 0)
    assert found["recipe"]["optimizer"]["learning_rate"] == 0.002
    assert sum(phase["epochs"] for phase in found["recipe"]["phases"]) == 3
    assert run("submit", *words, "--epochs", "3", "--set", "optimizer.learning_rate=0.002") == 0
    assert capsys.readouterr().out == f"{found['id']}  first try  QUEUED\n"


def test_estimate_trains_a_few_steps_and_queues_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = (*_recipe_and_data(tmp_path), "--set", "seed=3")
    assert run("estimate", *words, "--epochs", "5", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["steps"], found["training_pictures"]) == (5, 1)
    assert found["seconds"] > found["start_seconds"] > 0
    assert run("estimate", *words) == 0
    told = capsys.readouterr().out
    assert re.fullmatch(r"about 0:\d\d:\d\d and \d\.\d GiB of memory: 9 steps, .* 0:00:\d\d before the first\n", told)
    assert Jobs().list() == ()


def _recipe_and_data(folder: Path) -> tuple[str, ...]:
    recipe = {
        "preset": "kitti-16",
        "network": {"height": 32, "width": 48, "outputs": 2, "filters": 2, "depth": 3},
        "data": {"name": "folder", "train": "all", "validation": None},
        "phases": [{"epochs": 9, "batch": 1}],
        "losses": [{"name": "cross-entropy"}],
    }
    (folder / "recipe.json").write_text(json.dumps(recipe))
    _draw_a_data_set(folder / "pictures")
    return "--recipe", str(folder / "recipe.json"), "--root", str(folder / "pictures")


def _draw_a_data_set(root: Path) -> None:
    classes = [
        {"id": number, "name": name, "colour": [number, 0, 0]} for number, name in enumerate(("Ground", "Square"))
    ]
    (root / "classes.json").write_text(json.dumps({"name": "squares", "classes": classes}))
    for part, mode in (("images", "RGB"), ("masks", "L")):
        (root / part).mkdir()
        Image.new(mode, (48, 32)).save(root / part / "one.png")


@pytest.mark.parametrize(
    ("words", "error", "sentence"),
    [
        (("--recipe", "kitti-61", "--root", "."), RecipeError, "no recipe 'kitti-61'; did you mean kitti-16"),
        (("--recipe", "kitti-16", "--root", "nowhere"), JobError, "data folder nowhere does not exist"),
        (("--recipe", "kitti-16", "--root", "."), DatasetError, "has no folder training/image_2"),
        (("--recipe", "kitti-16", "--root", ".", "--out", "."), JobError, "exists already: choose a new folder"),
        (("--recipe", "kitti-16", "--root", ".", "--gpus", "-1"), JobError, "cannot ask for -1 GPUs"),
        (("--recipe", "kitti-16", "--root", ".", "--set", "preset=kitti"), RecipeError, "no preset 'kitti'"),
    ],
)
def test_bad_submits_are_refused_before_anything_is_queued(words: tuple[str, ...], error: type, sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        run("submit", *words)
    assert Jobs().list() == ()


def test_a_picture_held_out_that_is_not_there_is_refused(tmp_path: Path) -> None:
    _draw_a_data_set(tmp_path / "pictures")
    words = ("--recipe", "lesson", "--root", str(tmp_path / "pictures"), "--set", "data.name=folder")
    words += ("--set", "network.outputs=2", "--set", "phases.0.batch=1", "--set", 'data.hold_out=["two"]')
    with pytest.raises(DatasetError, match=r"data.hold_out names 'two', which the training part of folder has not"):
        run("submit", *words)
    assert Jobs().list() == ()


def test_list_and_show(data: DataFolder, job_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    ended(data, job_id, State.FAILED, -9)
    run("list")
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["JOB", "NAME", "STATE", "PROGRESS"]
    assert line.split("  ") == [job_id, "streets", "FAILED", "epoch 2 of 4, mean IoU 0.250", "Trouble."]
    run("list", "--json")
    assert [job["id"] for job in json.loads(capsys.readouterr().out)] == [job_id]
    run("show", job_id)
    text = capsys.readouterr().out
    assert "state      FAILED (killed by SIGKILL)" in text
    assert "trouble    Trouble." in text
    run("show", job_id[:-1], "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["attempts"][0]["code_version"] == "v9"
    assert found["attempts"][0]["exit_code"] == -9
    assert found["run_folder"] == str(data.job(job_id).run)


def test_no_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    run("list")
    assert capsys.readouterr().out == "There are no jobs.\n"
    run("list", "--json")
    assert json.loads(capsys.readouterr().out) == []


def test_logs_of_an_ended_job_with_and_without_following(
    data: DataFolder, job_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    LogWriter(data.job(job_id).log).write(b"one\ntwo\n" + b"x" * 100_000 + b"\nlast\n")
    ended(data, job_id, State.SUCCEEDED, 0)
    run("logs", job_id, "-n", "1")
    assert capsys.readouterr().out == "last\n"
    run("logs", job_id, "-f")
    assert capsys.readouterr().out == "one\ntwo\n" + "x" * 100_000 + "\nlast\n"


def test_cancel_resume_and_remove(data: DataFolder, job_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    run("cancel", job_id)
    assert capsys.readouterr().out == f"{job_id}  CANCELLED\n"
    run("resume", job_id)
    assert capsys.readouterr().out == f"{job_id}  QUEUED\n"
    with pytest.raises(JobError, match="cancel it before removing"):
        run("remove", job_id)
    ended(data, job_id, State.SUCCEEDED, 0)
    with pytest.raises(JobError, match="is SUCCEEDED: only CANCELLED, FAILED, LOST jobs can be resumed"):
        run("resume", job_id)
    data.network(job_id).mkdir(parents=True)
    data.network(f"{job_id}-000003").mkdir()
    run("remove", job_id, "--with-network", "--json")
    assert json.loads(capsys.readouterr().out) == {"removed": job_id}
    assert list(data.network(job_id).parent.iterdir()) == []
    assert not data.job(job_id).path.exists()


def test_a_page_is_right_before_the_database_is(data: DataFolder, job_id: str) -> None:
    """A runner's first and last word count from the moment they are written."""
    jobs, store = Jobs(), Store(data)
    store.claim(job_id, 1, "v")
    files = data.job(job_id).attempt(1)
    lock = locks.acquire(data.job(job_id).lock)
    assert lock is not None
    assert jobs.job(job_id).state is State.STARTING
    files.write_order(Order(job_id, 1, ("x",), "token", 30.0, True))
    files.write_started(Started("desk", 70.0, Identity.of_this_process()))
    running = jobs.job(job_id)
    assert (running.state, running.started, running.host) == (State.RUNNING, 70.0, "desk")
    files.write_exit(Exit(4, 80.0, "", False, "The loss is NaN."))
    failed = jobs.list()[0]
    assert (failed.state, failed.exit_code, failed.trouble) == (State.FAILED, 4, "The loss is NaN.")
    assert store.job(job_id).state is State.STARTING
    os.close(lock)


def test_what_a_killed_submit_or_remove_left_is_cleared_and_nothing_else(data: DataFolder, job_id: str) -> None:
    for name, attempted, age in (
        (".removed-x", True, 0),
        ("young", False, 10),
        ("old", False, 4000),
        ("ran", True, 4000),
    ):
        (data.jobs / name).mkdir()
        if attempted:
            (data.jobs / name / "attempts").mkdir()
        os.utime(data.jobs / name, (time.time() - age,) * 2)
    os.utime(data.jobs / job_id, (1.0, 1.0))
    Jobs()
    assert sorted(path.name for path in data.jobs.iterdir()) == sorted([job_id, "ran", "young"])


def test_a_copy_is_the_same_wish_with_a_network_of_its_own(job_id: str) -> None:
    jobs = Jobs()
    copy = jobs.duplicate(job_id)
    changed = replace(copy, name="again", recipe={**copy.recipe, "seed": 2})
    other = jobs.submit(changed)
    assert (other.name, other.recipe) == ("again", {"name": "streets", "seed": 2})
    assert other.out != jobs.job(job_id).out
