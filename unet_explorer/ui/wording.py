"""Text that comes from files, addresses and errors, where Streamlit expects Markdown."""

from __future__ import annotations

import re

import streamlit as st

_MARKS = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_{}[]()#!:$~|<>&"})
_ADDRESSES = re.compile(r"(?i)(?=://)|(?<=www)(?=\.)")
_WORD_JOINER = "\u2060"


def literal(text: str) -> str:
    """The text as Markdown that shows exactly it: names of files and words of model cards are nobody's markup.

    A word joiner, which nobody sees, keeps bare web addresses from becoming links: escapes do not.

    Example:
        >>> print(literal("a_b [c](d)"))
        a\\_b \\[c\\]\\(d\\)
    """
    return _ADDRESSES.sub(_WORD_JOINER, " ".join(text.split())).translate(_MARKS)


def sorry(error: object) -> None:
    """Say what went wrong: the text of an error, which may quote a file or an address, as nothing but text."""
    st.error(literal(str(error)), icon=":material/error:")
