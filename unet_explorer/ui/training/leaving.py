"""Leaving for another page while the browser asks, every few seconds, how far the jobs are.

`st.switch_page` alone races with a question that is on its way: Streamlit answers it as a run of the page before, and
the browser then throws away the new page, which stays blank. So this page is run once without its timer, the browser
says that it has seen that, and only then, when nothing of the old page can be on its way, the page is switched.
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import streamlit as st

from unet_explorer.ui.components.farewell import farewell

PAGES = Path(__file__).resolve().parents[3] / "pages"
_KEY = "train_leaves_for"


def leave(page: str) -> NoReturn:
    """Go to a page, such as "explore"; does not return."""
    st.session_state[_KEY] = page
    st.rerun()


def is_leaving() -> bool:
    """Whether the page is being left; then it has drawn all there is to draw. Call it outside of fragments."""
    page = st.session_state.get(_KEY)
    if page is None:
        return False
    address = PAGES / f"{page}.py"
    st.page_link(address, label=f"Opening {page.capitalize()} …", icon=":material/hourglass_top:")
    if farewell(key="farewell"):
        del st.session_state[_KEY]
        st.switch_page(address)
    return True
