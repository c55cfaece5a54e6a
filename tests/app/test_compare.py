"""The Compare page without a browser: filling, emptying and addressing the tray."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import Start
from tests.app.test_explore import components
from tests.zoo_fixtures import Zoo
from unet_explorer.ui.compare_view import pair
from unet_explorer.ui.pins import MOST, Pin, read

STREET = "sample:street"


def written(*pins: Pin) -> str:
    return ";".join(pin.written() for pin in pins)


def panes(app: AppTest) -> list[dict[str, Any]]:
    assert not app.exception
    found: list[dict[str, Any]] = components(app)["unet_compare_panes"]["panes"]
    return found


def address(app: AppTest) -> list[Pin]:
    text = app.query_params.get("pins", [""])
    return [read(part) for part in (text if isinstance(text, str) else text[0]).split(";") if part]


def adder(app: AppTest) -> Any:
    return next(box for box in app.selectbox if box.label.startswith("Add a view"))


def test_an_empty_tray_says_how_to_fill_it(start: Start) -> None:
    app = start("compare", model="tiny")
    assert "Nothing is pinned yet" in app.info[0].value
    assert "Clear" not in [button.label for button in app.button]


def test_every_kind_of_view_is_mounted_with_its_question(start: Start) -> None:
    pins = (
        Pin("tiny", STREET, "map"),
        Pin("tiny", STREET, "class", number=3),
        Pin("tiny", STREET, "channel", "conv2d_3:pre_activation", 2),
        Pin("tiny", STREET, "layer", "conv2d_5"),
        Pin("tiny", "sample:tower", "picture"),
        Pin("binary", STREET, "class", number=0),
    )
    found = panes(start("compare", pins=written(*pins)))
    assert [pane["query"]["ask"] for pane in found] == [
        "overview",
        "values",
        "values",
        "magnitude",
        "picture",
        "values",
    ]
    assert found[1]["query"]["with"] == {"layer": "@probabilities", "channels": 3}
    assert found[2]["query"]["with"] == {"layer": "conv2d_3:pre_activation", "channels": 2}
    assert found[5]["query"] == {"ask": "values", "with": {"layer": "@probabilities", "channels": 0}, "flip": True}
    assert [pane["title"] for pane in found[:3]] == ["Class map", "Class 3", "conv2d_3:pre_activation, channel 3"]
    assert found[4]["size"] == [53, 37]
    assert found[0]["token"] == found[1]["token"] != found[5]["token"]


@pytest.mark.parametrize(
    ("pin", "words"),
    [
        (Pin("gone", STREET, "map"), "'gone'"),
        (Pin("tiny", "sample:unicorn", "map"), "'sample:unicorn'"),
        (Pin("tiny", STREET, "class", number=77), "no class 77"),
        (Pin("tiny", STREET, "layer", "conv2d_l"), "did you mean"),
        (Pin("tiny", STREET, "channel", "conv2d_1", 99), "no 100"),
        (Pin("tiny", STREET, "channel", "conv2d_1:x-ray", 0), "x-ray"),
        (Pin("classifier", STREET, "map"), "does not end in a map"),
    ],
)
def test_what_cannot_be_shown_says_so_in_its_own_pane(
    start: Start, house: Path, zoo: Zoo, pin: Pin, words: str
) -> None:
    (house / "models" / "classifier").symlink_to(zoo("classifier"))
    found = panes(start("compare", model="tiny", pins=written(pin, Pin("tiny", STREET, "map"))))
    assert words in found[0]["error"]
    assert "error" not in found[1]


def test_nonsense_in_an_address_is_left_out(start: Start) -> None:
    assert (
        len(panes(start("compare", model="tiny", pins=f"what;~~;{Pin('tiny', STREET, 'map').written()};a~b~c~d~e")))
        == 1
    )


def test_a_view_is_added_from_the_list_and_stands_in_the_address(start: Start) -> None:
    app = start("compare", model="tiny")
    adder(app).set_value("Class Class 2").run()
    adder(app).set_value("conv2d_3, mean magnitude").run()
    assert [pane["kind"] for pane in panes(app)] == ["class", "layer"]
    assert address(app) == [Pin("tiny", STREET, "class", "", 2), Pin("tiny", STREET, "layer", "conv2d_3")]
    assert adder(app).value is None


def test_pairs_take_what_was_pinned_last_of_this_model_and_picture() -> None:
    here = Pin("tiny", STREET, "map")
    channel = Pin("tiny", STREET, "channel", "conv2d_3", 1)
    elsewhere = Pin("binary", STREET, "picture")
    assert pair(here, [], "model", "binary") == (here, Pin("binary", STREET, "map"))
    assert pair(here, [channel, elsewhere], "picture", "sample:tower") == (
        channel,
        Pin("tiny", "sample:tower", "channel", "conv2d_3", 1),
    )


def test_the_tray_holds_eight_and_says_when_it_is_full(start: Start) -> None:
    pins = [Pin("tiny", STREET, "channel", "conv2d_5", number) for number in range(MOST)]
    app = start("compare", model="tiny", pins=written(*pins))
    adder(app).set_value("Class map").run()
    assert len(panes(app)) == MOST
    assert "full" in app.toast[0].value


def test_the_tray_is_emptied(start: Start) -> None:
    app = start("compare", model="tiny", pins=Pin("tiny", STREET, "map").written())
    next(button for button in app.button if button.label == "Clear").click().run()
    assert "Nothing is pinned yet" in app.info[0].value
    assert "pins" not in app.query_params
