"""The Articles page without a browser: every figure leads where it says, whatever models and pictures there are."""

from __future__ import annotations

import html
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.app.conftest import REPOSITORY, Start
from tests.road import road_model
from unet_explorer import open_network, open_picture
from unet_explorer.datasets.seismic import render_sections
from unet_explorer.network.card import read_card
from unet_explorer.training.recipe import load_recipe
from unet_explorer.ui import articles, state
from unet_explorer.ui.answers import ANSWERS, Query
from unet_explorer.ui.offers import Offer
from unet_explorer.unet.presets import load_preset


@pytest.fixture(autouse=True)
def roads(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Article A's shipped network, and a small one that says it is of article E's preset."""
    monkeypatch.setenv("UNET_EXPLORER_DATA_DIR", str(house / "data"))
    monkeypatch.setenv("UNET_EXPLORER_SALT_ROOT", "")
    (house / "models" / "roads").symlink_to(REPOSITORY / "models" / "kitti-16")
    small_network(house / "models" / "wide", "classic-64")


def small_network(folder: Path, preset: str) -> None:
    road_model(folder)
    card = folder / "model_card.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"preset": preset}))


def images(app: AppTest) -> list[str]:
    """The addresses of all figures on the page."""
    assert not app.exception
    bodies = [element.proto.body for element in app.get("html") if "<img" in element.proto.body]
    return [html.unescape(body.split('src="')[1].split('"')[0]) for body in bodies]


def go(app: AppTest, key: str) -> state.View:
    """Where the button of a figure leads."""
    app.button(key=key).click().run()
    assert not app.exception
    view: state.View = app.session_state["unet_view"]
    return view


def test_every_article_has_a_preset_and_a_recipe_of_it() -> None:
    for article in articles.articles():
        load_preset(article.preset)
        assert load_recipe(article.recipe).preset == article.preset


def test_the_figures_of_the_shipped_networks_are_of_layers_they_have() -> None:
    picture = open_picture(REPOSITORY / "sample_images" / "avenue.webp")
    folders = {read_card(folder).preset: folder for folder in sorted(REPOSITORY.glob("models/*/"), reverse=True)}
    for article in articles.articles():
        if not article.figures:
            continue
        network = open_network(folders[article.preset])
        layers = {layer.name: layer for layer in network.layers}
        for figure in article.figures:
            question = urlsplit(articles._image(figure, "", ""))
            query = {name: values[0] for name, values in parse_qs(html.unescape(question.query.split('"')[0])).items()}
            if figure.image:
                assert all(int(one) < len(network.class_table) for one in figure.classes.split(",") if one)
            else:
                assert (figure.channel or 0) < layers[figure.layer].channels
                assert query["layer"] == figure.layer
    body = ANSWERS["painted"].answer(Offer("", network, picture), Query({"width": "96"}))
    assert body[:4] == b"RIFF"


def test_a_figure_opens_as_the_article_means_it(start: Start) -> None:
    app = start("articles", gamma="2.0", sort="mean")
    assert [button.label for button in app.button if "figure_" in (button.key or "")].count("Explore") == 14
    sources = images(app)
    assert len(sources) == 16  # There is no other model to compare with.
    assert all("/maps/" in source for source in sources)
    assert sum("contact?width=640&layer=" in source for source in sources) == 15
    view = go(app, "figure_A_14")
    assert (view.model, view.layer, view.channel) == ("roads", "activation", 6)
    assert (view.gamma, view.sort) == (1.0, "index")


def test_classes_are_shown_on_their_own(start: Start) -> None:
    assert go(start("articles"), "figure_A_15").classes == "0,20,23,4"


def test_two_trainings_are_compared_beside_what_is_pinned_already(start: Start, house: Path) -> None:
    road_model(house / "models" / "kitti-16-article")
    view = go(start("articles", pins="tiny~sample:tower~map~~0"), "figure_A_16")
    assert [pin.split("~")[0] for pin in view.pins.split(";")] == ["tiny", "roads", "kitti-16-article"]
    assert view.pair == "2,3"


def test_what_a_network_does_not_have_is_said_and_leads_nowhere(start: Start, house: Path) -> None:
    small_network(house / "models" / "small", "kitti-16")
    app = start("articles", model="small")
    assert not app.exception
    said = [element.proto.body for element in app.get("html")]
    assert any("This network has no layer conv2d_17." in body for body in said)
    assert app.button(key="no_figure_A_9").disabled
    assert go(app, "figure_A_0").model == "small"


def test_a_network_nobody_described_shows_its_stages(start: Start) -> None:
    app = start("articles", article="E")
    assert "encoder 1" in " ".join(text.value for text in app.markdown).lower()
    assert len(images(app)) > 3


def test_without_a_network_it_can_be_trained(start: Start) -> None:
    app = start("articles", article="B")
    assert "train it" in app.info[0].value
    assert not images(app)
    next(button for button in app.button if button.label == "Train it").click().run()
    assert not app.exception
    assert app.session_state["unet_view"].job == "new"
    assert app.session_state["train_notebook"].origin == "carla-dice"


def test_salt_without_its_pictures_says_so(start: Start, house: Path) -> None:
    (house / "models" / "salt").symlink_to(REPOSITORY / "models" / "tgs-salt")
    app = start("articles", article="D")
    assert any("UNET_EXPLORER_SALT_ROOT" in caption.value for caption in app.caption)
    assert len(images(app)) == 9


def test_of_the_salt_pictures_it_shows_one_with_salt(
    start: Start, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (house / "models" / "salt").symlink_to(REPOSITORY / "models" / "tgs-salt")
    for folder in ("images", "masks"):
        (house / "salt" / folder).mkdir(parents=True)
    for name, rows in (("aa", 0), ("bb", 101), ("cc", 40)):
        Image.new("L", (101, 101), 90).save(house / "salt" / "images" / f"{name}.png")
        mask = np.zeros((101, 101), np.uint8)
        mask[:rows] = 255
        Image.fromarray(mask).save(house / "salt" / "masks" / f"{name}.png")
    monkeypatch.setenv("UNET_EXPLORER_SALT_ROOT", str(house / "salt"))
    assert go(start("articles", article="D"), "figure_D_0").picture == "salt:cc"


def test_without_real_salt_it_shows_a_made_up_section_and_says_so(start: Start, house: Path) -> None:
    (house / "models" / "salt").symlink_to(REPOSITORY / "models" / "tgs-salt")
    render_sections(4, house / "samples" / "seismic")
    app = start("articles", article="D")
    assert any("a section that a program has made up" in caption.value for caption in app.caption)
    assert go(app, "figure_D_0").picture.startswith("seismic:")


def test_a_letter_that_is_none_opens_the_first(start: Start) -> None:
    app = start("articles", article="<b>")
    assert app.subheader[0].value == "Understanding semantic image segmentation with U-Net"
