"""What opens, what is refused, and with which sentence."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.zoo import BAD, save_function
from tests.zoo_fixtures import OpenZoo, Zoo
from unet_explorer.classes import load_class_table, numbered_class_table
from unet_explorer.errors import CardError, ModelError
from unet_explorer.network import ModelCard, open_network, read_card, write_card
from unet_explorer.pictures import InputSpec

SENTENCES = {
    "writes_file": "holds WriteFile (touches files); if you trust its maker, set UNET_EXPLORER_TRUST_MODELS=true.",
    "reads_file": "holds ReadFile (touches files); if you trust its maker",
    "calls_python": "holds PyFunc (runs Python); if you trust its maker",
    "restores_elsewhere": "holds RestoreV2 (touches files); if you trust its maker",
    "unknown_op": "holds MyxPool (an op that TensorFlow does not know); export it with TensorFlow's own ops.",
    "two_images": "takes 2 inputs (left (None, 24, 40, 3), right (None, 24, 40, 3)): save it with a signature that",
    "no_image": "has no image input: it takes row (None, 10); it must take one batch of pictures",
    "no_graph": "is no SavedModel because it has no saved_model.pb: give a folder made by a SavedModel export.",
    "damaged_graph": "saved_model.pb is damaged or no SavedModel: copy or export it again.",
    "empty_graph": "saved_model.pb is empty or no SavedModel: copy or export it again.",
    "no_variables": "has no variables/variables.index: copy the model with its folder of variables.",
    "damaged_variables": "cannot be loaded: its files are damaged, of different exports, or not for TensorFlow 2.",
    "damaged_index": "cannot be loaded: its files are damaged, of different exports, or not for TensorFlow 2.",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_models_get_one_sentence_that_names_them(name: str, zoo: Zoo) -> None:
    folder = zoo(name)
    with pytest.raises(ModelError) as caught:
        open_network(folder)
    sentence = str(caught.value)
    assert str(folder) in sentence
    assert SENTENCES[name] in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_a_refused_model_never_ran(zoo: Zoo) -> None:
    folder = zoo("writes_file")
    with pytest.raises(ModelError):
        open_network(folder)
    assert not folder.with_name("pwned").exists()


def test_a_trusted_model_opens(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_network(zoo("calls_python"), trusted=True).layers[0].kind == "input"
    monkeypatch.setenv("UNET_EXPLORER_TRUST_MODELS", "true")
    assert open_network(zoo("calls_python")).layers[0].kind == "input"
    with pytest.raises(ModelError, match="PyFunc"):
        open_network(zoo("calls_python"), trusted=False)


@pytest.mark.parametrize("where", ["nowhere", "file"])
def test_no_folder(where: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelError, match=f"no folder .*{where}"):
        open_network(tmp_path / where)


def test_a_name_mistyped_finds_the_models_beside_it(zoo: Zoo) -> None:
    folder = zoo("keras3_unet")
    with pytest.raises(ModelError, match=r"no folder .*keras3_unte; did you mean keras3_unet\b"):
        open_network(folder.with_name("keras3_unte"))


def test_sizes_that_do_not_fit_the_layers_are_said(zoo: Zoo, tmp_path: Path, street: Any) -> None:
    """What TensorFlow says of them names ops and attributes that nobody but it knows."""
    spec = InputSpec(25, 40, 1, 0.0, 1.0, "stretch")
    odd = open_network(with_card(zoo("keras3_dynamic"), tmp_path / "odd", input=spec, class_table=None))
    with pytest.raises(ModelError, match=r"odd do not fit together at 25 x 40 pixels: set a fixed size") as caught:
        odd.feature_maps(street, ["mask"])
    assert caught.value.__cause__ is not None

    def serve(scale: Any, picture: Any) -> Any:
        return picture * scale + np.ones((1, 33, 44, 3), np.float32)

    save_function(tmp_path / "narrow", serve, tf.TensorSpec((None, None, None, 3), tf.float32, name="picture"))
    with pytest.raises(ModelError, match=r"narrow do not fit together at 256 x 320, 572 x 572, .*: save it with a"):
        open_network(tmp_path / "narrow")


def test_what_cannot_be_frozen_is_one_sentence(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object, **named: object) -> None:
        raise ValueError("Internal error\nwith a second line")

    monkeypatch.setattr("unet_explorer.network.flat_graph.convert_variables_to_constants_v2", fail)
    with pytest.raises(ModelError, match=r"module cannot be opened because .*: export it again with Keras'"):
        open_network(zoo("module"))


def test_a_vector_of_many_thousand_numbers_opens(tmp_path: Path, street: Any) -> None:
    """No segmentation, and more outputs than a palette has colours: still a network with layers to look at."""

    def serve(scale: Any, picture: Any) -> Any:
        return tf.reshape(tf.image.resize(picture * scale, (50, 40)), (-1, 6000))

    save_function(tmp_path / "vector", serve, tf.TensorSpec((None, 24, 40, 3), tf.float32, name="picture"))
    network = open_network(tmp_path / "vector")
    assert (len(network.class_table), network.output.is_map) == (6000, False)
    assert network.feature_maps(street, [network.layers[-1].name])[network.layers[-1].name].values.shape == (1, 1, 6000)


def test_signatures_are_chosen_and_listed(zoo: Zoo) -> None:
    network = open_network(zoo("signatures"))
    assert (network.signature, network.signatures) == ("predict", ("compare", "predict", "scores"))
    assert network.output.ends_in == "softmax"
    logits = open_network(zoo("signatures"), "scores")
    assert (logits.output.ends_in, logits.output.missing) == ("logits", "softmax")
    with pytest.raises(ModelError, match="takes 2 inputs"):
        open_network(zoo("signatures"), "compare")
    with pytest.raises(ModelError, match=r"no signature 'score'.*did you mean scores"):
        open_network(zoo("signatures"), "score")


def test_without_a_card_the_assumptions_are_said(open_zoo: OpenZoo) -> None:
    network = open_zoo("keras3_unet")
    assert network.card is None
    assert network.name == "keras3_unet"
    assert network.input_spec == InputSpec(24, 40, 3, 0.0, 1.0, "stretch")
    assert network.class_table == numbered_class_table(5)
    assert network.notices == (
        "keras3_unet has no card: pixel values are mapped to 0 to 1 (assumed), pictures stretched to 24 x 40.",
    )


def test_a_network_that_scales_its_input_is_fed_0_to_255(open_zoo: OpenZoo) -> None:
    network = open_zoo("chain")
    assert (network.input_spec.low, network.input_spec.high) == (0.0, 255.0)
    assert "whole numbers" in network.notices[0]


def test_a_binary_network_has_two_classes(open_zoo: OpenZoo) -> None:
    assert len(open_zoo("keras3_binary").class_table) == 2


def with_card(folder: Path, to: Path, **changes: Any) -> Path:
    """A copy of a model with a card, valid but for the changes."""
    shutil.copytree(folder, to)
    spec = InputSpec(24, 40, 3, -1.0, 1.0, "letterbox")
    card = ModelCard("five", spec, numbered_class_table(5), title="Five classes")
    write_card(dataclasses.replace(card, **changes), to)
    return to


def test_a_card_is_obeyed(zoo: Zoo, tmp_path: Path) -> None:
    network = open_network(with_card(zoo("keras3_unet"), tmp_path / "model"))
    assert (network.name, network.input_spec.fit, network.notices) == ("five", "letterbox", ())
    assert network.card == read_card(tmp_path / "model")


def test_a_model_of_any_size_obeys_the_size_of_its_card(zoo: Zoo, tmp_path: Path, street: Any) -> None:
    spec, table = InputSpec(16, 24, 1, 0.0, 1.0, "stretch"), numbered_class_table(2)
    network = open_network(with_card(zoo("keras3_dynamic"), tmp_path / "model", input=spec, class_table=table))
    assert network.probabilities(street).values.shape == (16, 24, 1)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"input": InputSpec(24, 40, 1, 0, 1, "stretch")}, "says 1 input channels, the model takes 3"),
        ({"input": InputSpec(25, 40, 3, 0, 1, "stretch")}, "says input height 25, the model takes 24"),
        ({"input": InputSpec(24, None, 3, 0, 1, "pad")}, "says input width any, the model takes 40"),
        ({"class_table": load_class_table("carla")}, "names 13 classes, the model has 5 output channels"),
    ],
)
def test_a_card_that_contradicts_its_model_says_both_numbers(
    changes: dict[str, Any], sentence: str, zoo: Zoo, tmp_path: Path
) -> None:
    folder = with_card(zoo("keras3_unet"), tmp_path / "model", **changes)
    with pytest.raises(CardError, match=r"model_card\.json") as caught:
        open_network(folder)
    assert sentence in str(caught.value)


def test_a_broken_card_is_an_error_not_a_missing_one(zoo: Zoo, tmp_path: Path) -> None:
    folder = with_card(zoo("keras3_unet"), tmp_path / "model")
    (folder / "model_card.json").write_text(json.dumps({"name": "x"}))
    with pytest.raises(CardError, match="lacks 'input'"):
        open_network(folder)


def test_the_digest_is_of_the_files(zoo: Zoo, tmp_path: Path, open_zoo: OpenZoo) -> None:
    digest = open_zoo("keras3_unet").digest
    copied = shutil.copytree(zoo("keras3_unet"), tmp_path / "copied")
    assert open_network(copied).digest == digest
    assert open_network(with_card(zoo("keras3_unet"), tmp_path / "carded")).digest != digest
    assert open_zoo("keras2_unet").digest != digest


def test_the_device_is_said(open_zoo: OpenZoo) -> None:
    import tensorflow as tf

    expected = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    assert open_zoo("keras3_unet").device.split()[0] == expected


def test_looking_at_types_and_cards_does_not_import_tensorflow() -> None:
    code = "import sys, unet_explorer, unet_explorer.network; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
