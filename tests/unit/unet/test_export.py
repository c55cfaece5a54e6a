import os
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from unet_explorer.classes import numbered_class_table
from unet_explorer.cli import main
from unet_explorer.errors import ModelError
from unet_explorer.network.card import ModelCard, read_card
from unet_explorer.pictures import InputSpec
from unet_explorer.unet.builder import build_unet
from unet_explorer.unet.export import _replace, export_network
from unet_explorer.unet.presets import load_preset
from unet_explorer.unet.weights import get_weights, read_weights, save_weights, set_weights

PRESET = load_preset("kitti-16").changed({"height": 32, "width": 48, "filters": 2, "outputs": 3})
PICTURES = np.random.default_rng(5).random((2, 32, 48, 3), dtype=np.float32)


def card():
    spec = InputSpec(height=32, width=48, channels=3, low=0.0, high=1.0, fit="stretch")
    return ModelCard(name="tiny", input=spec, class_table=numbered_class_table(3), preset="kitti-16")


@pytest.fixture
def model():
    keras.utils.set_random_seed(11)
    return build_unet(PRESET)


def test_the_saved_model_computes_what_the_network_computed(model, tmp_path):
    out = export_network(model, tmp_path / "tiny", card(), {"recipe.json": "{}"})
    infer = tf.saved_model.load(str(out)).signatures["serving_default"]
    (values,) = infer(input=tf.constant(PICTURES)).values()
    np.testing.assert_allclose(values.numpy(), np.asarray(model(PICTURES)), atol=1e-6)
    assert read_card(out) == card()
    assert (out / "recipe.json").read_text() == "{}"


def test_every_variable_is_written_once(model, tmp_path):
    out = export_network(model, tmp_path / "tiny", card())
    written = (out / "variables" / "variables.data-00000-of-00001").stat().st_size
    assert 4 * model.count_params() <= written < 1.5 * 4 * model.count_params() + 4096


def test_exporting_again_replaces_the_folder_and_leaves_nothing_else(model, tmp_path):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "stale").write_text("")
    export_network(model, tmp_path / "tiny", card())
    assert [entry.name for entry in tmp_path.iterdir()] == ["tiny"]
    assert not (tmp_path / "tiny" / "stale").exists()


def test_a_replacement_that_fails_puts_the_old_model_back(tmp_path):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "saved_model.pb").write_text("old")
    with pytest.raises(FileNotFoundError):
        _replace(tmp_path / "tiny", tmp_path / "never written")
    assert [entry.name for entry in tmp_path.iterdir()] == ["tiny"]
    assert (tmp_path / "tiny" / "saved_model.pb").read_text() == "old"


def test_what_killed_exports_left_goes_with_the_next_one(model, tmp_path):
    for name in (".tiny.99999999", ".tiny.99999999.old", ".other.99999999", f".tiny.{os.getpid()}"):
        (tmp_path / name / "variables").mkdir(parents=True)
        os.utime(tmp_path / name, (1000, 1000))
    (tmp_path / ".tiny.99999998").mkdir()  # Written to just now: perhaps by another machine.
    export_network(model, tmp_path / "tiny", card())
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".other.99999999", ".tiny.99999998", "tiny"]


def test_weights_come_back_from_a_file_and_from_a_saved_model(model, tmp_path):
    save_weights(get_weights(model), tmp_path / "weights.npz")
    export_network(model, tmp_path / "tiny", card())
    for source in (tmp_path / "weights.npz", tmp_path / "tiny"):
        other = build_unet(PRESET)
        set_weights(other, read_weights(source), str(source))
        np.testing.assert_array_equal(np.asarray(other(PICTURES)), np.asarray(model(PICTURES)))


def test_weights_come_from_an_export_of_keras_too(model, tmp_path):
    model.export(tmp_path / "keras", verbose=False)
    ours, theirs = get_weights(model), read_weights(tmp_path / "keras")
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_weights_are_read_without_the_program_beside_them(model, tmp_path):
    out = export_network(model, tmp_path / "tiny", card())
    (out / "saved_model.pb").write_bytes(b"not a program")
    ours, theirs = get_weights(model), read_weights(out)
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def _flip(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


@pytest.mark.parametrize("name", ["variables.index", "variables.data-00000-of-00001"])
@pytest.mark.parametrize("damage", [lambda _: b"", lambda content: content[: len(content) // 2], _flip])
def test_damaged_variables_are_one_sentence_that_names_the_folder(name, damage, model, tmp_path):
    out = export_network(model, tmp_path / "tiny", card())
    path = out / "variables" / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ModelError, match=r"^The variables of .*tiny are damaged"):
        read_weights(out)


def test_a_model_without_its_variables_is_one_sentence_that_names_the_folder(model, tmp_path, capsys):
    out = export_network(model, tmp_path / "tiny", card())
    shutil.rmtree(out / "variables")
    assert main(["weights", str(out), str(tmp_path / "w.npz")]) == 2
    assert "tiny has no variables/variables.index" in capsys.readouterr().err


def test_weights_of_another_network_are_refused_and_change_nothing(model):
    other = build_unet(PRESET.changed({"outputs": 4}))
    before = get_weights(other)
    with pytest.raises(ModelError, match=r"old has conv2d_18/kernel of shape \(3, 3, 2, 3\), .* needs \(3, 3, 2, 4\)"):
        set_weights(other, get_weights(model), "old")
    assert all(np.array_equal(before[path], array) for path, array in get_weights(other).items())


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"no archive"])
def test_a_damaged_weights_file_is_one_sentence(content, tmp_path):
    path = tmp_path / "weights.npz"
    path.write_bytes(content)
    with pytest.raises(
        ModelError, match=r"not a weights file that can be read: give a run's weights\.npz or a SavedModel folder\.$"
    ):
        read_weights(path)


def test_a_missing_weights_file_is_one_sentence(tmp_path):
    with pytest.raises(ModelError, match="does not exist"):
        read_weights(tmp_path / "none.npz")
