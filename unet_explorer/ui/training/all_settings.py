"""Every field of a recipe as a field of the form, made from the recipe itself; checked while it is typed."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import streamlit as st

from unet_explorer.errors import RecipeError
from unet_explorer.training import recipe as recipes
from unet_explorer.training.recipe import Recipe, parse_recipe
from unet_explorer.ui.training.draft import Composed
from unet_explorer.ui.training.notebook import Notebook
from unet_explorer.ui.wording import literal
from unet_explorer.unet.presets import Preset

GROUPS = {
    "Network": ("network",),
    "Data": ("data", "void"),
    "Phases": ("phases",),
    "Losses": ("losses",),
    "Optimizer": ("optimizer", "schedule", "average"),
    "Augmentation": ("augmentation", "sampling"),
    "Stopping": ("plateau", "early_stopping", "keep", "monitor"),
    "Rest": ("every", "precision", "max_seconds", "seed"),
}
PARTS = {
    "data": recipes.Data,
    "phases": recipes.Phase,
    "losses": recipes.Loss,
    "optimizer": recipes.Optimizer,
    "schedule": recipes.Schedule,
    "augmentation": recipes.Augmentation,
    "sampling": recipes.Sampling,
    "average": recipes.Average,
    "plateau": recipes.Plateau,
    "early_stopping": recipes.EarlyStopping,
    "every": recipes.Every,
    "network": Preset,
}
SWITCHES = ("average", "plateau", "early_stopping")
LISTS = {"phases": "Phase", "losses": "Loss"}
NOT_HERE = ("name", "title", "notes")
ABOVE = ("optimizer.learning_rate",)
"""Fields that the form shows above all settings."""
COLUMNS = 3


def complaint(sentence: str) -> None:
    """One sentence of what is wrong, where it is wrong."""
    st.markdown(f":red[:material/error: {literal(sentence)}]")


@dataclass(frozen=True)
class Field:
    """A field of a recipe on the page.

    Attributes:
        key: its path, as `Recipe.changed` knows it.
        label: what stands above it.
        value: its present value, as text.
        explained: what the "?" beside it says.
        choices: the only values it can have; () where it is typed.
    """

    key: str
    label: str
    value: str
    explained: str = ""
    choices: tuple[str, ...] = ()


def typed_field(book: Notebook, composed: Composed, field: Field) -> None:
    """Draw a field, as it was typed, and below it what is wrong with it."""
    key, label, value, explained, choices = field.key, field.label, field.value, field.explained, field.choices
    widget = _widget(book, key)
    shown = book.draft.changes.get(key, value)
    told: dict[str, Any] = {"key": widget, "help": explained or None, "on_change": _typed, "args": (book, key, widget)}
    if choices:
        options = choices if shown in choices else (shown, *choices)
        st.selectbox(label, options, index=options.index(shown), **told)
    else:
        st.text_input(label, shown, live="0.5s", **told)
    if key in composed.problems:
        complaint(composed.problems[key])


def _typed(book: Notebook, key: str, widget: str) -> None:
    # A field of the draft before, which the browser clears away, hands in its text once more.
    if widget == _widget(book, key):
        typed = str(st.session_state.get(widget) or "").strip()
        book.draft = book.draft.with_change(key, typed or None)


def _widget(book: Notebook, key: str) -> str:
    return f"field_{book.round}_{key}"


def all_settings(book: Notebook, composed: Composed) -> None:
    """Draw one group of fields; the others are a click away."""
    group = st.segmented_control(
        "Group", [*GROUPS, "As JSON"], default="Network", key=f"group_{book.round}", label_visibility="collapsed"
    )
    if group == "As JSON":
        _as_json(book, composed.recipe)
        return
    values = composed.recipe.to_dict() | {"network": composed.recipe.build_preset().to_dict()}
    for name in GROUPS.get(group or "", ()):
        _part(book, composed, name, values[name])


def _part(book: Notebook, composed: Composed, name: str, value: Any) -> None:
    if name in SWITCHES:
        _switch(book, name, value is not None)
    if name in LISTS:
        for number, row in enumerate(value):
            st.markdown(f"**{LISTS[name]} {number + 1}**")
            _fields(book, composed, f"{name}.{number}", row)
    elif isinstance(value, dict):
        st.markdown(f"**{name.replace('_', ' ').capitalize()}**")
        _fields(book, composed, name, value)
    elif name not in SWITCHES:
        _fields(book, composed, "", {name: value})


def _fields(book: Notebook, composed: Composed, path: str, values: Mapping[str, Any]) -> None:
    kind = PARTS.get(path.partition(".")[0], Recipe)
    told, choices = explanations(kind), choices_of(kind)
    rows = [
        Field(
            f"{path}.{key}" if path else key,
            key.replace("_", " "),
            _text(value),
            told.get(key, ""),
            choices.get(key, ()),
        )
        for key, value in values.items()
        if not (kind is Preset and key in NOT_HERE) and f"{path}.{key}" not in ABOVE
    ]
    short = [field for field in rows if not field.value.startswith('{"')]
    columns = st.columns(COLUMNS)
    for place, field in enumerate(short):
        with columns[place % COLUMNS]:
            typed_field(book, composed, field)
    for field in rows:
        if field not in short:
            typed_field(book, composed, field)


def _switch(book: Notebook, name: str, is_on: bool) -> None:
    widget = f"switch_{book.round}_{name}"
    st.session_state[widget] = is_on
    st.toggle(name.replace("_", " ").capitalize(), key=widget, on_change=_switched, args=(book, name, widget))


def _switched(book: Notebook, name: str, widget: str) -> None:
    for key in [key for key in book.draft.changes if key.startswith(f"{name}.")]:
        book.draft = book.draft.with_change(key, None)
    book.draft = book.draft.with_change(name, "{}" if st.session_state[widget] else "null")


def _as_json(book: Notebook, recipe: Recipe) -> None:
    widget = f"json_{book.round}"
    st.text_area(
        "The recipe's file",
        recipe.to_json(),
        height=420,
        key=widget,
        on_change=_json_typed,
        args=(book, widget),
        help="Press Ctrl+Enter to take it over.",
    )
    if (sentence := st.session_state.get(f"{widget}_wrong")) is not None:
        complaint(sentence)


def _json_typed(book: Notebook, widget: str) -> None:
    text = st.session_state[widget]
    st.session_state.pop(f"{widget}_wrong", None)
    try:
        recipe = parse_recipe(text, str(book.draft.recipe["name"]))
    except RecipeError as error:
        st.session_state[f"{widget}_wrong"] = str(error)
        return
    book.rewrite(recipe.to_dict())


def explanations(kind: type) -> dict[str, str]:
    """Field -> what its class says of it in its docstring."""
    text = (inspect.getdoc(kind) or "").partition("Attributes:")[2]
    found = re.findall(r"^    (\w+): (.+?)(?=^    \w+:|\Z)", text, re.MULTILINE | re.DOTALL)
    return {key: " ".join(words.split()).capitalize() for key, words in found}


def choices_of(kind: type) -> dict[str, tuple[str, ...]]:
    """Field -> the words it can be, for those that are one of a few."""
    if kind is Preset:
        return {"padding": ("same", "valid"), "head": ("softmax", "sigmoid")}
    return {
        row.name: tuple(row.metadata["check"][2]) for row in fields(kind) if row.metadata.get("check", ((), (), ()))[2]
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
