"""The channel browser: all channels of a layer, one of them large over the picture with its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from unet_explorer.ui import state
from unet_explorer.ui.components.assets import make_component
from unet_explorer.ui.components.telling import mount

_COMPONENT = make_component("channel_grid")


def channel_grid(
    subject: Mapping[str, Any],
    network: Mapping[str, Any],
    settings: Mapping[str, Any],
    on_pin: Callable[[], None],
    *,
    key: str,
) -> None:
    """Mount the channel browser; what the user changes in it goes into the view and the address.

    Args:
        subject: what to ask about, from `subject_data`.
        network: from `describe_network`.
        settings: what it shows when it first appears; afterwards the browser knows better.
        on_pin: called when something is to be pinned; the component's `pin` says what.
        key: Streamlit's.
    """
    described = {name: network[name] for name in ("layers", "classes", "palette", "isMap")}
    data = {**subject, **described, "settings": dict(settings)}
    mount(_COMPONENT, data, state.accept, key=key, on_pin_change=on_pin)
