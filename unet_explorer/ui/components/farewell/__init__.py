"""Nothing to see: it says, once, that the browser has drawn the page as Python last ran it."""

from __future__ import annotations

from unet_explorer.ui.components.assets import make_component

_COMPONENT = make_component("farewell")


def farewell(*, key: str) -> bool:
    """Mount the component, outside of fragments; whether the browser has answered."""
    return _COMPONENT(key=key, width=1, on_seen_change=lambda: None).seen is not None
