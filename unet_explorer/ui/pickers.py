"""The bar every page starts with: which model looks at which picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from unet_explorer.errors import UserError
from unet_explorer.ui import library, state
from unet_explorer.ui.components.lifeline import lifeline
from unet_explorer.ui.model_cards import card_facts
from unet_explorer.ui.uploads import uploader
from unet_explorer.ui.wording import literal, sorry

if TYPE_CHECKING:
    from unet_explorer.network import Network
    from unet_explorer.pictures import Picture


PAGES = Path(__file__).resolve().parents[2] / "pages"


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
    names = library.model_names()
    choices = library.picture_choices(state.current().model or next(iter(names), ""))
    with st.container(horizontal=True, vertical_alignment="center", key="bar"):
        _model_picker(state.current(), names)
        _picture_picker(state.current(), choices)
        _upload_picker()
        card = st.container(width="content")
        lifeline()
    view = state.current()
    if not names:
        st.info(NO_MODELS, icon=":material/deployed_code:")
        with st.container(horizontal=True):
            st.page_link(PAGES / "models.py", label="Add a model", icon=":material/deployed_code:")
            st.page_link(PAGES / "train.py", label="Train a network", icon=":material/model_training:")
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
    "There is no model to look into yet. Add a TensorFlow SavedModel folder (the one that holds `saved_model.pb`) on "
    "the Models page, or train one on the Train page: the first lesson takes a minute or two."
)
NO_PICTURES = (
    "There is no picture to look at yet. Upload one with the button above, or set `UNET_EXPLORER_KITTI_ROOT` to a "
    "KITTI semantics folder."
)


def _pick(name: str, label: str, titles: Mapping[str, str], shown: str | None, **looks: Any) -> str | None:
    """Draw a picker that shows `shown`, and give what the user has chosen instead; None where nothing was.

    Python never sets the value of a picker that is on the page: the browser may still send the one before, and nobody
    could tell that from a choice. Where something else has changed what is shown (an upload, Back, another page),
    another picker takes its place, and what is still sent of the one before counts no more.

    Args:
        name: of the keys in the session.
        label: what a screen reader says.
        titles: what is offered, and the words for it, each different: the browser sends them back.
        shown: one of `titles`; None where there are none.
        looks: more of `st.selectbox`.
    """
    context = get_script_run_ctx()
    page = context.page_script_hash if context else ""
    last, turn = st.session_state.get(name, ((page, titles.get(shown or "")), 0))
    turn += last != (page, titles.get(shown or ""))
    chosen = st.selectbox(
        label,
        list(titles),
        index=list(titles).index(shown) if shown else None,
        key=f"{name}_{turn}",
        format_func=lambda key: titles.get(key, key),
        label_visibility="collapsed",
        disabled=not titles,
        **looks,
    )
    st.session_state[name] = (page, titles.get(chosen or "")), turn
    return chosen if chosen != shown else None


def _model_picker(view: state.View, names: list[str]) -> None:
    # An address may name a model that is gone: it stays on show, and the page says what is wrong with it.
    options = names if not view.model or view.model in names else [view.model, *names]
    titles = {name: library.model_title(name) for name in options}
    looks = {"icon": ":material/deployed_code:", "placeholder": "No models", "width": 250}
    chosen = _pick("model_picker", "Model", titles, view.model or next(iter(names), None), **looks)
    if chosen:
        # Where no picture was chosen, another model may look at another one: a zoom into the first says nothing there.
        state.change(model=chosen, layer="", view="", channel=0, camera=view.camera if view.picture else "")


def _picture_picker(view: state.View, choices: list[library.Choice]) -> None:
    titles = picture_titles(choices)
    if view.picture and view.picture not in titles:
        titles[view.picture] = library.picture_title(view.picture)
    looks = {"icon": ":material/image:", "placeholder": "No pictures", "width": 330}
    chosen = _pick("picture_picker", "Picture", titles, view.picture or next(iter(titles), None), **looks)
    if chosen:
        state.change(picture=chosen, camera="")


def picture_titles(choices: Sequence[library.Choice]) -> dict[str, str]:
    """What each choice is called in the picker, by its key; uploads of one name are numbered, the first has none."""
    titles: dict[str, str] = {}
    met = Counter[str]()
    for choice in reversed(choices):
        met[choice.title] += 1
        number = f" ({met[choice.title]})" if met[choice.title] > 1 else ""
        titles[choice.key] = f"{choice.title}{number}  ·  {choice.source}"
    return dict(reversed(titles.items()))


def _start_afresh() -> None:
    state.change(model="", picture="", layer="", view="", channel=0, camera="")


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
            st.html(card_facts(card))
        st.caption(f"{len(network.layers)} layers · runs on {network.device}")
