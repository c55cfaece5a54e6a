import errno
import json
import resource
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from synthetic import HEIGHT, WIDTH, Synthetic, binary_recipe, make_pair, tiny_recipe

from unet_explorer.errors import CheckpointError, DatasetError, ModelError, RecipeError, TrainingError
from unet_explorer.metrics import confusion_matrix, mean_iou
from unet_explorer.network import open_network
from unet_explorer.training import checkpoints, loop
from unet_explorer.training.checkpoints import list_checkpoints, load_checkpoint
from unet_explorer.training.loop import Control, NonFiniteLossError
from unet_explorer.training.recipe import load_recipe
from unet_explorer.training.run import Request, train, write_recipe
from unet_explorer.unet.builder import build_unet
from unet_explorer.unet.weights import read_weights, set_weights

RICH = {
    "phases": [
        {"epochs": 2, "batch": 4, "height": 16, "width": 32},
        {"epochs": 1, "batch": 4, "height": 16, "width": 32, "scale": 1.0},
    ],
    "optimizer": {"name": "adamw", "learning_rate": 0.01, "weight_decay": 0.01, "clip_norm": 1.0},
    "schedule": {"name": "cosine", "warm_up": 2},
    "losses": [
        {"name": "cross-entropy", "class_power": 0.5, "label_smoothing": 0.1},
        {"name": "lovasz", "weight": 0.5},
    ],
    "augmentation": {"flip": 0.5, "zoom": [0.7, 1.5], "rotation": 5, "brightness": 0.1, "noise": 0.05, "blur": 0.2},
    "sampling": {"rare_share": 0.5, "paste": 0.5, "paste_classes": ["class 2"], "paste_least": 20},
    "average": {"decay": 0.9, "recalibrate": 2},
    "plateau": {"patience": 1},
    "keep": "best",
}


def class_name(number):
    return Synthetic().class_table[number].name


RICH["sampling"]["paste_classes"] = [class_name(2)]


class StopAfter:
    """A listener that asks for a pause after so many steps."""

    def __init__(self, steps):
        self.steps = steps
        self.control = Control()
        self.events = []

    def __call__(self, event):
        self.events.append(event)
        if event.kind == "step" and event.values["step"] == self.steps:
            self.control.stop.set()


def run(folder, recipe, source=None, stop_after=None, **options):
    stopper = StopAfter(stop_after)
    request = Request(recipe, source or Synthetic(), folder, listeners=(stopper,), control=stopper.control, **options)
    return train(request), stopper.events


def same(weights, others):
    return weights.keys() == others.keys() and all(np.array_equal(weights[name], others[name]) for name in weights)


def test_a_tiny_network_learns_to_tell_colours_apart(tmp_path):
    recipe = tiny_recipe(
        phases=[{"epochs": 40, "batch": 4}],
        optimizer={"learning_rate": 0.03},
        every={"log": 1, "validation": 10, "preview": 0},
    )
    outcome, events = run(tmp_path, recipe)
    epochs = [event.values for event in events if event.kind == "epoch"]
    assert [row["epoch"] for row in epochs] == list(range(1, 41))
    assert epochs[-1]["loss"] < 0.5 * epochs[0]["loss"]
    assert epochs[-1]["val_mean_iou"] > 0.6
    assert outcome.status == "finished"


@pytest.fixture(scope="module")
def rich_run(tmp_path_factory):
    return run(tmp_path_factory.mktemp("rich"), tiny_recipe(**RICH))


@pytest.fixture(scope="module")
def plain_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    return folder, *run(folder, tiny_recipe(every={"log": 1, "preview": 2}))


@pytest.mark.parametrize("stop_after", [3, 4])
def test_an_interrupted_and_resumed_run_ends_with_the_same_weights(tmp_path, stop_after, rich_run):
    whole, events = rich_run
    paused, _ = run(tmp_path / "cut", tiny_recipe(**RICH), stop_after=stop_after)
    assert paused.status == "paused"
    assert paused.progress.total_steps == stop_after
    resumed, _ = run(tmp_path / "cut", tiny_recipe(**RICH), resume=True)
    assert resumed.status == "finished"
    assert same(whole.weights, resumed.weights)
    assert whole.progress.history == resumed.progress.history
    assert [event.values["epoch"] for event in events if event.kind == "epoch"] == [1, 2, 3]


def test_resuming_twice_changes_nothing(tmp_path, plain_run):
    _, whole, _ = plain_run
    for stop_after in (1, 4):
        run(tmp_path / "cut", tiny_recipe(), stop_after=stop_after, resume=True)
    resumed, _ = run(tmp_path / "cut", tiny_recipe(), resume=True)
    assert same(whole.weights, resumed.weights)


def test_resuming_a_finished_run_ends_at_once_with_its_weights(tmp_path, plain_run):
    folder, whole, _ = plain_run
    shutil.copytree(folder, tmp_path / "copy")
    again, events = run(tmp_path / "copy", tiny_recipe(), resume=True)
    assert same(again.weights, whole.weights)
    assert [event.kind for event in events] == ["start", "end"]


def test_another_seed_gives_other_weights(tmp_path, plain_run):
    _, first, _ = plain_run
    second, _ = run(tmp_path / "b", tiny_recipe(seed=1))
    assert not same(first.weights, second.weights)


def test_a_spent_budget_pauses_with_a_checkpoint_and_weights(tmp_path):
    outcome = train(Request(tiny_recipe(), Synthetic(), tmp_path, control=Control(seconds=0.0)))
    assert (outcome.status, outcome.progress.total_steps) == ("paused", 1)
    assert [path.name for path in list_checkpoints(tmp_path / "checkpoints")] == ["000000-000001"]
    assert same(read_weights(tmp_path / "weights.npz"), outcome.weights)


def test_the_run_folder_holds_what_the_jobs_and_the_app_read(plain_run):
    folder, _, _ = plain_run
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    kinds = [line["event"] for line in lines]
    assert (kinds[0], kinds[-1]) == ("start", "end")
    assert lines[0]["device"].startswith(("CPU", "GPU"))
    assert kinds.count("step") == 6
    epoch = next(line for line in lines if line["event"] == "epoch")
    wanted = {"time", "step", "epoch", "epochs", "loss", "learning_rate", "val_mean_iou", "class_iou", "eta_s"}
    assert wanted | {"pictures_per_second"} <= epoch.keys()
    assert len(epoch["class_iou"]) == 3
    previews = next(line for line in lines if line["event"] == "preview")
    assert previews["files"] == [f"000002_{number}.png" for number in range(3)]
    with Image.open(folder / "previews" / "000002_0.png") as preview:
        assert preview.size == (WIDTH, 3 * HEIGHT)
    assert [path.name for path in list_checkpoints(folder / "checkpoints")] == ["000002", "000003"]
    assert list((folder / "tensorboard").iterdir())
    assert json.loads((folder / "result.json").read_text())["data"]["training_pictures"] == 8


def test_a_damaged_checkpoint_falls_back_to_the_one_before_and_says_so(tmp_path, plain_run):
    _, whole, _ = plain_run
    run(tmp_path / "cut", tiny_recipe(), stop_after=5)
    newest = list_checkpoints(tmp_path / "cut" / "checkpoints")[-1]
    assert newest.name == "000002-000001"
    damaged = newest / "weights-0.npz"
    damaged.write_bytes(damaged.read_bytes()[:-100] + bytes(100))
    resumed, events = run(tmp_path / "cut", tiny_recipe(), resume=True)
    notices = [event.values["message"] for event in events if event.kind == "notice"]
    assert len(notices) == 1
    assert "000002-000001 is damaged: weights-0.npz differs" in notices[0]
    assert "Falling back" in notices[0]
    assert same(whole.weights, resumed.weights)


def test_resuming_before_any_checkpoint_starts_at_the_beginning_and_says_so(tmp_path):
    _, events = run(tmp_path, tiny_recipe(), resume=True)
    assert "no checkpoint yet" in next(event for event in events if event.kind == "notice").values["message"]


def test_a_run_folder_in_use_is_not_overwritten(plain_run):
    with pytest.raises(RecipeError, match="already holds a run: continue it with --resume"):
        run(plain_run[0], tiny_recipe())


def test_another_recipe_does_not_resume_and_leaves_the_runs_own(plain_run):
    folder = plain_run[0]
    before = (folder / "recipe.json").read_text()
    with pytest.raises(RecipeError, match=r"begun with another recipe, which lies there as recipe\.json: resume it"):
        run(folder, tiny_recipe(optimizer={"learning_rate": 0.02}), resume=True)
    assert (folder / "recipe.json").read_text() == before
    again, _ = run(folder, load_recipe(folder / "recipe.json"), resume=True)
    assert again.status == "finished"


@pytest.mark.parametrize("source", [Synthetic(count=7), Synthetic(pairs={"002": make_pair(99)})])
def test_other_pictures_do_not_resume(tmp_path, source):
    run(tmp_path, tiny_recipe(), stop_after=1)
    with pytest.raises(DatasetError, match="begun with other training pictures or labels than these"):
        run(tmp_path, tiny_recipe(), source, resume=True)
    resumed, _ = run(tmp_path, tiny_recipe(), resume=True)
    assert resumed.status == "finished"


def test_a_checkpoint_of_before_pictures_were_compared_resumes(tmp_path, plain_run):
    paused, _ = run(tmp_path, tiny_recipe(), stop_after=3)
    (newest,) = list_checkpoints(tmp_path / "checkpoints")[-1:]
    old = load_checkpoint(newest)
    checkpoints.save_checkpoint(replace(old, progress=replace(old.progress, pictures="")), tmp_path / "checkpoints")
    resumed, _ = run(tmp_path, tiny_recipe(), resume=True)
    assert paused.progress.pictures == resumed.progress.pictures != ""
    assert same(resumed.weights, plain_run[1].weights)


def test_an_epoch_long_after_the_last_checkpoint_gets_one(tmp_path, monkeypatch):
    rarely = tiny_recipe(every={"log": 1, "checkpoint": 100})
    run(tmp_path / "quick", rarely)
    assert [path.name for path in list_checkpoints(tmp_path / "quick" / "checkpoints")] == ["000003"]
    monkeypatch.setattr(loop, "SAVE_AFTER_S", 0.0)
    run(tmp_path / "slow", rarely)
    assert [path.name for path in list_checkpoints(tmp_path / "slow" / "checkpoints")] == ["000002", "000003"]


def test_a_full_disk_is_one_sentence_and_loses_no_finished_epoch(tmp_path, monkeypatch):
    written, savez = [], np.savez

    def fill_disk(file, **arrays):
        written.append(arrays)
        if len(written) > 8:
            raise OSError(errno.ENOSPC, "No space left on device")
        savez(file, **arrays)

    monkeypatch.setattr(checkpoints.np, "savez", fill_disk)
    full = r"could not be written \(No space left on device\); make room and"
    with pytest.raises(CheckpointError, match=rf"000003 {full} continue with --resume: 000002 is intact"):
        run(tmp_path, tiny_recipe())
    with pytest.raises(CheckpointError, match=rf"000001 {full} begin again: it was the first one"):
        run(tmp_path / "another", tiny_recipe())
    monkeypatch.undo()
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()].count("000002") == 1
    assert not [path for path in (tmp_path / "checkpoints").iterdir() if path.name.startswith(".")]
    resumed, _ = run(tmp_path, tiny_recipe(), resume=True)
    assert resumed.status == "finished"


def test_a_full_disk_at_a_resume_keeps_the_recipe_to_go_on_by(tmp_path):
    run(tmp_path, tiny_recipe(), stop_after=2)
    before = (tmp_path / "recipe.json").read_text()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert len(before) > 1000
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # the disk takes no larger file
    try:
        with pytest.raises(TrainingError, match=r"could not be written \(File too large\): make room"):
            write_recipe(Request(tiny_recipe(), Synthetic(), tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "recipe.json").read_text() == before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_loss_that_is_not_finite_stops_with_the_reason(tmp_path):
    recipe = tiny_recipe(optimizer={"name": "sgd", "learning_rate": 1e30}, phases=[{"epochs": 5, "batch": 4}])
    with pytest.raises(NonFiniteLossError, match=r"The loss became (nan|inf) in epoch \d+, by step \d+: lower"):
        run(tmp_path, recipe)


def test_what_is_advised_after_a_loss_that_is_not_finite_can_be_done(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "learning_rate", lambda schedule, rate, step, total: 1e30 if step > 3 else rate)
    with pytest.raises(NonFiniteLossError, match=r"in epoch 3, by step .*, and begin again in another") as caught:
        run(tmp_path / "wild", tiny_recipe(optimizer={"name": "sgd", "learning_rate": 0.01}))
    monkeypatch.undo()
    advised = Path(str(caught.value).split(" with --init ")[1].removesuffix("."))
    assert advised.name == "000002"
    begun, _ = run(tmp_path / "tame", tiny_recipe(), init=advised)
    assert begun.status == "finished"
    assert json.loads((tmp_path / "tame" / "result.json").read_text())["initial_weights"] == "000002"


def test_weights_that_go_astray_in_the_last_step_are_not_saved(tmp_path):
    recipe = tiny_recipe(optimizer={"name": "sgd", "learning_rate": 1e30}, phases=[{"epochs": 1, "batch": 8}])
    with pytest.raises(
        NonFiniteLossError,
        match=r"The validation loss became (nan|inf) in epoch 1, by step 1: lower .*, and begin again\.$",
    ):
        run(tmp_path, recipe)
    assert list_checkpoints(tmp_path / "checkpoints") == []
    assert not (tmp_path / "weights.npz").exists()


def test_early_stopping_and_best_weights(tmp_path):
    recipe = tiny_recipe(
        phases=[{"epochs": 30, "batch": 4}],
        optimizer={"learning_rate": 1e-9},
        early_stopping={"monitor": "val_mean_iou", "patience": 2},
        keep="best",
        network={**tiny_recipe().network, "norm_momentum": 0.0},
    )
    outcome, events = run(tmp_path, recipe)
    assert outcome.status == "stopped early"
    scores = [event.values["val_mean_iou"] for event in events if event.kind == "epoch"]
    best = scores.index(max(scores)) + 1
    assert outcome.progress.best_epoch == best
    assert len(scores) == best + 2
    again, events = run(tmp_path, recipe, resume=True)
    assert again.status == "stopped early"
    assert same(again.weights, outcome.weights)
    assert not [event for event in events if event.kind == "step"]


def test_a_plateau_lowers_the_learning_rate(tmp_path):
    recipe = tiny_recipe(
        phases=[{"epochs": 6, "batch": 4}],
        optimizer={"learning_rate": 1e-8},
        network={**tiny_recipe().network, "norm_momentum": 0.99999},
        plateau={"monitor": "val_mean_iou", "factor": 0.5, "patience": 1, "least": 1e-9},
    )
    _, events = run(tmp_path, recipe)
    rates = [event.values["learning_rate"] for event in events if event.kind == "epoch"]
    assert rates == pytest.approx([1e-8, 1e-8, 5e-9, 2.5e-9, 1.25e-9, 1e-9], rel=1e-6)


def test_init_continues_from_weights_and_refuses_those_of_another_network(tmp_path, plain_run):
    folder, first, _ = plain_run
    still = tiny_recipe(optimizer={"learning_rate": 1e-9}, network={**tiny_recipe().network, "norm_momentum": 0.99})
    second, _ = run(tmp_path / "b", still, init=folder / "weights.npz")
    np.testing.assert_allclose(second.weights["conv2d_1/kernel"], first.weights["conv2d_1/kernel"], atol=1e-6)
    wider = tiny_recipe(network={**tiny_recipe().network, "filters": 4})
    with pytest.raises(ModelError, match=r"weights.npz has conv2d/kernel of shape \(3, 3, 3, 2\).*: give weights of"):
        run(tmp_path / "c", wider, init=folder / "weights.npz")


def test_the_weights_begun_with_are_told_after_a_resume(tmp_path, plain_run):
    run(tmp_path, tiny_recipe(), init=plain_run[0] / "weights.npz", stop_after=1)
    run(tmp_path, tiny_recipe(), resume=True)
    assert json.loads((tmp_path / "result.json").read_text())["initial_weights"] == "weights.npz"


def test_a_blend_is_between_the_weights_begun_with_and_the_trained_ones(tmp_path, plain_run):
    start = plain_run[1].weights
    trained, _ = run(tmp_path / "all", tiny_recipe(), init=plain_run[0] / "weights.npz")
    mixed = tiny_recipe(blend=0.25)
    blended, _ = run(tmp_path / "blend", mixed, init=plain_run[0] / "weights.npz")
    for path, weights in blended.weights.items():
        np.testing.assert_allclose(weights, 0.75 * start[path] + 0.25 * trained.weights[path], rtol=1e-5, atol=1e-6)
    run(tmp_path / "cut", mixed, init=plain_run[0] / "weights.npz", stop_after=3)
    resumed, _ = run(tmp_path / "cut", mixed, resume=True)
    assert same(resumed.weights, blended.weights)


def test_a_blend_measures_the_statistics_of_batch_norm_anew(tmp_path, plain_run):
    how = {"average": {"decay": 0.5, "recalibrate": 2}, "blend": 0.5}
    blended, _ = run(tmp_path, tiny_recipe(**how), init=plain_run[0] / "weights.npz")
    plain, _ = run(tmp_path / "plain", tiny_recipe(**{**how, "blend": 1.0}), init=plain_run[0] / "weights.npz")
    path = "batch_normalization/moving_mean"
    between = 0.5 * (plain_run[1].weights[path] + plain.weights[path])
    assert not np.allclose(blended.weights[path], between, atol=1e-4)


@pytest.mark.parametrize("resume", [False, True])  # also where there is nothing yet to go on from
def test_a_blend_with_random_weights_is_refused(tmp_path, resume):
    with pytest.raises(RecipeError, match=r"blend of recipe 'tiny' mixes .* give these with begin_with or --init"):
        run(tmp_path, tiny_recipe(blend=0.5), resume=resume)
    assert not list(tmp_path.iterdir())


def test_a_binary_network_reports_kaggles_salt_score_of_its_own_answers(tmp_path):
    recipe, source = binary_recipe(phases=[{"epochs": 12, "batch": 4}]), Synthetic(classes=2)
    outcome, events = run(tmp_path, recipe, source)
    network = build_unet(recipe.build_preset())
    set_weights(network, outcome.weights, "the run's")
    scores = []
    for sample in source.split("validation"):
        picture = source.read(sample)
        salt = picture.label_map == 1
        found = np.asarray(network(picture.pixels[None] / np.float32(255)))[0, ..., 0] > 0.5
        overlap = (salt & found).sum() / (salt | found).sum()
        scores.append(np.mean([overlap > percent / 100 for percent in range(50, 100, 5)]))
    last = [event.values for event in events if event.kind == "epoch"][-1]
    assert last["val_salt_score"] == pytest.approx(np.mean(scores))
    assert last["val_salt_score"] > 0
    assert len(last["class_iou"]) == 2


def test_an_unpadded_network_trains_on_the_middle_of_the_labels(tmp_path):
    network = {"height": 60, "width": 76, "channels": 3, "outputs": 3, "filters": 2, "depth": 3}
    phases, every = [{"epochs": 1, "batch": 2}], {"preview": 1}
    recipe = tiny_recipe(preset="paper-valid", network=network, phases=phases, every=every)
    outcome, events = run(tmp_path, recipe)
    assert outcome.status == "finished"
    assert next(event.values["val_mean_iou"] for event in events if event.kind == "epoch") > 0
    # 60 -> 56 -> 28 -> 24 -> 12 -> 8 -> 16 -> 12 -> 24 -> 20, and 76 -> 36 the same way.
    with Image.open(tmp_path / "previews" / "000001_0.png") as preview:
        assert preview.size == (36, 3 * 20)


def test_the_exported_network_sees_pictures_in_the_range_it_was_trained_with(tmp_path):
    network = {**tiny_recipe().network, "low": -1.0, "high": 1.0}
    _, events = run(tmp_path / "run", tiny_recipe(network=network), out=tmp_path / "model")
    exported, source = open_network(tmp_path / "model"), Synthetic()
    assert (exported.input_spec.low, exported.input_spec.high) == (-1.0, 1.0)
    confusion = np.zeros((3, 3), np.int64)
    for sample in source.split("validation"):
        picture = source.read(sample)
        found = exported.probabilities(picture).values.argmax(-1)
        confusion += confusion_matrix(picture.label_map, found, 3)
    told = [event.values["val_mean_iou"] for event in events if event.kind == "epoch"][-1]
    assert mean_iou(confusion) == pytest.approx(told, abs=1e-3)


def test_void_classes_count_as_little_as_pixels_without_a_label(tmp_path):
    how = {"losses": RICH["losses"], "sampling": {"rare_share": 0.5}}
    void, _ = run(tmp_path / "void", tiny_recipe(void=[class_name(2)], **how))
    pairs = {f"{seed:03d}": make_pair(seed) for seed in range(11)}
    erased = {name: (pixels, np.where(label == 2, 255, label)) for name, (pixels, label) in pairs.items()}
    unlabelled, _ = run(tmp_path / "unlabelled", tiny_recipe(**how), Synthetic(pairs=erased))
    assert same(void.weights, unlabelled.weights)
    assert void.progress.history == unlabelled.progress.history
    whole, _ = run(tmp_path / "whole", tiny_recipe(**how))
    assert not same(void.weights, whole.weights)


@pytest.mark.parametrize(
    ("source", "changes", "error", "sentence"),
    [
        (Synthetic(classes=4), {}, RecipeError, "the head has 3 outputs, but the data 'folder' has 4 classes"),
        (Synthetic(count=3), {}, RecipeError, "batch is 4, but there are only 3 training pictures"),
        (Synthetic(), {"data": {"name": "folder", "hold_out": ["07"]}}, DatasetError, "did you mean 007"),
        (
            Synthetic(pairs={"002": (make_pair(2)[0], np.full((HEIGHT, WIDTH), 9, np.uint8))}),
            {},
            DatasetError,
            "002_label.png has the class id 9, but the ids .* are 0 to 2",
        ),
        (Synthetic(pairs={"002": (make_pair(2)[0], None)}), {}, DatasetError, "002.png has no label map"),
    ],
)
def test_bad_data_is_found_before_the_first_step(tmp_path, source, changes, error, sentence):
    with pytest.raises(error, match=sentence):
        run(tmp_path / "run", tiny_recipe(**changes), source)
    assert not (tmp_path / "run" / "metrics.jsonl").exists()


def test_a_run_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match=r"file/run could not be written \(Not a directory\): make room or choose"):
        run(tmp_path / "file" / "run", tiny_recipe())


def test_no_thread_is_left_behind(tmp_path):
    run(tmp_path, tiny_recipe(), stop_after=1)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("batches")]
