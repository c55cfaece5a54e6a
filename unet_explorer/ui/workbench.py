"""The Explore page's two halves, the map of the U and the channel browser, and what they tell each other's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from unet_explorer.ui import state
from unet_explorer.ui.components.assets import base_address
from unet_explorer.ui.components.channel_grid import channel_grid
from unet_explorer.ui.components.u_map import u_map
from unet_explorer.ui.exports import exports
from unet_explorer.ui.network_view import describe_network, first_layer
from unet_explorer.ui.pins import pinned
from unet_explorer.ui.shared import shared

if TYPE_CHECKING:
    from unet_explorer.ui.pickers import Subject

SELECTION = ("layer", "view", "channel")
DRAWING = ("colours", "scaling", "low", "high", "gamma", "overlay", "sort", "rival", "tiles", "area", "camera")


@st.fragment
def workbench(subject: Subject) -> None:
    """Draw both components; an event of theirs reruns only this.

    The components fetch their pixels themselves, and show what was clicked before Python has heard of it: what comes
    back here only keeps the address up to date, and makes the offer anew where the server had lost it.
    """
    view = _existing(state.current(), subject)
    data = subject_data(subject)
    described = describe_network(subject.network)
    settings = {name: getattr(view, name) for name in SELECTION + DRAWING}
    with st.container(key="workbench"):
        u_map(data, described, settings, key="u_map")
        channel_grid(data, described, settings, _pinned(subject), key="channel_grid")
    exports(subject, view, f"{view.layer}:{view.view}" if view.view else view.layer)


def _pinned(subject: Subject) -> Callable[[], None]:
    return lambda: pinned("channel_grid", subject.model, subject.key)


def subject_data(subject: Subject) -> dict[str, Any]:
    """What a component has to know to ask about a subject: routes, token, the picture's name and size, provenance.

    `subject` stays the same for the same model and picture, also after a restart, when the token is another.
    """
    picture = subject.picture
    return {
        "base": base_address(),
        "token": shared().offers.offer(subject.network, picture, subject.key.startswith(state.UPLOAD)),
        "subject": f"{subject.network.digest}-{picture.digest}-{picture.name}",
        "model": subject.model,
        "digest": f"model {subject.network.digest[:12]}, picture {picture.digest[:12]}",
        "picture": {"name": picture.name, "height": picture.height, "width": picture.width},
    }


def _existing(view: state.View, subject: Subject) -> state.View:
    """The view with a layer, view and channel that this network has: an address may be of another network.

    The input is no layer of the browser's: it is the picture.
    """
    layers = {layer.name: layer for layer in subject.network.layers if layer.kind != "input"}
    if view.layer not in layers:
        return state.change(layer=first_layer(subject.network), view="", channel=0)
    layer = layers[view.layer]
    changed: dict[str, Any] = {}
    if view.view and view.view not in layer.views:
        changed["view"] = ""
    if view.channel >= layer.channels:
        changed["channel"] = 0
    return state.change(**changed) if changed else view
