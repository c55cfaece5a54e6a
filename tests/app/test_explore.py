"""The Explore page without a browser: what it mounts, what its address says, and every sentence it says instead."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest

from tests.app.conftest import Start, picker
from tests.zoo import BAD, MAKERS
from tests.zoo_fixtures import Zoo


def components(app: AppTest) -> dict[str, dict[str, Any]]:
    """The data of each component in sight, by its name."""
    mounted = [element.proto for element in app.get("bidi_component")]
    return {
        proto.component_name: json.loads(proto.json) for proto in mounted if proto.component_name != "unet_lifeline"
    }


def test_the_first_sight_is_the_first_models_first_stage(start: Start) -> None:
    app = start()
    assert not app.exception
    mounted = components(app)
    assert set(mounted) == {"unet_u_map", "unet_channel_grid"}
    assert mounted["unet_channel_grid"]["settings"]["layer"] == "first"
    assert mounted["unet_u_map"]["token"] == mounted["unet_channel_grid"]["token"]
    assert mounted["unet_channel_grid"]["picture"] == {"name": "street", "height": 37, "width": 53}


def test_the_first_model_is_that_of_the_setting_where_it_is_there(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert picker(start(), "Model").options == ["binary", "tiny"]
    monkeypatch.setenv("UNET_EXPLORER_FIRST_MODEL", "tiny")
    app = start()
    assert picker(app, "Model").options == ["tiny", "binary"]
    assert picker(app, "Model").value == "tiny"
    monkeypatch.setenv("UNET_EXPLORER_FIRST_MODEL", "gone")
    assert picker(start(), "Model").value == "binary"


def test_an_address_opens_its_view(start: Start) -> None:
    app = start(model="tiny", picture="sample:tower", layer="conv2d_3", channel="5", colours="gray", scaling="layer")
    grid = components(app)["unet_channel_grid"]
    settings = {name: grid["settings"][name] for name in ("layer", "channel", "colours", "scaling")}
    assert settings == {"layer": "conv2d_3", "channel": 5, "colours": "gray", "scaling": "layer"}
    assert grid["picture"]["height"] == 53
    assert picker(app, "Model").value == "tiny"


@pytest.mark.parametrize(
    "query",
    [
        {"layer": "no_such_layer"},
        {"layer": "picture"},
        {"channel": "9999"},
        {"channel": "minus one"},
        {"view": "x-ray"},
        {"camera": "here", "gamma": "-1", "scaling": "loud"},
    ],
)
def test_nonsense_in_an_address_is_survived(start: Start, query: dict[str, str]) -> None:
    app = start(model="tiny", **query)
    assert not app.exception
    assert not app.error
    settings = components(app)["unet_channel_grid"]["settings"]
    assert (settings["layer"], settings["view"], settings["channel"]) == ("conv2d_1", "", 0)
    assert (settings["gamma"], settings["scaling"], settings["camera"]) == (1.0, "channel", "")


def test_choosing_a_model_starts_at_its_first_stage_and_says_so_in_the_address(start: Start) -> None:
    app = start(model="tiny", layer="conv2d_5", channel="3")
    picker(app, "Model").set_value("binary").run()
    settings = components(app)["unet_channel_grid"]["settings"]
    assert (settings["layer"], settings["channel"]) == ("first", 0)
    assert app.query_params["model"] in ("binary", ["binary"])


def test_choosing_a_picture_keeps_the_layer(start: Start) -> None:
    app = start(model="tiny", layer="conv2d_5", camera="10,10,3.0")
    picker(app, "Picture").set_value("sample:tower").run()
    grid = components(app)["unet_channel_grid"]
    assert (grid["settings"]["layer"], grid["settings"]["camera"]) == ("conv2d_5", "")
    assert grid["picture"]["name"] == "tower"


def test_classes_are_named_in_the_head(start: Start) -> None:
    grid = components(start(model="tiny", layer="activation"))["unet_channel_grid"]
    layers = {layer["name"]: layer for layer in grid["layers"]}
    assert layers["activation"]["named"]
    assert len(grid["classes"]) == layers["activation"]["size"][2] == 5


def test_without_models_the_page_says_where_to_put_one(start: Start, house: Path) -> None:
    shutil.rmtree(house / "models")
    app = start()
    assert not app.exception
    assert "SavedModel" in app.info[0].value
    assert picker(app, "Model").disabled
    assert [link.proto.page for link in app.get("page_link")] == ["models", "train"]


def test_without_pictures_the_page_says_how_to_get_one(start: Start, house: Path) -> None:
    shutil.rmtree(house / "samples")
    app = start()
    assert not app.exception
    assert "Upload" in app.info[0].value


def test_a_model_that_is_gone_is_named_with_close_names(start: Start) -> None:
    app = start(model="tini")
    assert not app.exception
    assert "'tini'" in app.error[0].value
    assert "tiny" in app.error[0].value


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_model_that_cannot_be_opened_gets_one_sentence(start: Start, house: Path, zoo: Zoo, name: str) -> None:
    folder = zoo(name)
    (house / "models" / "bad").symlink_to(folder)
    app = start(model="bad")
    assert not app.exception
    assert len(app.error) == 1
    assert "Traceback" not in app.error[0].value
    assert not components(app)
    if name == "no_graph":
        assert "is no SavedModel" in app.error[0].value


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_every_kind_of_model_gets_its_page(start: Start, house: Path, zoo: Zoo, name: str) -> None:
    (house / "models" / "any").symlink_to(zoo(name))
    app = start(model="any")
    assert not app.exception
    assert not app.error
    network = components(app)["unet_u_map"]["network"]
    assert network["shape"] == ("graph" if name in ("chain", "classifier", "broken_numbers") else "u")


def test_a_picture_that_is_gone_gets_one_sentence(start: Start) -> None:
    for key in ("sample:unicorn", "upload:0123", "kitti:000000_10", "/etc/passwd", "sample:../../secret"):
        app = start(model="tiny", picture=key)
        assert not app.exception, key
        assert len(app.error) == 1, key


@pytest.mark.parametrize("nasty", ["![x](http://evil.invalid/x.png)", "www.evil.invalid", ":red[x] **b** `c` <b>"])
@pytest.mark.parametrize("part", ["model", "picture"])
def test_what_an_address_says_is_not_markup(start: Start, part: str, nasty: str) -> None:
    said = start(**{"model": "tiny", part: nasty}).error[0].value
    assert nasty in said.replace("\\", "").replace("\u2060", "")
    assert not re.search(r"(?<!\\)[!\[\]()*`<>]|(?<!\\)://|www\.", said)


def test_uploads_open_or_say_why_not(start: Start, house: Path) -> None:
    app = start(model="tiny")
    good = (house / "samples" / "tower.png").read_bytes()
    files = [("page.png", b"<html></html>", "image/png"), ("mine.png", good, "image/png")]
    app.file_uploader(key="upload").set_value(files).run()
    assert not app.exception
    picture = components(app)["unet_channel_grid"]["picture"]
    assert (picture["name"], picture["height"]) == ("mine.png", 53)
    assert "page.png" in app.error[0].value
    assert "picture" not in app.query_params


def test_what_the_browser_still_says_of_the_picker_before_does_not_undo_an_upload(start: Start, house: Path) -> None:
    app = start(model="tiny", picture="sample:street")
    pickers = [widget for widget in app._tree.get_widget_states().widgets if "picker" in widget.id]
    tower = ("tower.png", (house / "samples" / "tower.png").read_bytes(), "image/png")
    app.file_uploader(key="upload").set_value([tower]).run()
    # A browser that has not read the answer yet says of its pickers what it said before the upload.
    stale = {widget.id: widget for widget in (*app._tree.get_widget_states().widgets, *pickers)}
    app._run(WidgetStates(widgets=stale.values()))
    assert components(app)["unet_channel_grid"]["picture"]["name"] == "tower.png"
    assert "picture" not in app.query_params
    picker(app, "Picture").set_value("sample:street").run()
    assert components(app)["unet_channel_grid"]["picture"]["name"] == "street"


def test_uploads_of_one_name_are_told_apart(start: Start, house: Path) -> None:
    files = [("a.png", (house / "samples" / f"{name}.png").read_bytes(), "image/png") for name in ("street", "tower")]
    app = start(model="tiny")
    app.file_uploader(key="upload").set_value(files).run()
    app.run()
    assert components(app)["unet_channel_grid"]["picture"]["height"] == 53
    assert picker(app, "Picture").options[:2] == ["a.png (2)  ·  Yours", "a.png  ·  Yours"]


def test_a_file_taken_out_of_the_uploader_is_gone_and_the_others_stay(start: Start, house: Path) -> None:
    app = start(model="tiny")
    files = [
        (f"{name}.png", (house / "samples" / f"{name}.png").read_bytes(), "image/png") for name in ("tower", "street")
    ]
    tower, street = files
    app.file_uploader(key="upload").set_value([tower, street]).run()
    assert [one.name for one in app.session_state["unet_uploads"].values()] == ["street.png", "tower.png"]
    app.file_uploader(key="upload").set_value([tower]).run()
    assert not app.exception
    assert [one.name for one in app.session_state["unet_uploads"].values()] == ["tower.png"]
    app.file_uploader(key="upload").set_value([]).run()
    assert not app.exception
    assert not app.session_state["unet_uploads"]
    assert components(app)["unet_channel_grid"]["picture"]["name"] == "street"


def test_a_broken_address_leads_back_to_a_page_that_works(start: Start) -> None:
    app = start(model="tini", picture="sample:unicorn", layer="x")
    app.button[0].click().run()
    assert not app.error
    assert components(app)["unet_channel_grid"]["settings"]["layer"] == "first"


def test_a_file_that_changes_is_opened_again(start: Start, house: Path) -> None:
    app = start(picture="sample:street")
    before = components(app)["unet_channel_grid"]["token"]
    street = house / "samples" / "street.png"
    pixels = np.array(Image.open(street))
    pixels[0, 0] ^= 1
    Image.fromarray(pixels).save(street)
    os.utime(street, ns=(1, 1))
    assert components(app.run())["unet_channel_grid"]["token"] != before
