"""What a browser tab has written into the form of a new job, kept while it looks at other things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from unet_explorer.ui.training.draft import Draft, begin_with
from unet_explorer.ui.training.stories import stories

_KEY = "train_notebook"


@dataclass
class Notebook:
    """The draft of one tab.

    Attributes:
        draft: recipe and changes.
        origin: name of the recipe it began with, or "job ..." for a copy.
        source: key of the data folder; None: the page chooses.
        layout: of a folder that was typed.
        folder: that was typed.
        round: part of the widgets' keys, so that a new draft gets new widgets.
    """

    draft: Draft
    origin: str
    source: str | None = None
    layout: str = ""
    folder: str = ""
    round: int = 0

    def begin(self, draft: Draft, origin: str) -> None:
        """Start over with another recipe; the data is chosen anew."""
        self.draft, self.origin, self.source, self.round = draft, origin, None, self.round + 1

    def rewrite(self, recipe: Mapping[str, Any]) -> None:
        """Take over a whole recipe; its fields are then those of the recipe, and the data stays."""
        self.draft, self.round = replace(self.draft, recipe=recipe, changes={}), self.round + 1


def notebook() -> Notebook:
    """The notebook of this tab; at first the simplest recipe."""
    if _KEY not in st.session_state:
        first = stories()[0].recipe
        st.session_state[_KEY] = Notebook(begin_with(first), first)
    book: Notebook = st.session_state[_KEY]
    return book
