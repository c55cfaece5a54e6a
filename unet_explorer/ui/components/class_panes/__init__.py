"""The class map with its legend, single classes with their thresholds, and the probabilities under the mouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unet_explorer.ui import state
from unet_explorer.ui.components.assets import make_component
from unet_explorer.ui.components.telling import mount
from unet_explorer.ui.pins import pinned

if TYPE_CHECKING:
    from unet_explorer.classes import ClassTable
    from unet_explorer.ui.pickers import Subject

_COMPONENT = make_component("class_panes")

FIRST_CHOICE = ("Car", "Road", "Pole")
"""Classes shown on their own until others are chosen, where the class table has them: those article A looks at."""


@dataclass(frozen=True)
class ClassSettings:
    """What the component shows when it first appears; afterwards the browser knows better.

    Attributes:
        chosen: ids of the classes shown on their own.
        hidden: ids left out of the class map.
        thresholds: step (0 to 200) of each class whose threshold is not 0.5.
        opacity: 0 to 1.
        mode: "probability", "mask" or "errors".
        names, doubt: whether the class map has names on it, and whether entropy and margin are shown.
        camera: `y,x,zoom`, or empty.
    """

    chosen: list[int]
    hidden: list[int]
    thresholds: dict[str, int]
    opacity: float
    mode: str
    names: bool
    doubt: bool
    camera: str


def class_panes(asked: Mapping[str, Any], subject: Subject, view: state.View, *, key: str) -> None:
    """Mount the component; what the user changes in it goes into the view and the address.

    Args:
        asked: what to ask about, from `subject_data`.
        subject: the network for its classes, the picture for whether it has labels, the names of both for pins.
        view: what to show at first.
        key: Streamlit's.
    """
    network, picture = subject.network, subject.picture
    data = {
        **asked,
        "table": [
            {"id": entry.id, "name": entry.name, "colour": list(entry.colour), "group": entry.group, "void": entry.void}
            for entry in network.class_table
        ],
        "binary": network.output.channels == 1,
        "labelled": picture.label_map is not None,
        "settings": vars(settings_of(view, network.class_table)),
        "provenance": {
            "model": network.name,
            "name": picture.name,
            "digest": f"model {network.digest[:12]}, picture {picture.digest[:12]}",
        },
    }
    mount(_COMPONENT, data, _accept, key=key, on_pin_change=lambda: pinned(key, subject.model, subject.key))


def settings_of(view: state.View, table: ClassTable) -> ClassSettings:
    """A view's settings for a class table; ids that the table does not have are left out."""
    return ClassSettings(
        chosen=_known_ids(view.classes, table) if view.classes else first_classes(table),
        hidden=_known_ids(view.hidden, table),
        thresholds=_steps(view.thresholds, table),
        opacity=view.opacity / 100,
        mode=view.mode,
        names=bool(view.names),
        doubt=bool(view.doubt),
        camera=view.camera,
    )


def first_classes(table: ClassTable) -> list[int]:
    """The classes to begin with: Car, Road and Pole; else the object of a binary network, else the first three.

    Example:
        >>> from unet_explorer.classes import load_class_table, numbered_class_table
        >>> first_classes(load_class_table("kitti")), first_classes(load_class_table("salt"))
        ([6, 0, 20], [1])
        >>> first_classes(numbered_class_table(5))
        [0, 1, 2]
    """
    by_name = {entry.name: entry.id for entry in table}
    found = [by_name[name] for name in FIRST_CHOICE if name in by_name]
    if found:
        return found
    return [1] if len(table) == 2 else [entry.id for entry in table][:3]


def _known_ids(text: str, table: ClassTable) -> list[int]:
    numbers = [int(part) for part in text.split(",") if part.isdigit()]
    return [number for number in dict.fromkeys(numbers) if number < len(table)]


def _steps(text: str, table: ClassTable) -> dict[str, int]:
    pairs = [part.split(":") for part in text.split(",") if part]
    return {number: round(float(threshold) * 200) for number, threshold in pairs if int(number) < len(table)}


def _accept(told: Mapping[str, Any]) -> None:
    state.accept({**told, "classes": told.get("classes") or "-"})
