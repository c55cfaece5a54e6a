"""Nothing to see: it scrolls a strip of the page sideways until one of its elements is in sight."""

from __future__ import annotations

from unet_explorer.ui.components.assets import make_component

_COMPONENT = make_component("in_sight")


def in_sight(element: str, strip: str, *, key: str) -> None:
    """Mount the component, after the strip; it scrolls once for each element.

    Args:
        element: Streamlit's key of a container.
        strip: that of the one it lies in.
        key: Streamlit's.
    """
    _COMPONENT(key=key, width=1, data={"element": element, "strip": strip})
