"""A recipe that begins with another's network is both runs, one after the other, however often it is interrupted."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from synthetic import Synthetic, tiny_recipe

from unet_explorer.errors import ModelError, RecipeError
from unet_explorer.network.card import read_card
from unet_explorer.training import recipe as recipes
from unet_explorer.training import run as runs
from unet_explorer.training.finish import export_run
from unet_explorer.training.listeners import print_progress
from unet_explorer.training.loop import Control
from unet_explorer.training.run import Request, train
from unet_explorer.training.stages import train_in_stages

FIRST = tiny_recipe(name="coarse", phases=[{"epochs": 2, "batch": 4}], seed=5)
SECOND = {"name": "fine", "begin_with": "coarse", "losses": [{"name": "lovasz", "per_picture": True}]}


@pytest.fixture(scope="module", autouse=True)
def shipped():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipes, "recipe_names", lambda: ("coarse",))
        patch.setattr(recipes, "load_recipe", {"coarse": FIRST}.__getitem__)
        yield


class Listening:
    """Asks for a pause after so many steps of a stage, and keeps what is told."""

    def __init__(self, stage=None, steps=0):
        self.stage, self.steps = stage, steps
        self.control, self.events = Control(), []

    def __call__(self, event):
        self.events.append(event)
        begun = [event.values["recipe"] for event in self.events if event.kind == "start"]
        if event.kind == "step" and (begun[-1], event.values["step"]) == (self.stage, self.steps):
            self.control.stop.set()


def run(folder, changes=None, listening=None, **options):
    listening = listening or Listening()
    recipe = tiny_recipe(**{**SECOND, **(changes or {})})
    request = Request(recipe, Synthetic(), folder, listeners=(listening,), control=listening.control, **options)
    return train_in_stages(request), [event.values.get("message") for event in listening.events]


def same(weights, others):
    return weights.keys() == others.keys() and all(np.array_equal(weights[name], others[name]) for name in weights)


@pytest.fixture(scope="module")
def by_hand(shipped, tmp_path_factory):
    """The second recipe, begun with the weights of the first."""
    folder = tmp_path_factory.mktemp("by_hand")
    train(Request(FIRST, Synthetic(), folder / "first"))
    request = Request(tiny_recipe(**SECOND), Synthetic(), folder / "second", init=folder / "first" / "weights.npz")
    return train(request)


@pytest.mark.parametrize("stop", [("coarse", 3), ("fine", 2)])
def test_an_interrupted_run_of_two_stages_is_both_of_them(tmp_path, stop, by_hand):
    paused, told = run(tmp_path, listening=Listening(*stop))
    assert (paused.status, paused.progress.total_steps) == ("paused", stop[1])
    assert told[-1].endswith(f"continue with --resume --run-dir {tmp_path}")
    whole, told = run(tmp_path, resume=True)
    assert whole.status == "finished"
    assert same(whole.weights, by_hand.weights)
    assert ("coarse is trained; now fine." in told) == (stop[0] == "coarse")


def test_a_refused_second_run_leaves_the_recipe_of_the_first(tmp_path):
    run(tmp_path, listening=Listening("coarse", 3))
    before = (tmp_path / "recipe.json").read_text()
    with pytest.raises(RecipeError, match="first already holds a run"):
        run(tmp_path, {"seed": 9})
    assert (tmp_path / "recipe.json").read_text() == before
    assert json.loads(before)["begin_with"] == "coarse"


def test_the_model_folder_shows_the_curves_of_both_stages(tmp_path):
    run(tmp_path / "run")
    out = export_run(tmp_path / "run", tmp_path / "model")
    history = json.loads((out / "curves.json").read_text())["history"]
    assert [row["epoch"] for row in history] == [1, 2, 3, 4, 5]
    card = read_card(out)
    assert (card.recipe["name"], card.recipe["epochs"], card.recipe["steps"]) == ("fine", 5, 10)
    assert card.scores["validation"]["mean_iou"] == history[-1]["val_mean_iou"]


def test_progress_tells_the_stage_and_the_time_left_of_all_of_them(tmp_path):
    listening, out = Listening(), io.StringIO()
    request = Request(tiny_recipe(**SECOND), Synthetic(), tmp_path, listeners=(listening, print_progress(out)))
    train_in_stages(request)
    starts = [event.values for event in listening.events if event.kind == "start"]
    told = [tuple(start[name] for name in ("recipe", "stage", "stages")) for start in starts]
    assert told == [("coarse", 1, 2), ("fine", 2, 2)]
    # The first has 2 epochs of 2 steps, the second 3.
    assert [tuple(start[f"{name}steps"] for name in ("earlier_", "", "later_")) for start in starts] == [
        (0, 4, 6),
        (4, 6, 0),
    ]
    coarse, fine = [event.values["eta_s"] for event in listening.events if event.kind == "epoch"][1::3]
    assert coarse > 0 == fine
    lines = [line.split("/")[0] for line in out.getvalue().splitlines() if "val loss" in line]
    assert lines == [
        f"{name}: epoch {epoch}" for name, last in (("coarse", 2), ("fine", 3)) for epoch in range(1, last + 1)
    ]


def test_given_weights_stand_for_the_first_stage(tmp_path, by_hand):
    train(Request(FIRST, Synthetic(), tmp_path / "first"))
    outcome, _ = run(tmp_path / "run", init=tmp_path / "first" / "weights.npz")
    assert same(outcome.weights, by_hand.weights)
    assert not (tmp_path / "run" / "first").exists()


@pytest.fixture
def network(tmp_path, monkeypatch):
    """A trained network that stands for one of those that ship."""
    monkeypatch.setattr(recipes, "MODELS", tmp_path / "models")
    train(Request(FIRST, Synthetic(), tmp_path / "coarse", out=tmp_path / "models" / "coarse-real"))
    return "models/coarse-real"


def test_a_shipped_network_stands_for_the_first_stage(tmp_path, by_hand, network):
    outcome, told = run(tmp_path / "run", {"begin_with": network})
    assert same(outcome.weights, by_hand.weights)
    assert not any("First" in sentence for sentence in told if sentence)
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["initial_weights"] == "coarse-real"


def test_a_run_that_was_killed_before_its_first_checkpoint_begins_with_the_shipped_network_again(
    tmp_path, by_hand, network
):
    (tmp_path / "run").mkdir()
    outcome, _ = run(tmp_path / "run", {"begin_with": network}, resume=True)
    assert same(outcome.weights, by_hand.weights)


def test_a_shipped_network_of_another_shape_is_refused_before_anything_is_written(tmp_path, network):
    with pytest.raises(RecipeError, match="begins with models/coarse-real, whose network has filters 2 and not 4"):
        run(tmp_path / "run", {"begin_with": network, "network": {**FIRST.network, "filters": 4}})
    assert not (tmp_path / "run").exists()


def test_a_half_trained_blend_of_a_shipped_network_is_resumed(tmp_path, network):
    whole, _ = run(tmp_path / "whole", {"begin_with": network, "blend": 0.5})
    run(tmp_path / "run", {"begin_with": network, "blend": 0.5}, Listening("fine", 2))
    outcome, _ = run(tmp_path / "run", {"begin_with": network, "blend": 0.5}, resume=True)
    assert same(outcome.weights, whole.weights)


def test_a_run_with_a_checkpoint_does_not_read_what_it_began_with(tmp_path, monkeypatch, network):
    whole, _ = run(tmp_path / "whole", {"begin_with": network})
    run(tmp_path / "run", {"begin_with": network}, Listening("fine", 2))

    def refuse(path):
        raise ModelError(f"{path} is a SavedModel, which needs TensorFlow to be read")

    monkeypatch.setattr(runs, "read_weights", refuse)
    for init in (None, tmp_path / "other.npz"):
        outcome, told = run(tmp_path / "run", {"begin_with": network}, resume=True, init=init)
        assert same(outcome.weights, whole.weights)
        assert any("other.npz is not read: the run goes on" in sentence for sentence in told if sentence) == bool(init)


def test_given_weights_come_before_the_shipped_network(tmp_path, network):
    run(tmp_path / "run", {"begin_with": network}, init=tmp_path / "coarse" / "weights.npz")
    assert json.loads((tmp_path / "run" / "result.json").read_text())["initial_weights"] == "weights.npz"


def test_a_run_killed_in_its_first_step_is_resumed_without_the_weights_it_began_with(tmp_path, by_hand, network):
    def killed(event):
        if event.kind == "step":
            raise KeyboardInterrupt

    recipe = tiny_recipe(**SECOND)
    request = Request(recipe, Synthetic(), tmp_path / "run", init=tmp_path / "coarse" / "weights.npz")
    with pytest.raises(KeyboardInterrupt):
        train(replace(request, listeners=(killed,)))
    outcome = train(replace(request, init=None, resume=True))
    assert same(outcome.weights, by_hand.weights)


@pytest.mark.parametrize("name", ["models/coarse-reel", "models/../secret", "models/"])
def test_a_network_that_does_not_ship_is_refused_before_anything_is_written(tmp_path, network, name):
    with pytest.raises(RecipeError, match=f"is '{name}', no shipped network; .*models/coarse-real"):
        run(tmp_path / "run", {"begin_with": name})
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"begin_with": "coarce"}, "begin_with of recipe 'fine' is 'coarce', no shipped recipe; did you mean coarse"),
        ({"network": {**FIRST.network, "filters": 4}}, "begins with coarse, whose network has filters 2 and not 4"),
        ({"losses": [{"name": "lovasz-hinge"}]}, "use 'lovasz'"),
        ({"phases": [{"epochs": 1, "batch": 9}]}, "batch is 9, but there are only 8 training pictures"),
    ],
)
def test_what_is_wrong_with_the_second_stage_is_found_before_the_first(tmp_path, changes, sentence):
    with pytest.raises(RecipeError, match=sentence):
        run(tmp_path / "run", changes)
    assert not (tmp_path / "run").exists()
