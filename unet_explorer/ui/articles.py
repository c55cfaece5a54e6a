"""The Articles page: what each article teaches, and its figures, alive."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from unet_explorer.errors import UserError
from unet_explorer.network.card import read_card
from unet_explorer.ui import library, pins, state
from unet_explorer.ui.components.assets import base_address
from unet_explorer.ui.features import PROBABILITIES
from unet_explorer.ui.network_view import speakers
from unet_explorer.ui.pickers import Subject
from unet_explorer.ui.training.draft import begin_with
from unet_explorer.ui.training.notebook import notebook
from unet_explorer.ui.wording import literal, sorry
from unet_explorer.ui.workbench import subject_data

PAGES = Path(__file__).resolve().parents[2] / "pages"
SHEET_WIDTH = 640
LOOKED_THROUGH = 20
# What a figure is shown with, whatever was set before.
PLAIN = state.View()
AFRESH = {
    name: getattr(PLAIN, name) for name in ("view", "camera", "sort", "scaling", "overlay", "gamma", "hidden", "mode")
}


@dataclass(frozen=True)
class Figure:
    """One figure of an article.

    Attributes:
        title: what it is called.
        text: what there is to see.
        page: where it lives: "explore", "classes" or "compare".
        image: "" all channels of `layer`, or one; "map" the class map; "classes" the probabilities of `classes`.
        layer: of the network, on the Explore page.
        channel: from 0; None: all of them.
        classes: ids, as in an address.
        area: of the Explore page.
        rival: the model to compare with.
    """

    title: str
    text: str
    page: str = "explore"
    image: str = ""
    layer: str = ""
    channel: int | None = None
    classes: str = ""
    area: str = "tiles"
    rival: str = ""


@dataclass(frozen=True)
class Article:
    """One article.

    Attributes:
        letter: it is known by.
        short: a few words for choosing it.
        title: its own.
        preset: of its network.
        recipe: that trains it as the article does.
        about: what it teaches, Markdown.
        figures: empty: the last convolution of each stage of a network of its preset, where there is one.
        picture: "salt" where its pictures are of salt.
    """

    letter: str
    short: str
    title: str
    preset: str
    recipe: str
    about: str
    figures: tuple[Figure, ...] = ()
    picture: str = ""


@cache
def articles() -> tuple[Article, ...]:
    """All of them, in their order."""
    rows: list[dict[str, Any]] = json.loads(Path(__file__).with_name("articles.json").read_text("utf-8"))
    return tuple(
        Article(**row | {"figures": tuple(Figure(**figure) for figure in row.get("figures", ()))}) for row in rows
    )


def article_page() -> None:
    """Draw the page: the words at once, the figures as their network has been opened."""
    told = {article.letter: article for article in articles()}
    letter = state.current().article
    article = told.get(letter, articles()[0])
    st.segmented_control(
        "Article",
        list(told),
        default=article.letter,
        key=f"article_picker_{article.letter}{state.visit()}",
        format_func=lambda one: f"{one} · {told[one].short}",
        label_visibility="collapsed",
        on_change=_article_chosen,
        args=(article.letter,),
    )
    st.subheader(article.title, anchor=False)
    with st.container(width=900):
        st.markdown(article.about)
    models = models_of(article.preset)
    model = _model(article, models)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Train it", icon=":material/model_training:", help=f"Open the Train page with {article.recipe}"):
            notebook().begin(begin_with(article.recipe), article.recipe)
            state.change(job="new")
            st.switch_page(PAGES / "train.py")
        if len(models) > 1:
            _network_picker(article, models, model)
    if not model:
        st.info(
            "No trained network of this kind is here yet, so its figures are still to be made: train it, and they "
            "appear here.",
            icon=":material/model_training:",
        )
        return
    _figures(article, model)


def _article_chosen(letter: str) -> None:
    chosen = st.session_state.get(f"article_picker_{letter}{state.visit()}")
    # A click on the chosen one clears it: it stays.
    state.change(article=chosen or letter)


def models_of(preset: str) -> list[str]:
    """Names of the models that say they are of a preset."""
    return [name for name, folder in library.model_folders().items() if _preset(folder) == preset]


def _preset(folder: Path) -> str:
    try:
        card = read_card(folder)
    except UserError:
        return ""
    return card.preset if card is not None else ""


def _model(article: Article, models: list[str]) -> str:
    """The model on show where it is of this article, else the first; empty for none."""
    on_show = state.current().model
    return on_show if on_show in models else next(iter(models), "")


def _network_picker(article: Article, models: list[str], model: str) -> None:
    key = f"article_model_{article.letter}_{model}{state.visit()}"
    st.selectbox(
        "Network",
        models,
        index=models.index(model),
        key=key,
        format_func=library.model_title,
        label_visibility="collapsed",
        icon=":material/deployed_code:",
        width=260,
        on_change=_network_chosen,
        args=(key,),
    )


def _network_chosen(key: str) -> None:
    state.change(model=st.session_state[key], layer="", view="", channel=0)


def _picture(article: Article) -> str:
    """The picture on show where it fits the article, else the first that does."""
    on_show = state.current().picture
    if article.picture == "salt":
        first = on_show if on_show.startswith(library.OF_SALT) else _telling_salt()
        if not first.startswith(library.SALT):
            another = "a section that a program has made up" if first else "another picture"
            st.caption(
                f":material/info: The salt pictures may not be passed on, so here the network looks at {another}. "
                "Name your copy of them in `UNET_EXPLORER_SALT_ROOT`."
            )
        if first:
            return first
    elif on_show and not on_show.startswith(library.OF_SALT):
        return on_show
    choices = library.picture_choices("")
    return on_show or (choices[0].key if choices else "")


def _telling_salt() -> str:
    """The first picture of salt with a fair share of it, else the first; empty where there is none."""
    keys = [choice.key for choice in library.salt_choices()[:LOOKED_THROUGH]]
    for key in keys:
        with suppress(UserError):
            labels = library.open_choice(key).label_map
            if labels is not None and 0.2 < (labels > 0).mean() < 0.8:
                return key
    return next(iter(keys), "")


def _figures(article: Article, model: str) -> None:
    key = _picture(article)
    if not key:
        st.info("There is no picture to look at yet: add one on the Pictures page.", icon=":material/image:")
        return
    grid = st.grid(min_column_width=330, border=True, gap="medium", key=f"figures_{article.letter}")
    places = []
    for number, figure in enumerate(shown_figures(article, model)):
        with grid.cell():
            image = st.empty()
            image.html('<div class="figure" role="presentation"></div>')
            places.append((figure, image, _words(figure, f"{article.letter}_{number}", model, key)))
    try:
        network, picture = library.open_model(model), library.open_choice(key)
    except UserError as error:
        sorry(error)
        return
    subject = Subject(network, picture, model, key)
    address = f"{base_address()}/maps/{subject_data(subject)['token']}/"
    layers = {layer.name: layer.channels for layer in network.layers}
    for number, (figure, image, button) in enumerate(places):
        if figure.layer and (figure.channel or 0) >= layers.get(figure.layer, 0):
            image.html(f'<div class="figure">This network has no {html.escape(_what(figure))}.</div>')
            button.button(figure.page.capitalize(), key=f"no_figure_{article.letter}_{number}", disabled=True)
        else:
            image.html(_image(figure, address, f"{figure.title}: {model}, {picture.name}"))
    if not article.figures:
        for number, figure in enumerate(stage_figures(subject)):
            with grid.cell():
                st.html(_image(figure, address, f"{figure.title}: {model}, {picture.name}"))
                _words(figure, f"{article.letter}_{number}", model, key)


def shown_figures(article: Article, model: str) -> list[Figure]:
    """The figures of an article as far as there is a model to compare with, never one with itself."""
    names = library.model_names()
    rivals = {figure: article.preset if figure.rival == model else figure.rival for figure in article.figures}
    return [replace(figure, rival=rival) for figure, rival in rivals.items() if not rival or rival in names]


def _what(figure: Figure) -> str:
    return f"layer {figure.layer}" if figure.channel is None else f"channel {figure.channel + 1} of {figure.layer}"


def stage_figures(subject: Subject) -> Iterator[Figure]:
    """For a network whose figures nobody has described: each stage by the layer that stands for it."""
    layers = {layer.name: layer for layer in subject.network.layers}
    for stage, name in speakers(subject.network.layers).items():
        layer = layers[name]
        size = f" of {layer.height} × {layer.width}" if layer.height and layer.width else ""
        yield Figure(stage.capitalize(), f"{layer.channels} channels{size}: {name}.", layer=name)


def _words(figure: Figure, key: str, model: str, picture: str) -> DeltaGenerator:
    """What there is to see, and the way there; returns the place of its button."""
    st.markdown(f"**{literal(figure.title)}**")
    st.caption(literal(figure.text))
    icon = {"explore": "grid_view", "classes": "palette", "compare": "compare"}[figure.page]
    place = st.empty()
    if place.button(figure.page.capitalize(), key=f"figure_{key}", icon=f":material/{icon}:", help=figure.title):
        show(figure, model, picture)
    return place


def show(figure: Figure, model: str, picture: str) -> None:
    """Go to a figure, drawn as the article means it."""
    state.change(
        model=model,
        picture=picture,
        layer=figure.layer,
        channel=figure.channel or 0,
        area=figure.area,
        classes=figure.classes,
        **AFRESH,
    )
    if figure.rival:
        _compare(pins.Pin(model, picture, "map"), pins.Pin(figure.rival, picture, "map"))
    st.switch_page(PAGES / f"{figure.page}.py")


def _compare(first: pins.Pin, second: pins.Pin) -> None:
    """Put both into the tray, beside what is there, and subtract them."""
    st.toast(pins.pin(first, second), icon=":material/keep:")
    tray = pins.tray()
    if first in tray and second in tray and first != second:
        state.change(pair=f"{tray.index(first) + 1},{tray.index(second) + 1}")


def _image(figure: Figure, address: str, alt: str) -> str:
    """The picture of a figure: made by the server when the browser comes to it."""
    query: dict[str, Any] = {"width": SHEET_WIDTH}
    if figure.image == "classes":
        query |= {"layer": PROBABILITIES, "channels": figure.classes}
    elif not figure.image:
        query |= {"layer": figure.layer}
        if figure.channel is not None:
            query["channels"] = figure.channel
    question = "painted" if figure.image == "map" else "contact"
    source = html.escape(f"{address}{question}?{urlencode(query)}")
    return f'<img class="figure" src="{source}" alt="{html.escape(alt)}" loading="lazy">'
