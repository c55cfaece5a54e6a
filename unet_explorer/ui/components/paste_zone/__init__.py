"""Lets a page's upload field take pictures from the clipboard; it shows nothing itself."""

from __future__ import annotations

from unet_explorer.ui.components.assets import make_component

_COMPONENT = make_component("paste_zone")


def paste_zone(field: str, *, key: str) -> None:
    """Mount the listener.

    Args:
        field: Streamlit key of the upload field that gets what is pasted.
        key: Streamlit's.
    """
    _COMPONENT(key=key, data={"field": field}, height=1)
