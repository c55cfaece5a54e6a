"""The map of the U: stages with live thumbnails, skips as arrows, and every layer in a searchable list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unet_explorer.ui.components.assets import make_component

_COMPONENT = make_component("u_map")


def u_map(subject: Mapping[str, Any], network: Mapping[str, Any], settings: Mapping[str, Any], *, key: str) -> None:
    """Mount the map.

    Args:
        subject: what to ask about, from `subject_data`.
        network: from `describe_network`.
        settings: at least `layer`, `view` and `channel`: what is selected when it first appears.
        key: Streamlit's.
    """
    selection = {name: settings[name] for name in ("layer", "view", "channel")}
    data = {**subject, "network": dict(network), "settings": selection}
    _COMPONENT(key=key, data=data)
