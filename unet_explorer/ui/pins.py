"""The compare tray: up to eight views of any model and picture, kept in the session and in the address."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

import streamlit as st

from unet_explorer.errors import UserError
from unet_explorer.ui import state

MOST = 8
KINDS = ("picture", "map", "class", "channel", "layer")


@dataclass(frozen=True)
class Pin:
    """One view: something of a model looking at a picture.

    Attributes:
        model: name of a model.
        picture: key of a picture.
        kind: "picture" itself, the class "map", the probability of a "class", a "channel" of a layer, or the mean
            magnitude of a whole "layer".
        layer: for "channel" and "layer": its name, with `:view` for another of its views.
        number: for "class" its id, for "channel" its number from 0.
    """

    model: str
    picture: str
    kind: str
    layer: str = ""
    number: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UserError(f"There is no view {self.kind!r} to compare: choose one of {', '.join(KINDS)}.")

    def title(self, class_names: tuple[str, ...] = ()) -> str:
        """What it shows, for a person; channels count from 1."""
        if self.kind == "class":
            return class_names[self.number] if self.number < len(class_names) else f"Class {self.number}"
        if self.kind == "channel":
            return f"{self.layer}, channel {self.number + 1}"
        return {"picture": "The picture", "map": "Class map", "layer": f"{self.layer}, mean magnitude"}[self.kind]

    def written(self) -> str:
        """The pin as it stands in an address; `read` undoes it."""
        parts = (self.model, self.picture, self.kind, self.layer, str(self.number))
        return "~".join(quote(part, safe=":").replace("~", "%7E") for part in parts)


def read(text: str) -> Pin:
    """The pin of a text.

    Raises:
        UserError: it is none.

    Example:
        >>> read(Pin("kitti-16", "sample:avenue", "channel", "conv2d_1", 3).written()).title()
        'conv2d_1, channel 4'
    """
    parts = [unquote(part) for part in text.split("~")]
    if len(parts) != 5 or not parts[4].isascii() or not parts[4].isdigit():
        raise UserError(f"{text!r} is no view to compare: remove it from the address.")
    model, picture, kind, layer, number = parts
    return Pin(model, picture, kind, layer, int(number))


def tray() -> list[Pin]:
    """What is pinned, in order; nonsense in an address is left out."""
    found: list[Pin] = []
    for text in state.current().pins.split(";")[:MOST]:
        try:
            found.append(read(text))
        except UserError:
            continue
    return found


def keep(pins: list[Pin]) -> None:
    """Make these the tray."""
    state.change(pins=";".join(pin.written() for pin in pins))


def pin(*new: Pin) -> str:
    """Add views to the tray, each once; returns a sentence that says what came of it."""
    now = tray()
    fresh = [one for one in dict.fromkeys(new) if one not in now]
    room = MOST - len(now)
    keep([*now, *fresh[:room]])
    if len(fresh) > room:
        return f"The compare tray holds {MOST} views and is full: remove one on the Compare page first."
    if not fresh:
        return "That is in the compare tray already."
    return f"In the compare tray now: {len(now) + len(fresh)} of {MOST}."


def pinned(key: str, model: str, picture: str) -> None:
    """Callback of a component whose `pin` event names what to pin: `kind`, and `layer` and `number` if it has any."""
    told = st.session_state[key].get("pin")
    if not told:
        return
    try:
        one = Pin(model, picture, str(told["kind"]), str(told.get("layer", "")), int(told.get("number", 0)))
    except (UserError, KeyError, TypeError, ValueError):
        return
    st.toast(pin(one), icon=":material/keep:")
