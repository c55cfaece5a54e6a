"""The Classes page without a browser: what it mounts, and every sentence it says instead."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.app.conftest import Start
from tests.app.test_explore import components
from tests.road import labelled_samples, road_model
from tests.zoo import BAD, MAKERS
from tests.zoo_fixtures import Zoo
from unet_explorer.classes import load_class_table
from unet_explorer.network import open_network
from unet_explorer.network.card import ModelCard, write_card


def panes(app: AppTest) -> dict[str, Any]:
    assert not app.exception
    assert not app.error
    return components(app)["unet_class_panes"]


@pytest.fixture
def roads(house: Path) -> Path:
    """The house with a network of the 30 road classes and a labelled sample."""
    road_model(house / "models" / "roads")
    labelled_samples(house / "samples")
    return house


def test_car_road_and_pole_come_first_where_there_are_such_classes(start: Start, roads: Path) -> None:
    data = panes(start("classes", model="roads", picture="sample:crossing"))
    assert data["settings"]["chosen"] == [6, 0, 20]
    assert [entry["name"] for entry in data["table"]][6] == "Car"
    assert (data["labelled"], data["binary"]) == (True, False)


def test_other_networks_start_with_their_first_classes(start: Start) -> None:
    data = panes(start("classes", model="tiny"))
    assert (data["settings"]["chosen"], data["labelled"]) == ([0, 1, 2], False)


def test_a_binary_network_starts_with_its_object(start: Start) -> None:
    data = panes(start("classes", model="binary"))
    assert (data["binary"], data["settings"]["chosen"], len(data["table"])) == (True, [1], 2)


def test_labels_of_other_classes_are_not_compared_and_the_page_says_so(start: Start, roads: Path) -> None:
    app = start("classes", model="tiny", picture="sample:crossing")
    assert panes(app)["labelled"] is False
    assert any("labels are road classes" in caption.value for caption in app.caption)


def test_salt_is_compared_with_salt_only(start: Start, roads: Path, zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in ("images", "masks"):
        (roads / "salt" / part).mkdir(parents=True)
        Image.fromarray(np.full((9, 9), 200, np.uint8)).save(roads / "salt" / part / "abc.png")
    monkeypatch.setenv("UNET_EXPLORER_SALT_ROOT", str(roads / "salt"))
    salty = roads / "models" / "salty"
    shutil.copytree(zoo("keras3_binary"), salty)
    spec = open_network(salty).input_spec
    write_card(ModelCard("salty", spec, load_class_table("salt")), salty)
    assert panes(start("classes", model="salty", picture="salt:abc"))["labelled"] is True
    assert panes(start("classes", model="salty", picture="sample:crossing"))["labelled"] is False
    assert panes(start("classes", model="roads", picture="salt:abc"))["labelled"] is False


def test_an_address_opens_its_view(start: Start) -> None:
    query = {"classes": "4,1", "hidden": "2", "thresholds": "4:0.25,1:1", "opacity": "35", "mode": "mask", "doubt": "1"}
    settings = panes(start("classes", model="tiny", **query))["settings"]
    assert settings["chosen"] == [4, 1]
    assert settings["hidden"] == [2]
    assert settings["thresholds"] == {"4": 50, "1": 200}
    assert (settings["opacity"], settings["mode"], settings["doubt"], settings["names"]) == (0.35, "mask", True, True)


@pytest.mark.parametrize(
    "query",
    [
        {"classes": "99,-1,x"},
        {"classes": "one"},
        {"thresholds": "1:7"},
        {"thresholds": "a:b"},
        {"thresholds": "1:nan"},
        {"opacity": "101", "mode": "x-ray", "doubt": "yes"},
    ],
)
def test_nonsense_in_an_address_is_survived(start: Start, query: dict[str, str]) -> None:
    settings = panes(start("classes", model="tiny", **query))["settings"]
    assert settings["chosen"] == [0, 1, 2]
    assert (settings["thresholds"], settings["opacity"], settings["mode"]) == ({}, 0.6, "probability")


def test_classes_that_another_network_lacks_are_left_out(start: Start) -> None:
    settings = panes(start("classes", model="tiny", classes="20,3", hidden="25", thresholds="20:0.1,3:0.2"))["settings"]
    assert (settings["chosen"], settings["hidden"], settings["thresholds"]) == ([3], [], {"3": 40})


def test_no_class_at_all_can_be_wished_for(start: Start) -> None:
    assert panes(start("classes", model="tiny", classes="-"))["settings"]["chosen"] == []


def test_a_network_without_a_map_gets_a_sentence(start: Start, house: Path, zoo: Zoo) -> None:
    (house / "models" / "says-one-thing").symlink_to(zoo("classifier"))
    app = start("classes", model="says-one-thing")
    assert not app.exception
    assert "does not end in a map of classes" in app.info[0].value
    assert "unet_class_panes" not in components(app)


@pytest.mark.parametrize("name", sorted(set(MAKERS) - {"classifier"}))
def test_every_kind_of_network_gets_its_page(start: Start, house: Path, zoo: Zoo, name: str) -> None:
    (house / "models" / "any").symlink_to(zoo(name))
    data = panes(start("classes", model="any"))
    assert data["settings"]["chosen"]
    assert max(data["settings"]["chosen"]) < len(data["table"])


@pytest.mark.parametrize("name", ["no_graph", "writes_file", "damaged_variables", "two_images"])
def test_a_model_that_cannot_be_opened_gets_one_sentence(start: Start, house: Path, zoo: Zoo, name: str) -> None:
    assert name in BAD
    (house / "models" / "bad").symlink_to(zoo(name))
    app = start("classes", model="bad")
    assert not app.exception
    assert len(app.error) == 1
    assert "unet_class_panes" not in components(app)


def test_a_label_map_of_another_size_is_named(start: Start, roads: Path) -> None:
    Image.fromarray(np.zeros((5, 5), np.uint8)).save(roads / "samples" / "crossing_label.png")
    app = start("classes", model="roads", picture="sample:crossing")
    assert not app.exception
    assert "label map" in app.error[0].value


def test_the_report_can_be_taken_away(start: Start) -> None:
    app = start("classes", model="tiny")
    assert [button.label for button in app.get("download_button")] == ["Report"]
