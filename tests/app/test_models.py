"""The Models page without a browser: cards, facts, and adding models."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import Start, picker
from tests.road import road_model
from tests.zoo_fixtures import Zoo
from unet_explorer.ui import library


@pytest.fixture(autouse=True)
def data(house: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNET_EXPLORER_DATA_DIR", str(house / "data"))
    return house / "data"


def facts(app: AppTest) -> str:
    """The text of all tables of facts."""
    assert not app.exception
    return "\n".join(element.proto.body for element in app.get("html"))


def names(app: AppTest) -> list[str]:
    heads = [text.value for text in app.markdown if text.value.startswith("#### ")]
    return [head.removeprefix("#### ").split("  ")[0].replace("\\", "") for head in heads]


def test_each_model_has_its_card_and_is_opened_when_looked_into(
    start: Start, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    road_model(house / "models" / "roads")
    opened: list[str] = []
    open_model = library.open_model
    monkeypatch.setattr(library, "open_model", lambda name: opened.append(name) or open_model(name))
    app = start("models")
    assert names(app) == ["binary", "roads", "tiny"]
    for fact in ("<dd>MIT</dd>", "<dd>30 (kitti)</dd>", "<b>0.012</b> mean IoU · <b>7</b> pictures"):
        assert fact in facts(app)
    assert facts(app).count("<dt>Saved</dt>") == 3
    assert "<dt>Parameters</dt>" not in facts(app)
    assert sum("no model card" in caption.value for caption in app.caption) == 2
    assert not {"roads", "tiny"} & set(opened)
    app.button(key="inside_roads").click().run()
    for fact in ("32 × 64 × 3", "a U with skips", "<dt>Parameters</dt>"):
        assert fact in facts(app)
    assert "roads" in opened
    assert "tiny" not in opened


def test_what_a_card_says_is_text_and_nothing_else(start: Start, house: Path) -> None:
    road_model(house / "models" / "roads")
    card = house / "models" / "roads" / "model_card.json"
    card.write_text(card.read_text().replace('"MIT"', '"<script>alert(1)</script>"'))
    assert "<script>" not in facts(start("models"))
    assert "&lt;script&gt;" in facts(start("models"))


def test_a_button_goes_to_the_page_with_the_model(start: Start) -> None:
    app = start("models", model="tiny", layer="conv2d_5", channel="3")
    app.button(key="classes_binary").click().run()
    assert not app.exception
    assert picker(app, "Model").value == "binary"


def test_a_broken_model_does_not_take_the_others_along(start: Start, house: Path, zoo: Zoo) -> None:
    (house / "models" / "aaa").symlink_to(zoo("damaged_variables"))
    (house / "models" / "bbb").symlink_to(zoo("writes_file"))
    app = start("models")
    assert names(app) == ["aaa", "bbb", "binary", "tiny"]
    for name in names(app):
        app.button(key=f"inside_{name}").click().run()
    assert len(app.error) == 2
    assert facts(app).count("<dt>Parameters</dt>") == 2


def test_a_card_that_cannot_be_read_is_named(start: Start, house: Path, tmp_path: Path, zoo: Zoo) -> None:
    shutil.copytree(zoo("keras3_unet"), house / "models" / "carded")
    (house / "models" / "carded" / "model_card.json").write_text("{")
    app = start("models")
    assert not app.exception
    assert any("model\\_card.json" in error.value for error in app.error)


def test_without_models_the_page_says_how_to_get_one(start: Start, house: Path) -> None:
    shutil.rmtree(house / "models")
    app = start("models")
    assert not app.exception
    assert "Add a SavedModel folder" in app.info[0].value


def test_a_folder_is_copied_and_shown(start: Start, data: Path, zoo: Zoo) -> None:
    app = start("models")
    app.text_input(key="model_folder").set_value(str(zoo("valid_crops")))
    submit(app)
    assert "valid\\_crops was added" in app.success[0].value
    assert "valid_crops" in names(app)
    assert (data / "models" / "valid_crops" / "saved_model.pb").is_file()


@pytest.mark.parametrize(
    ("folder", "words"), [("", "Write the path"), ("/no/such/folder", "saved_model.pb"), ("writes_file", "WriteFile")]
)
def test_what_cannot_be_added_says_why(start: Start, data: Path, zoo: Zoo, folder: str, words: str) -> None:
    app = start("models")
    app.text_input(key="model_folder").set_value(str(zoo(folder)) if folder == "writes_file" else folder)
    submit(app)
    assert any(words in error.value.replace("\\", "") for error in app.error)
    assert not (data / "models").exists() or not list((data / "models").iterdir())


def submit(app: AppTest) -> None:
    next(button for button in app.button if button.label == "Copy it here").click().run()
    assert not app.exception
