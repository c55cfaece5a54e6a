"""Views of any models and pictures side by side, with one camera, and the difference of two of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from unet_explorer.ui import state
from unet_explorer.ui.components.assets import base_address, make_component
from unet_explorer.ui.components.telling import mount

_COMPONENT = make_component("compare_panes")

DRAWING = ("colours", "scaling", "under", "pair", "camera")


def compare_panes(
    panes: Sequence[Mapping[str, Any]], view: state.View, on_remove: Callable[[str], None], *, key: str
) -> None:
    """Mount the component; how the user has it drawn goes into the view and the address.

    Args:
        panes: plain JSON values, one a pane: `id`, `title`, `model`, `picture`, `kind`, and either `error` (a sentence)
            or `token`, `query` (what to ask for), `size` (of the picture) and `table` (of the classes).
        view: how to draw them at first; afterwards the browser knows better.
        on_remove: called with the `id` of a pane that is closed.
        key: Streamlit's.
    """
    settings = {name: getattr(view, name) for name in DRAWING}
    data = {"base": base_address(), "panes": [dict(pane) for pane in panes], "settings": settings}
    mount(_COMPONENT, data, _accept, key=key, on_remove_change=lambda: _removed(key, on_remove))


def _accept(told: Mapping[str, Any]) -> None:
    state.accept({name: told[name] for name in DRAWING if name in told})


def _removed(key: str, on_remove: Callable[[str], None]) -> None:
    told = st.session_state[key].get("remove")
    if isinstance(told, str):
        on_remove(told)
