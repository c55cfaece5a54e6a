"""The table of the classes a network tells apart, and the data files that hold the known ones."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.errors import ClassColourError, ClassTableError, close_names

TABLE_NAMES = ("kitti", "carla", "salt")

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class ClassEntry:
    """One class.

    Attributes:
        id: its number in class maps and label maps, and its channel in the probabilities.
        name: unique in its table, whatever the case of its letters.
        colour: RGB, 0 to 255, unique in its table.
        group: what it belongs to, such as "vehicle".
        void: labelled, but nothing in particular. A remark: training and scores count it like any other class.
    """

    id: int
    name: str
    colour: Colour
    group: str = ""
    void: bool = False


@dataclass(frozen=True)
class ClassTable:
    """All classes of a network, in the order of their ids, which count from 0 without gaps."""

    name: str
    classes: tuple[ClassEntry, ...]

    def __post_init__(self) -> None:
        if not self.classes:
            raise ClassTableError(f"Class table {self.name!r} is empty: give it at least one class.")
        for position, entry in enumerate(self.classes):
            _check_entry(entry, position, self.name)
        _check_unique([entry.name.casefold() for entry in self.classes], f"Class table {self.name!r}: the name")
        _check_unique([str(entry.colour) for entry in self.classes], f"Class table {self.name!r}: the colour")

    def __len__(self) -> int:
        return len(self.classes)

    def __iter__(self) -> Iterator[ClassEntry]:
        return iter(self.classes)

    def __getitem__(self, class_id: int) -> ClassEntry:
        if not 0 <= class_id < len(self.classes):
            raise ClassTableError(
                f"There is no class {class_id} in table {self.name!r}: its ids are 0 to {len(self.classes) - 1}."
            )
        return self.classes[class_id]

    def by_name(self, name: str) -> ClassEntry:
        """The class of that name, in any case of its letters.

        Raises:
            ClassTableError: there is none; the sentence offers close names.

        Example:
            >>> load_class_table("kitti").by_name("car").id
            6
        """
        for entry in self.classes:
            if entry.name.casefold() == name.strip().casefold():
                return entry
        hint = close_names(name, self.names) or f"; the classes are {', '.join(self.names)}."
        raise ClassTableError(f"There is no class {name!r} in table {self.name!r}{hint}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names in the order of the ids."""
        return tuple(entry.name for entry in self.classes)

    @property
    def colours(self) -> NDArray[np.uint8]:
        """(K, 3) uint8 RGB in the order of the ids."""
        return np.array([entry.colour for entry in self.classes], np.uint8)

    def to_rgb(self, ids: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
        """Colours of class ids.

        Args:
            ids: (H, W) whole numbers. Ids beyond the table, such as 255 for "not covered", become black.

        Returns:
            (H, W, 3) uint8 RGB.
        """
        palette = np.vstack([self.colours, np.zeros((1, 3), np.uint8)])
        known = (ids >= 0) & (ids < len(self))
        return palette[np.where(known, ids, len(self))]

    def to_ids(self, rgb: NDArray[np.uint8], source: str) -> NDArray[np.uint8]:
        """Class ids of colours.

        Args:
            rgb: (H, W, 3) uint8.
            source: what to call the picture in an error.

        Returns:
            (H, W) uint8.

        Raises:
            ClassColourError: a colour is not in the table; the sentence names the first one and where it is.
            ClassTableError: the table has more than 256 classes.
        """
        if len(self) > 256:
            raise ClassTableError(f"Class table {self.name!r} has {len(self)} classes: label maps hold at most 256.")
        codes = _codes(self.colours)
        order = np.argsort(codes)
        wanted = _codes(rgb)
        nearest = order[np.searchsorted(codes, wanted, sorter=order).clip(max=len(codes) - 1)]
        unknown = codes[nearest] != wanted
        if unknown.any():
            y, x = np.unravel_index(int(np.argmax(unknown)), unknown.shape)
            colour = ", ".join(str(value) for value in rgb[y, x])
            raise ClassColourError(
                f"{source} has the colour ({colour}) at row {y}, column {x}, which no class of table {self.name!r} "
                "has: check that it is a label picture and that this is its class table."
            )
        ids: NDArray[np.uint8] = nearest.astype(np.uint8)
        return ids

    def to_dict(self) -> dict[str, Any]:
        """The table as it stands in JSON files."""
        return {
            "name": self.name,
            "classes": [
                {
                    "id": entry.id,
                    "name": entry.name,
                    "colour": list(entry.colour),
                    "group": entry.group,
                    "void": entry.void,
                }
                for entry in self.classes
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], source: str = "class table") -> ClassTable:
        """The table of a JSON object.

        Args:
            data: what `to_dict` gives; "group" and "void" may be left out.
            source: what to call it in an error.

        Raises:
            ClassTableError: something is missing, of the wrong type, or contradicts itself.
        """
        try:
            entries = tuple(_entry(row) for row in data["classes"])
            return cls(name=str(data["name"]), classes=entries)
        except KeyError as error:
            raise ClassTableError(f"{source} has no {error.args[0]!r}: a table needs name and classes.") from error
        except (TypeError, ValueError) as error:
            raise ClassTableError(
                f'{source} is not a class table: classes must look like {{"id": 0, "name": "Road", '
                '"colour": [128, 64, 128]}.'
            ) from error


@functools.cache
def load_class_table(name: str) -> ClassTable:
    """A known class table.

    Args:
        name: one of `TABLE_NAMES`.

    Raises:
        ClassTableError: there is none of that name.

    Example:
        >>> len(load_class_table("kitti")), load_class_table("salt").names
        (30, ('No salt', 'Salt'))
    """
    if name not in TABLE_NAMES:
        known = ", ".join(TABLE_NAMES)
        raise ClassTableError(f"There is no class table {name!r}{close_names(name, TABLE_NAMES) or f': use {known}.'}")
    text = resources.files("unet_explorer.classes").joinpath("tables", f"{name}.json").read_text(encoding="utf-8")
    return ClassTable.from_dict(json.loads(text), source=f"{name}.json")


def _entry(row: Mapping[str, Any]) -> ClassEntry:
    red, green, blue = row["colour"]
    if any(type(value) is not int for value in (row["id"], red, green, blue)):
        raise TypeError("ids and colours must be whole numbers")
    group, void = str(row.get("group", "")), bool(row.get("void", False))
    return ClassEntry(row["id"], str(row["name"]), (red, green, blue), group, void)


def _check_entry(entry: ClassEntry, position: int, table: str) -> None:
    if entry.id != position:
        raise ClassTableError(
            f"Class table {table!r}: {entry.name!r} has id {entry.id} but stands at place {position}; "
            "number the classes from 0 without gaps, in order."
        )
    if not entry.name.strip():
        raise ClassTableError(f"Class table {table!r}: class {entry.id} has no name.")
    if any(not 0 <= value <= 255 for value in entry.colour):
        raise ClassTableError(f"Class table {table!r}: the colour of {entry.name!r} is not within 0 to 255.")


def _check_unique(values: list[str], subject: str) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ClassTableError(f"{subject} {value} occurs twice: each class needs its own.")
        seen.add(value)


def _codes(rgb: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(..., 3) uint8 colours as single numbers (...)."""
    wide = rgb.astype(np.int64)
    return wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
