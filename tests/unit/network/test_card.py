"""The model card and its file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from unet_explorer.classes import load_class_table
from unet_explorer.errors import CardError
from unet_explorer.network.card import ModelCard, read_card, write_card
from unet_explorer.pictures import InputSpec

SPEC = InputSpec(368, 1248, 3, 0.0, 1.0, "stretch")
CARD = ModelCard(
    name="kitti-16",
    input=SPEC,
    class_table=load_class_table("kitti"),
    title="Streets",
    description="Pixels of streets.",
    preset="kitti-16",
    data={"name": "KITTI semantics", "pictures": 140, "split": {"seed": 123}},
    recipe={"epochs": 30, "rates": [1e-3, 1e-4]},
    scores={"validation": {"mean_iou": 0.2109}},
    licence="CC BY-NC-SA 3.0",
)
VALUES = {"name": "m", "input": {"height": 8, "width": 9, "channels": 1, "low": 0, "high": 1, "fit": "pad"}}


def test_a_card_survives_its_file(tmp_path: Path) -> None:
    path = write_card(CARD, tmp_path)
    assert path == tmp_path / "model_card.json"
    assert read_card(tmp_path) == CARD
    assert [each.name for each in tmp_path.iterdir()] == ["model_card.json"]


def test_a_folder_without_a_card(tmp_path: Path) -> None:
    assert read_card(tmp_path) is None


def test_a_class_table_may_be_given_by_name(tmp_path: Path) -> None:
    (tmp_path / "model_card.json").write_text(json.dumps({**VALUES, "class_table": "salt"}))
    card = read_card(tmp_path)
    assert card is not None
    assert card.class_table == load_class_table("salt")
    assert (card.input.height, card.input.multiple) == (8, 1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not valid JSON"),
        ("[1]", "not a JSON object"),
        (json.dumps({**VALUES, "licens": "x"}), "unknown field 'licens'; did you mean licence?"),
        (json.dumps({"name": "m"}), "lacks 'input': add it"),
        (json.dumps({**VALUES, "name": "  "}), "no name"),
        (json.dumps({**VALUES, "title": 3}), "'title' is 3: write text"),
        (json.dumps({**VALUES, "scores": [1]}), "'scores' is [1]: write a JSON object"),
        (json.dumps({**VALUES, "input": 5}), "'input' is not a JSON object"),
        (json.dumps({**VALUES, "input": {**VALUES["input"], "channels": 2}}), "only 1 (gray) and 3 (RGB)"),
        (json.dumps({**VALUES, "input": {**VALUES["input"], "low": "a"}}), "input's low is 'a': write a number"),
        (json.dumps({**VALUES, "input": {**VALUES["input"], "low": -(10**400)}}), "'input' cannot be used"),
        ("[" * 100_000, "not valid JSON"),
        (json.dumps({**VALUES, "input": {"height": 8}}), "'input' lacks 'channels'"),
        (json.dumps({**VALUES, "class_table": "kiti"}), "kiti"),
        (json.dumps({**VALUES, "class_table": 3}), "neither the name of a table nor a JSON object"),
        (json.dumps({**VALUES, "class_table": {"name": "x"}}), "no 'classes'"),
        (json.dumps({**VALUES, "format": 2}), "format 2, this version reads format 1"),
    ],
)
def test_a_card_that_cannot_be_used_names_its_file(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "model_card.json").write_text(text)
    with pytest.raises(CardError) as caught:
        read_card(tmp_path)
    assert str(tmp_path / "model_card.json") in str(caught.value)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("scores", [{"iou": float("nan")}, {"iou": object()}])
def test_what_json_cannot_say_is_refused_and_nothing_written(scores: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(CardError, match="cannot be written as JSON"):
        write_card(ModelCard("m", SPEC, scores=scores), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="cannot be written"):
        write_card(CARD, tmp_path / "missing")
