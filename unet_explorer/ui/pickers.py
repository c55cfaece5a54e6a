"""The bar every page starts with: which model looks at which picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from unet_explorer.errors import UserError
from unet_explorer.ui import library, state
from unet_explorer.ui.components.lifeline import lifeline
from unet_explorer.ui.uploads import uploader
from unet_explorer.ui.wording import literal, sorry

if TYPE_CHECKING:
    from unet_explorer.network import Network
    from unet_explorer.pictures import Picture


@dataclass(frozen=True)
class Subject:
    """What a page is about: the network `model` of the library, and the picture behind `key`."""

    network: Network
    picture: Picture
    model: str
    key: str


def choose_subject() -> Subject | None:
    """Draw the bar and open what it says; None where there is nothing to show yet, which the page then says and stops.

    Every error is one sentence in place of the page's content.
    """
    view = state.current()
    names = library.model_names()
    choices = library.picture_choices()
    with st.container(horizontal=True, vertical_alignment="center", key="bar"):
        _model_picker(view, names)
        _picture_picker(view, choices)
        _upload_picker()
        card = st.container(width="content")
        lifeline()
    if not names:
        st.info(NO_MODELS, icon=":material/deployed_code:")
        return None
    if not choices and not view.picture:
        st.info(NO_PICTURES, icon=":material/image:")
        return None
    try:
        model, key = view.model or names[0], view.picture or choices[0].key
        with card, st.spinner("Opening the network …"):
            network, picture = library.open_model(model), library.open_choice(key)
    except UserError as error:
        sorry(error)
        st.button("Open the first model and picture", on_click=_start_afresh, icon=":material/restart_alt:")
        return None
    with card:
        _card(network)
    for notice in picture.notices:
        st.caption(f":material/info: {literal(notice)}")
    return Subject(network, picture, model, key)


NO_MODELS = (
    "There is no model to look into yet. Put a TensorFlow SavedModel folder (the one that holds `saved_model.pb`) into "
    "the `models` folder, or train one: `python -m unet_explorer train --help`."
)
NO_PICTURES = (
    "There is no picture to look at yet. Upload one with the button above, or set `UNET_EXPLORER_KITTI_ROOT` to a "
    "KITTI semantics folder."
)


def _key(name: str) -> str:
    """A widget's key: another one after Back: what the browser still sends of the page before counts no more."""
    return name + state.visit()


def _model_picker(view: state.View, names: list[str]) -> None:
    # An address may name a model that is gone: it stays on show, and the page says what is wrong with it.
    options = names if not view.model or view.model in names else [view.model, *names]
    key = _key("model_picker")
    st.session_state[key] = view.model or next(iter(names), None)
    st.selectbox(
        "Model",
        options,
        key=key,
        format_func=library.model_title,
        on_change=_model_chosen,
        args=(key,),
        label_visibility="collapsed",
        disabled=not names,
        icon=":material/deployed_code:",
        placeholder="No models",
        width=250,
    )


def _start_afresh() -> None:
    state.change(model="", picture="", layer="", view="", channel=0, camera="")


def _model_chosen(key: str) -> None:
    if key == _key("model_picker"):
        state.change(model=st.session_state[key], layer="", view="", channel=0)


def _picture_picker(view: state.View, choices: list[library.Choice]) -> None:
    titles = {choice.key: f"{choice.title}  ·  {choice.source}" for choice in choices}
    if view.picture and view.picture not in titles:
        titles[view.picture] = view.picture
    key = _key("picture_picker")
    st.session_state[key] = view.picture or next(iter(titles), None)
    st.selectbox(
        "Picture",
        list(titles),
        key=key,
        format_func=lambda choice: titles.get(choice, str(choice)),
        on_change=_picture_chosen,
        args=(key,),
        label_visibility="collapsed",
        disabled=not titles,
        icon=":material/image:",
        placeholder="No pictures",
        width=330,
    )


def _picture_chosen(key: str) -> None:
    if key == _key("picture_picker"):
        state.change(picture=st.session_state[key], camera="")


def _upload_picker() -> None:
    with st.popover("Upload", icon=":material/upload:", help="Your own picture; it stays in this browser tab only"):
        uploader("Pictures (PNG, JPEG, WebP, BMP, TIFF)", "upload")


def _card(network: Network) -> None:
    card = network.card
    with st.popover("About this model", icon=":material/info:"):
        st.markdown(f"**{literal(card.title or card.name if card else network.name)}**")
        if card is None:
            st.caption("It has no model card: classes are numbered, and pictures are fitted as its input says.")
        else:
            st.write(literal(card.description))
            for label, value in (("Licence", card.licence), ("Preset", card.preset)):
                if value:
                    st.markdown(f":gray[{label}] {literal(value)}")
            for label, values in (("Data", card.data), ("Scores", card.scores)):
                if values:
                    st.markdown(f":gray[{label}]")
                    st.json(values, expanded=1)
        st.caption(f"{len(network.layers)} layers · runs on {network.device}")
