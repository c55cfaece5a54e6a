"""The Train page without a browser: the form and its refusals, every state of a job, and what can be done with one."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from streamlit.testing.v1 import AppTest

from tests.app.conftest import REPOSITORY, Start, picker
from tests.asynchronous import run
from tests.road import crossing
from unet_explorer.datasets.seismic import render_sections
from unet_explorer.errors import JobError
from unet_explorer.jobs import curves, dispatcher, locks, metrics
from unet_explorer.jobs.desk import Jobs
from unet_explorer.jobs.estimate import Estimate
from unet_explorer.jobs.folder import DataFolder
from unet_explorer.jobs.metrics import parse_lines
from unet_explorer.jobs.states import Job, Outcome, State, Submission
from unet_explorer.jobs.store import Store
from unet_explorer.training.recipe import load_recipe
from unet_explorer.ui.training import leaving, preparing
from unet_explorer.ui.training.desk import desk
from unet_explorer.ui.training.previews import serve_preview
from unet_explorer.ui.wording import literal

LESSON = load_recipe("lesson").to_dict()


@dataclass
class Desk:
    """The jobs of a test, and the means to put them into any state without a process."""

    data: DataFolder
    samples: Path
    jobs: Jobs
    held: list[int] = field(default_factory=list)

    def submit(self, name: str = "try", **recipe: Any) -> Job:
        return self.jobs.submit(Submission(LESSON | {"data": SCENES} | recipe, self.samples, name))

    def in_state(self, state: State, name: str = "try", outcome: Outcome | None = None, **progress: Any) -> Job:
        """A job that was launched once and is in `state` now."""
        return self.launched(self.submit(name), state, outcome, **progress)

    def launched(self, job: Job, state: State, outcome: Outcome | None = None, **progress: Any) -> Job:
        """The job as if it had been launched once and were in `state` now."""
        store = Store(self.data)
        if state is State.QUEUED:
            return job
        store.claim(job.id, 1000, "test")
        lock = locks.acquire(self.data.job(job.id).lock)
        assert lock is not None
        if state is not State.STARTING:
            store.started(store.job(job.id), time.time() - 100, "here")
        if state is State.CANCELLING:
            store.cancel(job.id)
        if state in (State.STARTING, State.RUNNING, State.CANCELLING):
            self.held.append(lock)
        else:
            store.settle(store.job(job.id), outcome or Outcome(state), time.time(), progress)
            os.close(lock)
        return self.jobs.job(job.id)

    def write_run(self, job: Job, epochs: int = 3) -> Path:
        """Events, previews and a checkpoint as the trainer writes them."""
        run = self.data.job(job.id).run
        events: list[dict[str, Any]] = [{"event": "start", "time": 1.0, "step": 0, "steps": 6, "epoch": 0, "epochs": 3}]
        for epoch in range(1, epochs + 1):
            events.append(
                {"event": "step", "time": 2.0, "step": 2 * epoch, "steps": 6, "epoch": epoch, "epochs": 3,
                 "loss": 3.0 / epoch, "learning_rate": 0.1 / epoch, "eta_s": 61.0}
            )  # fmt: skip
            ious = [0.5 * epoch / 3] + [None] * 5 + [0.25] + [None] * 23
            events.append(
                {"event": "epoch", "time": 3.0, "step": 2 * epoch, "epoch": epoch, "epochs": 3, "loss": 3.0 / epoch,
                 "val_loss": 4.0 / epoch, "val_mean_iou": 0.1 * epoch, "class_iou": ious}
            )  # fmt: skip
        (run / "metrics.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
        (run / "previews").mkdir(exist_ok=True)
        for epoch in range(1, epochs + 1):
            for picture in range(2):
                stack = np.full((30, 32, 3), 40 * epoch + picture, np.uint8)
                Image.fromarray(stack).save(run / "previews" / f"{epoch:06d}_{picture}.png")
        (run / "checkpoints" / "000002").mkdir(parents=True)
        return run


SCENES = {"name": "scenes", "train": "train", "validation": "train"}


@pytest.fixture
def bench(house: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Labelled samples, an empty data folder, and nobody who launches anything."""
    samples = house / "samples"
    shutil.rmtree(samples)
    samples.mkdir()
    pixels, labels = crossing()
    rows = []
    for number in range(4):
        Image.fromarray(np.roll(pixels, 7 * number, axis=1)).save(samples / f"road{number}.png")
        Image.fromarray(np.roll(labels, 7 * number, axis=1)).save(samples / f"road{number}_label.png")
        rows.append({"file": f"road{number}.png", "label": f"road{number}_label.png", "title": f"Road {number}"})
    (samples / "manifest.json").write_text(json.dumps({"pictures": rows}))
    monkeypatch.setenv("UNET_EXPLORER_DATA_DIR", str(house / "data"))
    monkeypatch.setenv("UNET_EXPLORER_RAY_ADDRESS", "")
    monkeypatch.setattr(dispatcher, "wake", lambda data: None)
    bench = Desk(DataFolder(house / "data"), samples, desk())
    yield bench
    for lock in bench.held:
        os.close(lock)


@pytest.fixture
def start(bench: Desk) -> Start:
    """`start("train", job=...)` opens the page at an address, without the Explore page before it."""

    def start(page: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(REPOSITORY / "unet_explorer" / "ui" / "shell.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        return app.switch_page(str(REPOSITORY / "pages" / f"{page}.py")).run()

    return start


def words(app: AppTest) -> str:
    """Everything that is written on the page."""
    assert not app.exception
    kinds = (app.markdown, app.caption, app.error, app.info, app.warning, app.subheader, app.success)
    texts = [element.value for kind in kinds for element in kind]
    texts += [element.proto.body for element in app.get("html")]
    texts += [element.proto.text for element in app.get("progress")]
    return "\n".join(texts).replace("\\", "")


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def keep_open(app: AppTest) -> AppTest:
    """All settings stay open, as they do in a browser; AppTest sends no state of expanders."""
    for number in range(3):
        app.session_state[f"all_{number}"] = True
    return app


def type_into(app: AppTest, label: str, text: str) -> AppTest:
    field = next(field for field in app.text_input if field.label == label)
    return field.set_value(text).run()


def pick(app: AppTest, label: str, value: str) -> AppTest:
    return next(box for box in app.selectbox if box.label == label).set_value(value).run()


def open_group(app: AppTest, group: str) -> AppTest:
    keep_open(app).run()
    control = next(control for control in app.get("button_group") if control.key.startswith("group_"))
    control.set_value(group)
    return keep_open(app).run()


def test_a_fresh_machine_is_offered_the_lesson_and_needs_one_click(start: Start, bench: Desk) -> None:
    app = start("train")
    said = words(app)
    assert next(box for box in app.selectbox if box.label == "Recipe").value == "lesson"
    assert "4 to train on" in said
    assert "240 steps: 16 epochs over 4 pictures, judged by 4." in said
    assert "the scores are those of the training pictures" in said
    assert "Jobs you start are listed here" in said
    app.button(key="start").click().run()
    (job,) = bench.jobs.list()
    assert (job.state, job.recipe["name"], job.root) == (State.QUEUED, "lesson", bench.samples)
    assert job.recipe["data"] == {
        "name": "scenes",
        "train": "train",
        "validation": "train",
        "hold_out": [],
        "extras": [],
    }
    assert "Next in line" in words(app)
    assert app.query_params["job"] == job.id


def test_two_tabs_and_many_clicks_start_one_job(start: Start, bench: Desk) -> None:
    tabs = [start("train") for _ in range(2)]
    for tab in tabs:
        tab.button(key="start").click().run()
    composed_once = bench.jobs.list()
    assert len(composed_once) == 1
    tabs[0].button(key="new_training").click().run()
    tabs[0].button(key="start").click().run()
    assert len(bench.jobs.list()) == 1
    tabs[1].button(key="new_training").click().run()
    type_into(tabs[1], "Name", "another")
    tabs[1].button(key="start").click().run()
    assert sorted(job.name for job in bench.jobs.list()) == ["another", "lesson"]


def test_the_same_wish_is_granted_again_once_its_job_has_ended(bench: Desk) -> None:
    from unet_explorer.ui.training.draft import wish_key

    wish = Submission(LESSON | {"data": SCENES}, bench.samples, "again")
    first = bench.jobs.submit(wish, wish_key(wish, bench.jobs.list()))
    assert wish_key(wish, bench.jobs.list()) == first.key
    bench.jobs.cancel(first.id)
    assert wish_key(wish, bench.jobs.list(), first.created + 1) == first.key
    assert wish_key(wish, bench.jobs.list(), first.created + 60) != first.key
    assert wish_key(Submission(wish.recipe, wish.root, "other"), bench.jobs.list()) != first.key


def test_a_wish_does_not_meet_an_ended_job_after_another_was_removed(bench: Desk) -> None:
    from unet_explorer.ui.training.draft import wish_key

    wish = Submission(LESSON | {"data": SCENES}, bench.samples, "thrice")
    first = bench.jobs.submit(wish, wish_key(wish, bench.jobs.list()))
    bench.jobs.cancel(first.id)
    second = bench.jobs.submit(wish, wish_key(wish, bench.jobs.list(), first.created + 60))
    bench.jobs.cancel(second.id)
    bench.jobs.remove(first.id)
    third = bench.jobs.submit(wish, wish_key(wish, bench.jobs.list(), second.created + 60))
    assert third.id != second.id


@pytest.mark.parametrize(
    ("label", "text", "sentence"),
    [
        ("Epochs", "0", "epochs of the phase is 0: give a whole number from 1."),
        ("Epochs", "many", "epochs of the phase is 'many': give a whole number from 1."),
        ("Batch", "2.5", "batch of the phase is 2.5: give a whole number from 1."),
        ("Learning rate", "-1", "learning_rate of the optimizer is -1: give a number from 1e-09."),
    ],
)
def test_a_wrong_setting_is_named_where_it_is_and_nothing_starts(
    start: Start, bench: Desk, label: str, text: str, sentence: str
) -> None:
    app = type_into(start("train"), label, text)
    assert sentence in words(app)
    assert "Correct the fields marked above first." in words(app)
    assert app.button(key="start").disabled
    app = type_into(app, label, "2" if label != "Learning rate" else "0.01")
    assert sentence not in words(app)
    assert not app.button(key="start").disabled


def test_a_contradiction_of_the_whole_recipe_is_said_above_the_button(start: Start, bench: Desk) -> None:
    app = open_group(start("train"), "Optimizer")
    app = type_into(keep_open(app), "weight decay", "0.1")
    assert 'optimizer.weight_decay does nothing with "adam"' in words(app)
    assert app.button(key="start").disabled
    app = pick(keep_open(app), "name", "adamw")
    assert not app.button(key="start").disabled


def test_every_field_of_a_recipe_can_be_changed(start: Start, bench: Desk) -> None:
    app = open_group(start("train"), "Network")
    app = type_into(app, "filters", "4")
    app = open_group(app, "Augmentation")
    app = type_into(app, "rotation", "9")
    app = open_group(app, "Rest")
    app = type_into(app, "seed", "7")
    app.button(key="start").click().run()
    (job,) = bench.jobs.list()
    assert (job.recipe["network"]["filters"], job.recipe["augmentation"]["rotation"], job.recipe["seed"]) == (4, 9, 7)


def test_a_part_is_switched_on_and_its_fields_appear(start: Start, bench: Desk) -> None:
    app = open_group(start("train"), "Optimizer")
    assert "decay" not in [field.label for field in app.text_input]
    next(toggle for toggle in app.toggle if toggle.label == "Average").set_value(True)
    keep_open(app).run()
    assert "decay" in [field.label for field in app.text_input]
    app = type_into(keep_open(app), "decay", "2")
    assert "decay of the average is 2" in words(app)


def test_the_recipe_as_json_is_taken_over_or_refused_in_place(start: Start, bench: Desk) -> None:
    app = open_group(start("train"), "As JSON")
    area = app.text_area[0]
    changed = json.loads(area.value) | {"seed": 41}
    area.set_value("{")
    keep_open(app).run()
    assert "is not valid JSON" in words(app)
    app.text_area[0].set_value(json.dumps(changed))
    keep_open(app).run()
    assert "is not valid JSON" not in words(app)
    app.button(key="start").click().run()
    assert bench.jobs.list()[0].recipe["seed"] == 41


def test_a_size_and_epochs_change_all_phases(start: Start, bench: Desk) -> None:
    app = pick(start("train"), "Recipe", "kitti-16")
    app = pick(app, "Data", "samples")
    app = pick(app, "Picture size", "quarter")
    app = type_into(app, "Epochs", "31")
    app = type_into(app, "Batch", "2")
    app.button(key="start").click().run()
    assert not app.exception
    (job,) = bench.jobs.list()
    assert [(row["height"], row["width"], row["batch"]) for row in job.recipe["phases"]] == [(96, 320, 2)] * 2
    assert sum(row["epochs"] for row in job.recipe["phases"]) == 31
    assert job.recipe["data"]["name"] == "scenes"


def test_without_its_data_a_recipe_says_what_to_do(start: Start, bench: Desk) -> None:
    app = pick(start("train"), "Recipe", "kitti-16-article")
    assert "There is no KITTI folder yet" in words(app)
    assert "Choose a data folder." in words(app)
    assert app.button(key="start").disabled
    app = pick(app, "Recipe", "tgs-salt")
    assert "learns from tgs-salt data, which was not found" in words(app)
    app = pick(app, "Data", "samples")
    assert "a sigmoid head tells 2 classes apart" in words(app)


def test_recipes_for_salt_learn_from_made_up_sections_until_there_are_real_ones(
    start: Start, bench: Desk, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    render_sections(20, house / "samples" / "seismic")
    app = pick(start("train"), "Recipe", "tgs-salt")
    assert picker(app, "Data").value == "seismic"
    assert "16 to train on, 4 to validate on" in words(app)
    render_sections(20, house / "real", seed=100)
    monkeypatch.setenv("UNET_EXPLORER_SALT_ROOT", str(house / "real"))
    assert picker(pick(start("train"), "Recipe", "tgs-salt"), "Data").value == "salt"


def test_another_folder_is_looked_into_as_it_is_typed(start: Start, bench: Desk, tmp_path: Path) -> None:
    app = pick(start("train"), "Data", "own")
    assert "Write the path of a data folder" in words(app)
    app = type_into(app, "Folder", "/no/such/folder")
    assert "There is no folder /no/such/folder" in words(app)
    app = type_into(app, "Folder", str(bench.samples))
    assert "4 to train on" in words(app)
    (tmp_path / "empty").mkdir()
    app = type_into(app, "Folder", str(tmp_path / "empty"))
    assert str(tmp_path / "empty") in words(app)
    assert app.button(key="start").disabled


def test_every_file_is_checked_on_request(start: Start, bench: Desk) -> None:
    (bench.samples / "road2_label.png").write_bytes(b"no picture")
    app = start("train")
    app.button(key="check_samples").click().run()
    said = until(app, lambda: "pairs were read" in words(app))
    assert "3 pairs were read, 48 × 96 pixels; 4 of 30 classes occur; 1 broken." in said
    assert "road2" in said


def test_an_estimate_is_measured_once_and_shown(start: Start, bench: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def measured(submission: Submission) -> Estimate:
        asked.append(submission)
        return Estimate(95.0, 0.25, 20.0, 1_200_000_000, 240, 4)

    monkeypatch.setattr(preparing, "estimate", measured)
    app = start("train")
    app.button(key="estimate").click().run()
    assert "About 1 min 35 s** and **1.2 GB** of memory" in until(app, lambda: "About" in words(app))
    assert "0.25 s a step, 20 s before the first" in words(app)
    type_into(app, "Name", "the same, by another name")
    assert "About 1 min 35 s" in words(app)
    type_into(app, "Epochs", "9")
    assert "About" not in words(app)
    assert len(asked) == 1


def test_an_estimate_that_fails_says_why_and_can_be_asked_for_again(
    start: Start, bench: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(submission: Submission) -> Estimate:
        raise JobError("The trial did not get through 4 steps.")

    monkeypatch.setattr(preparing, "estimate", refuse)
    app = start("train")
    app.button(key="estimate").click().run()
    assert "The trial did not get through 4 steps." in until(app, lambda: "The trial" in words(app))
    assert not app.button(key="estimate").disabled


def test_while_it_measures_the_job_may_be_started(start: Start, bench: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr(preparing, "estimate", lambda submission: gate.wait(30) and Estimate(1, 1, 1, 1, 1, 1))
    app = start("train")
    app.button(key="estimate").click().run()
    assert "you may start without waiting" in words(app)
    assert not app.button(key="start").disabled
    gate.set()


def test_a_cluster_is_asked_once_in_a_while_and_the_page_does_not_wait_for_it(
    start: Start, bench: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, asked = threading.Event(), []

    def launchers(self: Jobs) -> dict[str, str]:
        asked.append("ray")
        gate.wait(60)
        return {"local": "", "ray": "The Ray cluster cannot be reached."}

    monkeypatch.setattr(Jobs, "launchers", launchers)
    monkeypatch.setattr(preparing, "ASKED_AGAIN_S", 1e9)
    monkeypatch.setenv("UNET_EXPLORER_RAY_ADDRESS", "http://127.0.0.1:9")
    app = start("train")
    assert asked == []
    next(box for box in app.selectbox if box.label == "Where").set_value("ray").run()
    assert "cannot be reached" not in words(app)
    gate.set()
    until(app, lambda: "The Ray cluster cannot be reached." in words(app))
    assert asked == ["ray"]


def test_names_and_troubles_are_text_and_nothing_else(start: Start, bench: Desk) -> None:
    name, trouble = "a *bold* [name](http://elsewhere.example)", "Broken: `x.png` of **y** :red[z]"
    bench.in_state(State.FAILED, name, Outcome(State.FAILED, 2, trouble))
    app = start("train")
    assert literal(name) in [title.value for title in app.subheader]
    assert literal(name) in labels(app)
    assert literal(f"{trouble} (exit code 2)") in [error.value for error in app.error]


WORDS = {
    State.QUEUED: ("waiting", "Next in line", "It begins when its turn comes."),
    State.STARTING: ("starting", "Loading TensorFlow and the pictures", "Curves appear with the first steps."),
    State.RUNNING: ("training", "Loading the pictures", "Curves appear with the first steps."),
    State.CANCELLING: ("stopping", "It had not begun to train", "Curves appear with the first steps."),
    State.SUCCEEDED: ("finished", "took 1 min 40 s", "It ended before its first step"),
    State.FAILED: ("failed", "took 1 min 40 s", "It ended before its first step"),
    State.CANCELLED: ("stopped", "took 1 min 40 s", "It ended before its first step"),
    State.LOST: ("lost", "took 1 min 40 s", "It ended before its first step"),
}


@pytest.mark.parametrize("state", list(State))
def test_every_state_says_where_it_stands_and_what_can_be_done(start: Start, bench: Desk, state: State) -> None:
    job = bench.in_state(state)
    app = start("train")
    said = words(app)
    for sentence in WORDS[state]:
        assert sentence in said
    offered = set(labels(app))
    unfinished = state in (State.QUEUED, State.STARTING, State.RUNNING, State.CANCELLING)
    assert ("Stop" in offered) == unfinished
    assert ("Resume" in offered) == (state in (State.FAILED, State.CANCELLED, State.LOST))
    assert ("Delete for good" in offered) == (not unfinished)
    assert "Duplicate with changes" in offered
    assert app.button(key=f"show_{job.id}").label == "try"


def test_the_time_of_a_resumed_job_is_said_to_be_its_last_attempts(start: Start, bench: Desk) -> None:
    job = bench.in_state(State.CANCELLED)
    bench.jobs.resume(job.id)
    store = Store(bench.data)
    assert store.claim(job.id, 1000, "test")
    store.started(store.job(job.id), time.time() - 40, "here")
    store.settle(store.job(job.id), Outcome(State.SUCCEEDED), time.time(), {"epoch": 3, "epochs": 3})
    assert "epoch 3 of 3 · took 40 s after resuming" in words(start("train"))


def test_trouble_is_told_with_its_exit_code(start: Start, bench: Desk) -> None:
    bench.in_state(State.FAILED, outcome=Outcome(State.FAILED, 4, "The loss became nan in epoch 2."))
    app = start("train")
    assert app.error[0].value == literal("The loss became nan in epoch 2. (exit code 4)")


def test_a_notice_of_the_queue_is_told(start: Start, bench: Desk) -> None:
    job = bench.in_state(State.QUEUED)
    Store(bench.data).note(job, "The disk is nearly full.")
    assert "The disk is nearly full." in start("train").info[0].value


def test_a_running_job_shows_what_it_has_learnt(start: Start, bench: Desk) -> None:
    job = bench.in_state(State.RUNNING)
    bench.write_run(job, epochs=2)
    app = start("train", job=job.id)
    said = words(app)
    assert "epoch 2 of 3 · 1 min 1 s left · mean IoU 0.200" in said
    charts = {json.loads(chart.proto.spec)["data"][0]["type"]: chart for chart in app.get("plotly_chart")}
    assert set(charts) == {"scatter", "bar"}
    axes = json.loads(charts["scatter"].proto.spec)["layout"]
    assert (axes["xaxis"]["dtick"], axes["yaxis"]["rangemode"]) == (1, "nonnegative")
    bars = json.loads(charts["bar"].proto.spec)["data"][0]
    assert (bars["y"], bars["x"]) == (["Road", "Car"], [0.333, 0.25])
    film = json.loads(component(app, "film").proto.json)
    assert [epoch for epoch, _ in film["frames"]] == [1, 2]
    assert (film["pictures"], film["epochs"]) == (2, 3)
    assert "Explore it after epoch 2" in labels(app)


def test_of_two_stages_the_one_being_trained_is_shown_by_name(start: Start, bench: Desk) -> None:
    job = bench.launched(bench.submit(begin_with="lesson"), State.RUNNING)
    run = bench.data.job(job.id).run
    bench.write_run(job).rename(run.with_name("made"))
    first = run / "first"
    run.mkdir()
    run.with_name("made").rename(first)
    told = {"recipe": "lesson", "stage": 1, "stages": 2, "earlier_steps": 0, "later_steps": 18}
    tell(first, event="start", **told)
    app = start("train")
    assert "lesson, 1 of 2 · epoch 3 of 3 · 1 min 1 s left" in app.main.get("progress")[-1].proto.text
    assert app.main.get("progress")[-1].proto.value == 25
    assert (len(app.get("plotly_chart")), app.get("button_group")) == (5, [])
    assert app.button(key="explore_checkpoint").label == "Explore it after epoch 2"
    assert isinstance(served(job.id, "000003_1.png"), FileResponse)

    tell(run, event="start", step=0, steps=18, epoch=0, epochs=1, **told | {"recipe": "try", "stage": 2})
    app.run()
    assert "try, 2 of 2" in app.main.get("progress")[-1].proto.text
    assert "Nothing measured yet." not in words(app)
    (stages,) = app.get("button_group")
    assert (stages.options, stages.value) == (["1: lesson", "2: lesson"], 1)
    stages.set_value(0).run()
    assert len(app.get("plotly_chart")) == 5


def tell(run: Path, **event: Any) -> None:
    """One more line of the trainer's."""
    with (run / "metrics.jsonl").open("a") as file:
        file.write(json.dumps({"time": 4.0, **event}) + "\n")


def test_scores_of_an_earlier_epoch_stay_while_later_ones_are_not_validated(start: Start, bench: Desk) -> None:
    job = bench.in_state(State.RUNNING)
    run = bench.write_run(job, epochs=2)
    with (run / "metrics.jsonl").open("a") as file:
        file.write(json.dumps({"event": "epoch", "time": 9.0, "step": 6, "epoch": 3, "epochs": 3, "loss": 0.1}) + "\n")
    app = start("train")
    assert any(json.loads(chart.proto.spec)["data"][0]["type"] == "bar" for chart in app.get("plotly_chart"))


def test_a_stop_is_asked_for_and_a_job_resumed(start: Start, bench: Desk) -> None:
    job = bench.in_state(State.RUNNING)
    app = start("train")
    app.button(key="stop").click().run()
    assert bench.jobs.job(job.id).state is State.CANCELLING
    assert app.button(key="stop").disabled
    other = bench.in_state(State.LOST, "lost one")
    app.run()
    app.button(key=f"show_{other.id}").click().run()
    app.button(key="resume").click().run()
    assert bench.jobs.job(other.id).state is State.QUEUED


def test_what_the_jobs_refuse_is_said_in_place(start: Start, bench: Desk) -> None:
    job = bench.in_state(State.QUEUED)
    app = start("train")
    bench.jobs.cancel(job.id)
    app.button(key="stop").click().run()
    assert "has already ended" in words(app)


def test_deleting_asks_first_and_can_take_the_network_along(start: Start, bench: Desk) -> None:
    job = bench.in_state(State.SUCCEEDED)
    job.out.mkdir(parents=True)
    (job.out / "saved_model.pb").write_bytes(b"")
    app = start("train")
    assert bench.jobs.list()
    app.checkbox(key=f"delete_network_{job.id}").check().run()
    app.button(key=f"delete_sure_{job.id}").click().run()
    assert not bench.jobs.list()
    assert not job.out.exists()
    assert "New training" in words(app)


def test_a_copy_has_the_settings_of_its_job(start: Start, bench: Desk) -> None:
    job = bench.submit("mine", seed=13)
    app = start("train")
    app.button(key="duplicate").click().run()
    assert next(box for box in app.selectbox if box.label == "Recipe").value == f"job {job.id}"
    assert next(field for field in app.text_input if field.label == "Name").value == "mine"
    type_into(app, "Learning rate", "0.007")
    app.button(key="start").click().run()
    copy = next(other for other in bench.jobs.list() if other.id != job.id)
    assert (copy.recipe["seed"], copy.recipe["optimizer"]["learning_rate"]) == (13, 0.007)
    assert (job.recipe["optimizer"]["learning_rate"], copy.out != job.out) == (0.003, True)


def test_curves_of_several_jobs_lie_in_one_chart(start: Start, bench: Desk) -> None:
    jobs = [bench.in_state(State.CANCELLED, name) for name in ("first", "second")]
    for job in jobs:
        bench.write_run(job)
    app = start("train", job=jobs[0].id)
    app.multiselect(key=f"compare_{jobs[0].id}").set_value([jobs[1].id]).run()
    assert not app.exception
    names = [trace["name"] for trace in json.loads(app.get("plotly_chart")[0].proto.spec)["data"]]
    assert names == [f"first · {jobs[0].id[-4:]}", f"second · {jobs[1].id[-4:]}"]


@pytest.fixture
def browser_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that says at once that it has seen the page it is leaving."""
    monkeypatch.setattr(leaving, "farewell", lambda key: True)


@pytest.mark.usefixtures("browser_answers")
def test_a_finished_network_opens_in_explore(start: Start, bench: Desk, house: Path) -> None:
    job = bench.in_state(State.SUCCEEDED)
    shutil.copytree(house / "models" / "tiny", job.out)
    app = start("train")
    app.button(key="explore").click().run()
    assert not app.exception
    assert picker(app, "Model").value == job.out.name


def test_the_page_is_not_switched_before_the_browser_has_stopped_asking(start: Start, bench: Desk, house: Path) -> None:
    job = bench.in_state(State.SUCCEEDED)
    shutil.copytree(house / "models" / "tiny", job.out)
    bench.submit("another")
    app = start("train", job=job.id)
    app.button(key="explore").click().run()
    assert not app.exception
    assert keys(app) == []
    assert [link.proto.label for link in app.get("page_link")] == ["Opening Explore …"]


@pytest.mark.usefixtures("browser_answers")
def test_a_checkpoint_of_a_running_job_opens_in_explore(
    start: Start, bench: Desk, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bench.in_state(State.RUNNING)
    bench.write_run(job)
    out = bench.data.network(f"{job.id}-000002")

    def export(self: Jobs, job_id: str, checkpoint: Any) -> Path:
        return Path(shutil.copytree(house / "models" / "tiny", out))

    monkeypatch.setattr(Jobs, "export_checkpoint", export)
    app = start("train")
    app.button(key="explore_checkpoint").click().run()
    deadline = time.monotonic() + 20
    while not [box for box in app.selectbox if box.label == "Model"] and time.monotonic() < deadline:
        app.run()
    assert picker(app, "Model").value == out.name


def test_a_checkpoint_that_cannot_be_exported_says_why(
    start: Start, bench: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bench.in_state(State.RUNNING)
    bench.write_run(job)

    def refuse(self: Jobs, job_id: str, checkpoint: Any) -> Path:
        raise JobError("The checkpoint has been replaced by a newer one.")

    monkeypatch.setattr(Jobs, "export_checkpoint", refuse)
    app = start("train")
    app.button(key="explore_checkpoint").click().run()
    assert "replaced by a newer one" in until(app, lambda: "replaced" in words(app))


def test_log_history_recipe_and_tensorboard(start: Start, bench: Desk) -> None:
    job = bench.in_state(State.FAILED, outcome=Outcome(State.FAILED, -9, "Killed."))
    folder = bench.data.job(job.id)
    folder.log.mkdir(exist_ok=True)
    app = start("train")
    for name in ("log", "history", "more"):
        app.session_state[f"{name}_{job.id}"] = True
    app.run()
    assert "It has printed nothing yet." in [code.value for code in app.code]
    assert f"tensorboard --logdir {folder.run}" in [code.value for code in app.code]
    said = words(app)
    for fact in ("<dt>Attempt 1</dt>", "failed, exit code -9", "here", str(bench.samples)):
        assert fact in said


def test_many_jobs_are_paged_and_searched(start: Start, bench: Desk) -> None:
    for number in range(14):
        bench.submit(f"run {number}", seed=number)
    app = start("train", job="new")
    assert "14 of 14 jobs, 14 unfinished" in words(app)
    assert sum(key.startswith("show_") for key in keys(app)) == 6
    app.text_input(key="job_search").set_value("run 13").run()
    assert sum(key.startswith("show_") for key in keys(app)) == 1
    app.text_input(key="job_search").set_value("nothing like it").run()
    assert "No job has that in its name or state" in words(app)


def test_the_list_opens_at_the_page_of_the_job_on_show(start: Start, bench: Desk) -> None:
    jobs = [bench.submit(f"run {number}", seed=number) for number in range(14)]
    app = start("train", job=jobs[0].id)
    assert f"show_{jobs[0].id}" in keys(app)
    assert f"show_{jobs[13].id}" not in keys(app)
    app.button(key="duplicate").click().run()
    app.button(key=f"show_{jobs[13].id}").click().run()
    page_through(app, 2)
    assert f"show_{jobs[13].id}" not in keys(app)
    app.button(key=f"show_{jobs[5].id}").click().run()
    assert [f"show_{job.id}" in keys(app) for job in (jobs[5], jobs[13])] == [True, False]


def page_through(app: AppTest, number: int) -> AppTest:
    app.get("pagination")[0].set_value(number)
    return app.run()


def test_a_job_that_is_gone_is_said_to_be(start: Start, bench: Desk) -> None:
    app = start("train", job="0101-000000-dead")
    assert "There is no job 0101-000000-dead" in words(app)
    assert "New training" in labels(app)


def test_a_damaged_database_is_one_sentence(start: Start, bench: Desk) -> None:
    bench.data.database.write_bytes(b"not a database" * 1000)
    for suffix in ("-wal", "-shm"):
        Path(f"{bench.data.database}{suffix}").unlink(missing_ok=True)
    app = start("train")
    assert not app.exception
    assert "is damaged" in app.error[0].value


def test_two_hundred_jobs_and_a_long_run_stay_cheap(start: Start, bench: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    first = bench.submit("long", seed=1000)
    told = bench.data.job(first.id).run / "metrics.jsonl"
    line = '{{"event": "step", "step": {0}, "steps": 110000, "epoch": 1, "epochs": 2, "loss": {0}}}\n'
    told.write_text("".join(line.format(step) for step in range(100_000)))
    store = Store(bench.data)
    for number in range(200):
        store.insert(like(first, number))
    app = start("train", job=first.id)
    assert not app.exception
    parsed: list[int] = []

    def counting(lines: Sequence[bytes]) -> list[dict[str, Any]]:
        parsed.append(sum(map(len, lines)))
        return parse_lines(lines)

    monkeypatch.setattr(metrics, "parse_lines", counting)
    monkeypatch.setattr(curves, "parse_lines", counting)
    with told.open("a") as file:
        file.writelines(line.format(step) for step in range(100_000, 100_010))
    app.run()
    # Of the run's 8 MB a refresh reads the ends and what is new, and not every job is drawn.
    assert 0 < sum(parsed) < 100_000
    assert len(app.button) < 100
    sent = sum(len(chart.proto.spec) for chart in app.get("plotly_chart"))
    assert sent < 20_000


def like(job: Job, number: int) -> Job:
    from dataclasses import replace

    return replace(job, id=f"{job.id}-{number}", key=f"{number}", out=job.out.with_name(f"{job.out.name}-{number}"))


def keys(app: AppTest) -> list[str]:
    return [button.key or "" for button in app.button]


def component(app: AppTest, name: str) -> Any:
    return next(
        element for element in app.get("bidi_component") if element.proto.component_name.endswith(f"unet_{name}")
    )


def until(app: AppTest, done: Callable[[], bool]) -> str:
    """Run the page, as its polling does, until something is there."""
    deadline = time.monotonic() + 20
    while not done() and time.monotonic() < deadline:
        time.sleep(0.05)
        app.run()
    return words(app)


def served(job: str, name: str) -> Response:
    """What the route of previews answers."""
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "path_params": {"job": job, "name": name}}
    return run(serve_preview(Request(scope)))


def test_previews_are_served_and_nothing_else(bench: Desk) -> None:
    job = bench.in_state(State.CANCELLED)
    run = bench.write_run(job)
    answer = served(job.id, "000003_1.png")
    assert isinstance(answer, FileResponse)
    assert Path(answer.path) == run / "previews" / "000003_1.png"
    assert "immutable" in answer.headers["cache-control"]
    (run / "secret.png").write_bytes(b"")
    for name in ("000009_0.png", "../secret.png", "..%2Fsecret.png", "metrics.jsonl", "000003_1.png.txt"):
        assert served(job.id, name).status_code == 404
    assert served("0101-000000-dead", "000003_1.png").status_code == 404


def test_a_long_film_keeps_its_newest_frame(start: Start, bench: Desk) -> None:
    job = bench.in_state(State.CANCELLED)
    run = bench.write_run(job)
    for epoch in range(4, 203):
        shutil.copy(run / "previews" / "000003_0.png", run / "previews" / f"{epoch:06d}_0.png")
    film = json.loads(component(start("train"), "film").proto.json)
    epochs = [epoch for epoch, _ in film["frames"]]
    assert len(epochs) <= 60
    assert epochs[-1] == 202
    assert epochs == sorted(epochs)


def test_each_recipe_has_its_story(start: Start, bench: Desk) -> None:
    from unet_explorer.training.recipe import recipe_names
    from unet_explorer.ui.training.stories import stories

    assert {story.recipe for story in stories()} == set(recipe_names())
    assert stories()[0].recipe == "lesson"
    assert all(60 < len(story.story) < 220 for story in stories())


def test_a_field_that_the_browser_clears_away_changes_nothing(start: Start, bench: Desk) -> None:
    from unet_explorer.ui.training.all_settings import _typed
    from unet_explorer.ui.training.draft import begin_with
    from unet_explorer.ui.training.notebook import Notebook

    book = Notebook(begin_with("lesson"), "lesson")
    book.begin(begin_with("carla-dice"), "carla-dice")
    _typed(book, "epochs", "field_0_epochs")
    assert book.draft.changes == {}
