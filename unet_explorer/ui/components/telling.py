"""What a component tells Python arrives: nothing chosen in the browser is lost where the server is restarted.

Each telling has a serial. Python sends back the last one it has heard, and the browser repeats itself until it reads
its own (`shared/telling.js`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from unet_explorer.ui import state

Take = Callable[[Mapping[str, Any]], object]


def mount(component: Any, data: Mapping[str, Any], take: Take, *, key: str, **callbacks: Callable[[], None]) -> None:
    """Mount a component whose state `settings` goes into the view.

    Args:
        component: from `make_component`.
        data: plain JSON values; `heard` and `visit` are added.
        take: called once with each `settings` the component tells.
        key: Streamlit's.
        callbacks: of its other states and triggers, `on_<name>_change`.
    """
    said = {**data, "heard": st.session_state.get(_heard(key)), "visit": state.visit()}
    component(key=key, data=said, on_settings_change=lambda: _hear(key, take), **callbacks)
    # The first run of a session calls no callbacks. Where the server was restarted, the browser brings along what was
    # chosen before: the page is drawn again with it.
    if _hear(key, take):
        st.rerun()


def _hear(key: str, take: Take) -> bool:
    """Take what is new, and say whether there was something."""
    told = st.session_state[key].get("settings")
    if not isinstance(told, Mapping) or told.get("serial") in (None, st.session_state.get(_heard(key))):
        return False
    st.session_state[_heard(key)] = told["serial"]
    # What was said of the page that the user has gone back from is past.
    if state.visit() not in ("", told.get("visit")):
        return False
    take(told)
    return True


def _heard(key: str) -> str:
    return f"{key}_heard"
