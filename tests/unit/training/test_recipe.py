import dataclasses
import json
from pathlib import Path

import keras
import pytest

from unet_explorer.classes import load_class_table, numbered_class_table
from unet_explorer.errors import RecipeError
from unet_explorer.training.preflight import check_pictures, check_recipe, view_of, whole_view
from unet_explorer.training.recipe import Recipe, load_recipe, parse_recipe, recipe_names
from unet_explorer.unet.presets import Dropout

REPOSITORY = Path(__file__).resolve().parents[3]
KITTI = load_class_table("kitti")


def tiny(**changes):
    values = {
        "name": "tiny",
        "preset": "kitti-16",
        "data": {"name": "kitti"},
        "phases": [{"epochs": 3}],
        "losses": [{"name": "cross-entropy"}],
    }
    return Recipe.from_dict({**values, **changes})


def test_every_preset_has_a_recipe_of_its_name():
    assert {"carla-dice", "classic-64", "dropout-16", "kitti-16", "paper-valid", "tgs-salt"} <= set(recipe_names())


@pytest.mark.parametrize("name", recipe_names())
def test_a_shipped_recipe_survives_json_and_fits_its_preset_and_classes(name):
    recipe = load_recipe(name)
    assert parse_recipe(recipe.to_json(), "other") == recipe
    preset = recipe.build_preset()
    check_recipe(
        recipe, preset, numbered_class_table(2 if preset.binary else preset.outputs) if name != "kitti-16" else KITTI
    )


@pytest.mark.parametrize("name", recipe_names())
def test_a_shipped_recipe_is_documented(name):
    assert f"| `{name}` |" in (REPOSITORY / "docs" / "training.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [row.name for row in dataclasses.fields(Recipe) if row.name not in ("name", "preset")])
def test_a_recipe_field_is_documented(name):
    known = (REPOSITORY / "docs" / "training.md").read_text(encoding="utf-8")
    assert f"`{name}`" in known


def test_the_article_recipe_is_to_the_letter():
    recipe = load_recipe("kitti-16-article")
    assert recipe.build_preset().norm_momentum == 0.99
    assert (recipe.optimizer.name, recipe.optimizer.learning_rate) == ("adam", 0.001)
    assert [(phase.epochs, phase.batch, phase.height) for phase in recipe.phases] == [(30, 4, None)]
    assert recipe.augmentation == type(recipe.augmentation)()
    assert (recipe.data.train, recipe.data.validation) == ("train", "validation")


def test_a_recipe_file_is_read(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(tiny().to_json())
    assert load_recipe(path) == tiny()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", r"mine\.json' is not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('{"seed": ' + "1" * 5000 + "}", "not valid JSON"),
        ("[]", r"recipe is \[\]: give its fields"),
        ('{"preset": "kitti-16"}', "The recipe lacks data, phases, losses"),
    ],
)
def test_a_broken_recipe_file_is_one_sentence(content, sentence, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(content)
    with pytest.raises(RecipeError, match=sentence):
        load_recipe(path)


def test_an_unknown_recipe_offers_close_names():
    with pytest.raises(RecipeError, match=r"no recipe 'kitti-61'.*kitti-16"):
        load_recipe("kitti-61")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"optimiser": {}}, r"A recipe has no field 'optimiser'; did you mean optimizer"),
        ({"optimizer": {"name": "adm"}}, r"name of the optimizer is 'adm': give .*did you mean adam"),
        ({"optimizer": {"learning_rate": float("nan")}}, "learning_rate of the optimizer is nan"),
        ({"seed": 2**32}, "seed of the recipe is 4294967296: give a whole number from 0 to 4294967295"),
        ({"void": "Car"}, r"void of the recipe is 'Car': give a list of names, such as \[\"Car\""),
        ({"data": {"name": "kitti", "hold_out": "abc"}}, "hold_out of the data is 'abc': give a list of names"),
        ({"optimizer": {"weight_decay": 10**400}}, "weight_decay of the optimizer is 1000"),
        ({"phases": []}, r"phases is \[\]: give a list of at least one phase"),
        ({"phases": [{"epochs": 0}]}, "epochs of the phase is 0: give a whole number from 1"),
        ({"phases": [{"epochs": 2, "batch": 2.5}]}, "batch of the phase is 2.5"),
        ({"losses": [{"name": "dise"}]}, "did you mean dice"),
        ({"losses": [{"name": "dice", "weight": 0}]}, "All losses of recipe 'tiny' have weight 0"),
        ({"augmentation": {"zoom": [2, 1]}}, r"zoom of the augmentation is \(2, 1\)"),
        ({"augmentation": {"flip": 1.5}}, "flip of the augmentation is 1.5: give a number from 0 to 1"),
        ({"average": {"decay": 1}}, "decay of the average is 1"),
        ({"precision": "half"}, "precision of the recipe is 'half'"),
        ({"data": {"name": "kitti", "validation": None}, "keep": "best"}, "keep .* watches val_mean_iou"),
        ({"data": {"name": "kitti", "validation": None}, "plateau": {}}, "plateau .* watches val_loss"),
    ],
)
def test_impossible_recipes_are_refused_with_the_field(changes, sentence):
    with pytest.raises(RecipeError, match=sentence):
        tiny(**changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"preset": "kiti-16"}, "no preset 'kiti-16'; did you mean kitti-16"),
        ({"network": {"outputs": 7}}, "the head has 7 outputs, but the data 'kitti' has 30 classes"),
        ({"network": {"heigth": 7}}, "did you mean height"),
        ({"network": {"initializer": "he_norml"}}, "initializer .* is 'he_norml'; did you mean he_normal"),
        ({"network": {"title": 3}}, "title of preset 'kitti-16' is 3: give a text"),
        ({"losses": [{"name": "binary-cross-entropy"}]}, "with a softmax head: use 'cross-entropy'"),
        ({"losses": [{"name": "dice", "class_power": 0.5}]}, "takes no class weights"),
        ({"losses": [{"name": "lovasz", "label_smoothing": 0.1}]}, "takes no label_smoothing"),
        ({"losses": [{"name": "lovasz-hinge"}]}, "'lovasz-hinge' with a softmax head: use 'lovasz'"),
        ({"losses": [{"name": "cross-entropy", "stride": 2}]}, "takes no stride"),
        ({"losses": [{"name": "dice", "per_picture": True}]}, "takes no per_picture"),
        ({"losses": [{"name": "focal", "class_weights": {"Cat": 2}}]}, "did you mean Car"),
        ({"losses": [{"name": "focal", "class_weights": {"Car": -2}}]}, "gives Car -2"),
        (
            {"losses": [{"name": "cross-entropy", "class_weights": dict.fromkeys(KITTI.names, 0)}]},
            "losses.0.class_weights gives every class that counts the weight 0",
        ),
        (
            {
                "losses": [{"name": "focal", "class_weights": dict.fromkeys(KITTI.names[3:], 0)}],
                "void": KITTI.names[:3],
            },
            "losses.0.class_weights gives every class that counts the weight 0",
        ),
        ({"void": KITTI.names}, "void of the recipe names every class: leave one that counts"),
        ({"void": ["Nothing"]}, "void of the recipe: There is no class 'Nothing'"),
        ({"sampling": {"paste": 0.5}}, "paste_classes is empty"),
        ({"sampling": {"paste": 0.5, "paste_classes": ["Bos"]}}, "did you mean Bus"),
        ({"phases": [{"epochs": 1, "height": 184}]}, r"phases.0.height is 184, which is not a multiple of 16: use 192"),
        ({"phases": [{"epochs": 1, "height": 384, "width": 512, "scale": 1}]}, "use a smaller window"),
        ({"keep": "best", "monitor": "val_salt_score"}, "only binary networks have"),
        ({"optimizer": {"name": "adam", "weight_decay": 0.1}}, 'does nothing with "adam"'),
    ],
)
def test_contradictions_with_preset_and_classes_are_found_before_training(changes, sentence):
    recipe = tiny(**changes)
    with pytest.raises(RecipeError, match=sentence):
        check_recipe(recipe, recipe.build_preset(), KITTI)


def test_the_largest_seed_is_one_that_keras_takes():
    keras.utils.set_random_seed(tiny(seed=2**32 - 1).seed)


def test_an_unpadded_network_takes_only_its_own_size():
    recipe = tiny(preset="paper-valid", phases=[{"epochs": 1, "height": 300}])
    with pytest.raises(RecipeError, match="crops its skips for 572x572 only"):
        check_recipe(recipe, recipe.build_preset(), numbered_class_table(2))


def test_an_unpadded_network_sees_no_window_larger_than_the_picture():
    recipe = tiny(preset="paper-valid", phases=[{"epochs": 1, "scale": 0.3}])
    with pytest.raises(RecipeError, match=r"phases.0 cuts 572x572 out of pictures of 171x171: use a scale of at least"):
        check_recipe(recipe, recipe.build_preset(), numbered_class_table(2))
    larger = recipe.changed(["phases.0.scale=1.5"])
    check_recipe(larger, larger.build_preset(), numbered_class_table(2))


@pytest.mark.parametrize("steps", [None, 2])
def test_a_batch_larger_than_the_data_is_refused_whether_or_not_steps_say_how_many(steps):
    recipe = tiny(phases=[{"epochs": 1, "batch": 4, "steps": steps}])
    check_pictures(recipe, 4)
    with pytest.raises(RecipeError, match="batch is 4, but there are only 3 training pictures: use a batch of at most"):
        check_pictures(recipe, 3)


def test_keys_are_set_by_path_and_switched_off_parts_come_on():
    recipe = tiny().changed(
        [
            "optimizer.learning_rate=0.002",
            "phases.0.batch=8",
            "average.decay=0.9",
            "network.dropout=0.2",
            'void=["None"]',
        ]
    )
    assert recipe.optimizer.learning_rate == 0.002
    assert recipe.phases[0].batch == 8
    assert (recipe.average.decay, recipe.average.recalibrate) == (0.9, 0)
    assert recipe.build_preset().dropout.pool == 0.2
    assert recipe.void == ("None",)
    assert recipe.changed(["average=null"]).average is None


def test_the_dropout_of_one_place_is_set_and_the_others_stay():
    article = load_recipe("carla-dice").changed(["network.dropout.block=0.2"])
    assert article.build_preset().dropout == Dropout(block=0.2)
    ours = tiny().changed(["network.dropout=0.2", "network.dropout.pool=0.5"])
    assert ours.build_preset().dropout == Dropout(first_pool=0.2, pool=0.5, concatenate=0.2)


def test_dropout_in_blocks_that_have_none_is_refused():
    recipe = tiny().changed(["network.dropout.block=0.2"])
    with pytest.raises(RecipeError, match=r"a block of preset 'kitti-16' has no dropout: set network.block="):
        check_recipe(recipe, recipe.build_preset(), KITTI)
    with_place = recipe.changed(['network.block=["conv", "relu", "norm", "dropout"]'])
    check_recipe(with_place, with_place.build_preset(), KITTI)


@pytest.mark.parametrize(
    ("assignment", "sentence"),
    [
        ("optimizer.learning_rat=1", "did you mean learning_rate"),
        ("optimiser.learning_rate=1", "did you mean optimizer"),
        ("phases.3.epochs=1", "a number from 0 to 0"),
        ("seed", "not of the form key=value"),
        ("seed=much", "seed of the recipe is 'much'"),
        ("name.first=x", "is null or a plain value"),
        ("zzz=1", r"The recipe has no 'zzz'\.$"),
        ("network.dropout.blok=0.2", "no 'network.dropout.blok'; did you mean block"),
    ],
)
def test_unknown_keys_offer_close_ones(assignment, sentence):
    with pytest.raises(RecipeError, match=sentence):
        tiny().changed([assignment])


def test_epochs_are_shared_among_phases_as_before():
    recipe = tiny(phases=[{"epochs": 300}, {"epochs": 100}])
    assert [phase.epochs for phase in recipe.with_epochs(40).phases] == [30, 10]
    assert [phase.epochs for phase in recipe.with_epochs(2).phases] == [1, 1]
    # Equal phases: what is left over goes to the first ones, and none goes without.
    for number, epochs, shares in ((4, 6, [2, 2, 1, 1]), (6, 9, [2, 2, 2, 1, 1, 1]), (3, 3, [1, 1, 1])):
        equal = tiny(phases=[{"epochs": 1}] * number)
        assert [phase.epochs for phase in equal.with_epochs(epochs).phases] == shares
    with pytest.raises(RecipeError, match="has 2 phases: give"):
        recipe.with_epochs(1)
    with pytest.raises(RecipeError, match="has 1 phase: give"):
        tiny().with_epochs(0)


def test_views_of_whole_pictures_and_of_windows():
    recipe = tiny(
        phases=[{"epochs": 1, "height": 192, "width": 624}, {"epochs": 1, "height": 256, "width": 512, "scale": 1}]
    )
    preset = recipe.build_preset()
    half, window = (view_of(phase, preset) for phase in recipe.phases)
    assert (half.height, half.width, half.scale_y, half.scale_x) == (192, 624, 192 / 368, 0.5)
    assert (window.height, window.width, window.scale_y, window.scale_x) == (256, 512, 1, 1)
    judged = whole_view(recipe.phases[1], preset)
    assert (judged.height, judged.width, judged.scale_y, judged.scale_x) == (368, 1248, 1, 1)


def test_the_recipe_file_is_plain_json():
    assert json.loads(tiny().to_json())["phases"][0] == {
        "epochs": 3, "batch": 4, "height": None, "width": None, "scale": None, "steps": None,
    }  # fmt: skip
