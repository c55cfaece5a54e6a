"""The trainer itself with a tiny network: killed, resumed, and in the end as if it had never been killed."""

from __future__ import annotations

import json
import os
import random
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.faults.conftest import Bench, alive, kill, kill_one_of, wait_for
from unet_explorer.errors import DatasetError, JobError
from unet_explorer.jobs.estimate import estimate
from unet_explorer.jobs.states import TRAINER, Job, State, Submission
from unet_explorer.network.card import read_card

EPOCHS = 12
PICTURES = 6
REAL_KILLS = int(os.environ.get("UNET_EXPLORER_SOAK_REAL_KILLS", "12"))


@pytest.fixture
def bench_with_pictures(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A bench with a folder data set of noisy squares, and one thread an operation so that sums have one order."""
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    monkeypatch.setenv("UNET_EXPLORER_STOP_GRACE_S", "60")
    monkeypatch.setenv("UNET_EXPLORER_MAX_RUNNING_JOBS", "2")
    classes = [{"id": 0, "name": "Ground", "colour": [90, 60, 30]}, {"id": 1, "name": "Square", "colour": [250, 0, 0]}]
    (bench.root / "classes.json").write_text(json.dumps({"name": "squares", "classes": classes}))
    for part in ("images", "masks"):
        (bench.root / part).mkdir()
    random = np.random.default_rng(5)
    for number in range(PICTURES):
        mask = np.zeros((32, 48), np.uint8)
        mask[4 + number : 18 + number, 6:30] = 1
        picture = random.integers(0, 120, (32, 48, 3), np.uint8) + 120 * mask[:, :, None]
        Image.fromarray(picture.astype(np.uint8)).save(bench.root / "images" / f"{number}.png")
        Image.fromarray(mask).save(bench.root / "masks" / f"{number}.png")
    return bench


def submission(root: Path, epochs: int = EPOCHS) -> Submission:
    """A network of a few hundred weights, validated and saved every epoch."""
    recipe = {
        "name": "squares",
        "preset": "kitti-16",
        "network": {"height": 32, "width": 48, "outputs": 2, "filters": 2, "depth": 3, "norm_momentum": 0.9},
        "data": {"name": "folder", "train": "all", "validation": "all"},
        "phases": [{"epochs": epochs, "batch": 2, "steps": 10}],
        "losses": [{"name": "cross-entropy"}],
        "augmentation": {"flip": 0.5, "brightness": 0.1},
        "every": {"log": 5, "validation": 1, "checkpoint": 1, "preview": 2},
        "seed": 3,
    }
    return Submission(recipe, root, "squares")


def test_a_killed_and_resumed_run_ends_with_the_weights_of_one_that_was_not(bench_with_pictures: Bench) -> None:
    bench = bench_with_pictures
    whole = bench.jobs.submit(submission(bench.root), "whole")
    killed = bench.jobs.submit(submission(bench.root), "killed")
    assert whole.trainer == TRAINER
    wait_for(lambda: len(bench.events(killed, "checkpoint")) >= 2, 120.0, lambda: bench.jobs.log_tail(killed.id))
    kill(bench.runner(killed))
    assert bench.wait_stored(killed, State.LOST, seconds=5.0).exit_code is None
    assert not killed.out.exists()
    reached = bench.events(killed, "step")[-1]["step"]
    _assert_a_checkpoint_can_be_looked_into(bench, killed)

    bench.jobs.resume(killed.id)
    uninterrupted = bench.wait(whole, State.SUCCEEDED, State.FAILED, State.LOST, seconds=120)
    assert uninterrupted.state is State.SUCCEEDED, bench.jobs.log_tail(whole.id)
    done = bench.wait(killed, State.SUCCEEDED, State.FAILED, seconds=120)
    assert done.state is State.SUCCEEDED, bench.jobs.log_tail(killed.id)

    taken_up = bench.events(killed, "start")[1]["step"]
    assert taken_up >= 20
    assert reached - taken_up <= 10
    ours, theirs = (np.load(bench.jobs.run_folder(job.id) / "weights.npz") for job in (killed, whole))
    assert sorted(ours.files) == sorted(theirs.files)
    for name in ours.files:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
    _assert_complete(bench, done)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_run_killed_at_random_moments_ends_with_the_same_weights(bench_with_pictures: Bench) -> None:
    """Kills hit imports, loading, steps, checkpoints and the export, as chance has it."""
    bench = bench_with_pictures
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    whole = bench.jobs.submit(submission(bench.root), "whole")
    bench.wait(whole, State.SUCCEEDED, seconds=300)
    job = bench.jobs.submit(submission(bench.root), "killed")
    kills = 0
    while (now := bench.jobs.job(job.id)).state is not State.SUCCEEDED:
        if now.can_resume:
            bench.jobs.resume(job.id)
        time.sleep(chance.uniform(0.5, 10.0) if kills < REAL_KILLS else 0.5)
        if kills < REAL_KILLS:
            kills += kill_one_of(alive(bench.data.path), chance)
    ours, theirs = (np.load(bench.jobs.run_folder(found.id) / "weights.npz") for found in (job, whole))
    for name in theirs.files:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=f"{name}, seed {seed}")


def _assert_complete(bench: Bench, job: Job) -> None:
    """What the page shows of a finished job is there."""
    network = bench.jobs.network(job.id)
    assert network is not None
    card = read_card(network)
    assert card is not None
    assert card.preset == "kitti-16"
    found = bench.jobs.events(job.id)
    assert found.curves["epoch.val_mean_iou"].x.tolist() == list(range(1, EPOCHS + 1))
    assert found.curves["step.loss"].x.tolist() == list(range(5, 10 * EPOCHS + 1, 5))
    assert len(found.latest["epoch"]["class_iou"]) == 2
    assert {preview.epoch for preview in bench.jobs.previews(job.id)} >= {2, 4, EPOCHS}
    assert bench.jobs.checkpoints(job.id)[-1].epoch == EPOCHS
    assert (job.progress["epoch"], job.progress["epochs"]) == (EPOCHS, EPOCHS)


def _assert_a_checkpoint_can_be_looked_into(bench: Bench, job: Job) -> None:
    newest = bench.jobs.checkpoints(job.id)[-1]
    network = bench.jobs.export_checkpoint(job.id, newest)
    card = read_card(network)
    assert card is not None
    assert card.title == f"squares, epoch {newest.epoch}"
    assert (network / "saved_model.pb").is_file()
    assert bench.jobs.export_checkpoint(job.id, newest) == network
    with pytest.raises(JobError, match="000099"):
        bench.jobs.export_checkpoint(job.id, replace(newest, path=newest.path.with_name("000099")))


def test_a_trial_of_a_few_steps_tells_what_a_job_will_cost(bench_with_pictures: Bench) -> None:
    bench = bench_with_pictures
    found = estimate(submission(bench.root, epochs=7))
    assert (found.steps, found.training_pictures) == (70, PICTURES)
    assert 0 < found.step_seconds < 5
    assert found.seconds > found.start_seconds + 60 * found.step_seconds
    assert 100 << 20 < found.memory_bytes < 4 << 30
    assert bench.jobs.list() == ()
    with pytest.raises(JobError, match="0 s"):
        estimate(submission(bench.root), longest_s=0)


def test_bad_input_fails_with_the_trainers_own_sentence(bench_with_pictures: Bench) -> None:
    bench = bench_with_pictures
    mask = bench.root / "masks" / "0.png"
    mask.write_bytes(mask.read_bytes()[:60])
    failed = bench.wait(bench.jobs.submit(submission(bench.root)), State.FAILED, seconds=60)
    assert failed.exit_code == 2
    assert "0.png" in failed.trouble
    assert failed.trouble.count(".") <= 3
    mask.unlink()
    with pytest.raises(DatasetError, match="0"):
        bench.jobs.submit(submission(bench.root))
