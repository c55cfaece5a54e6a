import keras
import pytest

from unet_explorer.errors import PresetError
from unet_explorer.unet.presets import INITIALIZERS, Dropout, load_preset, preset_from_dict, preset_names


def test_every_article_has_a_preset():
    assert preset_names() == ("carla-dice", "classic-64", "dropout-16", "kitti-16", "paper-valid", "tgs-salt")


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_survives_json(name):
    preset = load_preset(name)
    assert preset_from_dict(preset.to_dict()) == preset


def test_unknown_preset_offers_close_names():
    with pytest.raises(PresetError, match=r"no preset 'kiti-16'; did you mean kitti-16"):
        load_preset("kiti-16")


def test_unknown_field_offers_close_names():
    with pytest.raises(PresetError, match=r"no field 'filter'; did you mean filters"):
        load_preset("kitti-16").changed({"filter": 8})


def test_one_dropout_number_replaces_the_rates_in_use():
    assert load_preset("dropout-16").changed({"dropout": 0.2}).dropout == Dropout(0.2, 0.2, 0.2, 0.0)


def test_a_dropout_number_that_replaces_no_rate_is_refused():
    assert load_preset("carla-dice").changed({"dropout": 0}).dropout == Dropout()
    with pytest.raises(PresetError, match=r"dropout is 0.3, but every rate .* is 0: .* network\.dropout\.block"):
        load_preset("carla-dice").changed({"dropout": 0.3})
    with pytest.raises(PresetError, match=r"network\.dropout\.pool"):
        load_preset("classic-64").changed({"dropout": 0.3})


def test_missing_fields_are_named():
    with pytest.raises(PresetError, match="'tiny' lacks title, width, block"):
        preset_from_dict(
            {"name": "tiny", "height": 16, "channels": 3, "outputs": 2, "filters": 2, "depth": 2, "head": "softmax"}
        )


@pytest.mark.parametrize("name", INITIALIZERS)
def test_every_initializer_is_one_of_keras_and_fills_a_kernel(name):
    assert keras.initializers.get(name)((3, 3, 2, 4)).shape == (3, 3, 2, 4)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"height": 375}, r"height 375 of preset 'kitti-16' is not a multiple of 16 .* use 368"),
        ({"width": 0}, r"width of preset 'kitti-16' is 0"),
        ({"channels": 4}, r"channels .* is 4: choose 1 or 3"),
        ({"filters": 0}, r"filters .* is 0"),
        ({"depth": 1}, r"needs at least 2 stages"),
        ({"padding": "full"}, r"choose same or valid"),
        ({"head": "sigmoid"}, r"sigmoid head with 30 outputs"),
        ({"block": 5}, r"block is 5: give a list of conv, relu, norm, dropout"),
        ({"block": "conv"}, r"block is 'conv': give a list"),
        ({"initializer": ["he_normal"]}, r"initializer .* is \['he_normal'\]: give a text"),
        ({"initializer": "quux"}, r"'quux'.* known are glorot_normal"),
        ({"block": ["relu"]}, r"it needs 'conv'"),
        ({"block": ["conv", "elu"]}, r"\['conv', 'elu'\]"),
        ({"norm_momentum": 1.0}, r"norm_momentum is 1.0"),
        ({"low": 1.0}, r"low and high .* are 1.0 and 1.0: give two numbers, the lower one first"),
        ({"high": "1"}, r"low and high .* are 0.0 and '1'"),
        ({"high": float("inf")}, r"low and high"),
        ({"dropout": {"pool": 1.5}}, r"dropout.pool is 1.5"),
        ({"dropout": {"pol": 0.5}}, r"no dropout place 'pol'; did you mean pool"),
        ({"dropout": "much"}, r"dropout is 'much'"),
    ],
)
def test_impossible_presets_are_refused_with_the_field(changes, sentence):
    with pytest.raises(PresetError, match=sentence):
        load_preset("kitti-16").changed(changes)
