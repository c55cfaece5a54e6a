"""The Compare page below its bar: fill the tray, look at it, empty it."""

from __future__ import annotations

import dataclasses
from typing import Any

import streamlit as st

from unet_explorer.errors import LayerError, UserError
from unet_explorer.network import Network
from unet_explorer.ui import library, pins, state
from unet_explorer.ui.components.compare_panes import compare_panes
from unet_explorer.ui.features import PROBABILITIES
from unet_explorer.ui.pickers import Subject
from unet_explorer.ui.pins import Pin
from unet_explorer.ui.shared import shared
from unet_explorer.ui.wording import literal


def compare_view(subject: Subject) -> None:
    """Draw the tray and the ways to fill it."""
    here = Pin(subject.model, subject.key, "map")
    _ways_in(here, subject.network)
    filled = bool(pins.tray())
    if not filled:
        _examples(here)
    _tray(filled)


def _ways_in(here: Pin, network: Network) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="compare_bar"):
        _adder(offers_of(network, here))
        others = [name for name in library.model_names() if name != here.model]
        _pair_menu("With another model", ":material/deployed_code:", {name: name for name in others}, here, "model")
        pictures = {
            choice.key: choice.title for choice in library.picture_choices(here.model) if choice.key != here.picture
        }
        _pair_menu("With another picture", ":material/image:", pictures, here, "picture")
        if pins.tray():
            st.button("Clear", icon=":material/delete_sweep:", on_click=pins.keep, args=([],), help="Empty the tray")


def _examples(here: Pin) -> None:
    """What a newcomer may want to see, a click each."""
    st.info(
        "Nothing is pinned yet. Begin with one of these, add a view above, or use the pin buttons on the Explore, "
        "Classes and Pictures pages. Up to eight views stand side by side here, with one zoom for all and the "
        "difference of any two.",
        icon=":material/keep:",
    )
    models = [name for name in library.model_names() if name != here.model]
    choices = {choice.key: choice.title for choice in library.picture_choices(here.model)}
    with st.container(horizontal=True, key="compare_examples"):
        if models:
            both = " and ".join(literal(library.model_title(name)) for name in (here.model, models[0]))
            st.button(
                f"Class maps of {both}",
                icon=":material/deployed_code:",
                on_click=_pin,
                args=pair(here, [], "model", models[0]),
            )
        other = next((key for key in choices if key != here.picture), None)
        if other is not None:
            label = f"{literal(choices.get(here.picture, here.picture))} and {literal(choices[other])}"
            st.button(label, icon=":material/image:", on_click=_pin, args=pair(here, [], "picture", other))


def offers_of(network: Network, here: Pin) -> dict[str, Pin]:
    """What of a network and a picture can be pinned: title -> pin."""
    found = [dataclasses.replace(here, kind="picture")]
    if network.output.is_map:
        found.insert(0, dataclasses.replace(here, kind="map"))
        found += [dataclasses.replace(here, kind="class", number=entry.id) for entry in network.class_table]
    layers = [layer for layer in network.layers if layer.kind != "input"]
    found += [dataclasses.replace(here, kind="layer", layer=layer.name) for layer in layers]
    names = network.class_table.names
    return {("Class " if one.kind == "class" else "") + one.title(names): one for one in found}


def _adder(offered: dict[str, Pin]) -> None:
    """A list that pins what is chosen and is empty again: under a new key, because a chosen value cannot be taken back.

    No callback: a choice made while the browser reconnects comes with the first run of a new session, which calls none.
    """
    times = st.session_state.get("compare_added", 0)
    title = st.selectbox(
        "Add a view of this model and picture",
        list(offered),
        index=None,
        key=f"compare_add_{times}",
        placeholder="Add a view of this model and picture",
        label_visibility="collapsed",
        icon=":material/add:",
        width=330,
    )
    if title in offered:
        st.session_state["compare_added"] = times + 1
        st.toast(pins.pin(offered[title]), icon=":material/keep:")
        st.rerun()


def _pair_menu(label: str, icon: str, options: dict[str, str], here: Pin, name: str) -> None:
    """A menu of what else to compare with; choosing pins both."""
    st.menu_button(
        label,
        list(options),
        key=f"compare_{name}",
        format_func=lambda key: options.get(key, str(key)),
        on_click=_paired,
        args=(here, name),
        icon=icon,
        disabled=not options,
        help=f"Pin the class map (or what was pinned last) of this and another {name}"
        if options
        else f"There is only one {name}: add another one first",
    )


def _paired(here: Pin, name: str) -> None:
    other = st.session_state[f"compare_{name}"]
    if other is not None:
        _pin(*pair(here, pins.tray(), name, other))


def _pin(*new: Pin) -> None:
    st.toast(pins.pin(*new), icon=":material/keep:")


def pair(here: Pin, kept: list[Pin], name: str, other: str) -> tuple[Pin, Pin]:
    """What to compare: the view of this model and picture that was pinned last (else `here`), and the same of another.

    Args:
        here: a view of the model and picture on show.
        kept: the tray.
        name: "model" or "picture", whichever the other one is.
        other: the other model or picture.
    """
    last = next((one for one in reversed(kept) if (one.model, one.picture) == (here.model, here.picture)), here)
    return last, Pin(**{**vars(last), name: other})


@st.fragment
def _tray(filled: bool) -> None:
    kept = pins.tray()
    if bool(kept) != filled:
        st.rerun()  # The rest of the page was drawn for a tray that was filled, or empty.
    if kept:
        compare_panes([_pane(one) for one in kept], state.current(), _remove, key="compare_panes")


def _remove(written: str) -> None:
    pins.keep([one for one in pins.tray() if one.written() != written])


def _pane(one: Pin) -> dict[str, Any]:
    """What the browser has to know of a pin; an error stands in its own pane and nowhere else."""
    said = {"id": one.written(), "kind": one.kind, "model": one.model, "picture": one.picture, "title": one.title()}
    try:
        network, picture = library.open_model(one.model), library.open_choice(one.picture)
        _check(one, network)
    except UserError as error:
        return {**said, "error": str(error)}
    table = network.class_table
    return {
        **said,
        "title": one.title(table.names),
        "picture": picture.name,
        "token": shared().offers.offer(network, picture, one.picture.startswith(state.UPLOAD)),
        "query": _query(one, network),
        "size": [picture.height, picture.width],
        "table": [{"id": entry.id, "name": entry.name, "colour": list(entry.colour)} for entry in table],
    }


def _check(one: Pin, network: Network) -> None:
    """Whether the network has what was pinned.

    Raises:
        LayerError, ClassTableError: it has not.
    """
    if one.kind in ("map", "class") and not network.output.is_map:
        raise LayerError(f"{network.name} does not end in a map of classes: pin one of its layers instead.")
    if one.kind == "class":
        network.class_table[one.number]
    if one.kind in ("channel", "layer"):
        layer = network.layer(one.layer)
        if one.kind == "channel" and one.number >= layer.channels:
            raise LayerError(
                f"{layer.name} of {network.name} has {layer.channels} channels: there is no {one.number + 1}."
            )


def _query(one: Pin, network: Network) -> dict[str, Any]:
    """The question and its parts; `flip` makes 1 - p of a single probability."""
    if one.kind == "class":
        single = network.output.channels == 1
        channel = 0 if single else one.number
        return {
            "ask": "values",
            "with": {"layer": PROBABILITIES, "channels": channel},
            "flip": single and one.number == 0,
        }
    asked = {
        "picture": {"ask": "picture", "with": {}},
        "map": {"ask": "overview", "with": {}},
        "channel": {"ask": "values", "with": {"layer": one.layer, "channels": one.number}},
        "layer": {"ask": "magnitude", "with": {"layer": one.layer}},
    }
    return asked[one.kind]
