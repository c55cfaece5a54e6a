"""The model card: what a SavedModel cannot say about itself, in one JSON file beside it. No TensorFlow here."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from unet_explorer.classes import ClassTable, load_class_table
from unet_explorer.errors import CardError, UserError, close_names
from unet_explorer.pictures import InputSpec

CARD_NAME = "model_card.json"
CARD_FORMAT = 1


@dataclass(frozen=True)
class ModelCard:
    """What is known of a trained network.

    Attributes:
        name: the model's name, usually that of its folder.
        input: size, channels, value range and fitting rule of the pictures it was trained on.
        class_table: one class for each output channel, in order of id; a binary network has two, background and object.
        title: one line for a person.
        description: a few sentences: what it is good at, and where it fails.
        preset: name of the preset that built it; empty where it was made elsewhere.
        data: what it was trained on: dataset, split, digest, licence of the data ... (any JSON).
        recipe: how it was trained (any JSON).
        scores: what it reached, and on which part, such as `{"grouped-validation": {"mean_iou": 0.21}}` (any JSON).
        licence: the licence of the weights.
    """

    name: str
    input: InputSpec
    class_table: ClassTable | None = None
    title: str = ""
    description: str = ""
    preset: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)
    licence: str = ""

    def __post_init__(self) -> None:
        for name in ("name", "title", "description", "preset", "licence"):
            if not isinstance(getattr(self, name), str):
                raise CardError(f"The model card's {name!r} is {getattr(self, name)!r}: write text.")
        if not self.name.strip():
            raise CardError("The model card has no name: write the name of the model's folder in 'name'.")
        for name in ("data", "recipe", "scores"):
            if not isinstance(getattr(self, name), Mapping):
                raise CardError(f"The model card's {name!r} is {getattr(self, name)!r}: write a JSON object.")

    def to_dict(self) -> dict[str, Any]:
        """The card as plain JSON values; `from_dict` undoes it."""
        texts = {name: getattr(self, name) for name in ("name", "title", "description", "preset", "licence")}
        return {
            "format": CARD_FORMAT,
            **texts,
            "input": asdict(self.input),
            "class_table": None if self.class_table is None else self.class_table.to_dict(),
            "data": dict(self.data),
            "recipe": dict(self.recipe),
            "scores": dict(self.scores),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelCard:
        """A card from plain JSON values.

        Args:
            values: as `to_dict` gives; `class_table` may also be the name of a known table, such as "kitti".

        Raises:
            CardError: a field is missing, unknown or of the wrong type.
        """
        known = {row.name for row in fields(cls)}
        if not isinstance(values, Mapping):
            raise CardError("The model card is not a JSON object: write {...} with at least 'name' and 'input'.")
        if values.get("format", CARD_FORMAT) != CARD_FORMAT:
            raise CardError(f"The model card has format {values['format']!r}, this version reads format {CARD_FORMAT}.")
        _check_names("The model card", set(values) - {"format"}, known, required={"name", "input"})
        given = {name: value for name, value in values.items() if name != "format"}
        given["input"] = _input_spec(values["input"])
        given["class_table"] = _class_table(values.get("class_table"))
        return cls(**given)


def read_card(folder: Path | str) -> ModelCard | None:
    """The card of a model folder; None where it has none.

    Raises:
        CardError: there is a card and it cannot be used; the sentence names the file.
    """
    path = Path(folder) / CARD_NAME
    if not path.exists():
        return None
    try:
        return ModelCard.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CardError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error
    except (ValueError, RecursionError) as error:
        raise CardError(f"{path} is not valid JSON ({error}): correct it or remove it.") from error
    except UserError as error:
        raise CardError(f"{path}: {error}") from error


def write_card(card: ModelCard, folder: Path | str) -> Path:
    """Write a card into a model folder, replacing the one there in one step; returns the file's path.

    Raises:
        CardError: it holds something JSON cannot say (NaN included), or the folder cannot be written.
    """
    path = Path(folder) / CARD_NAME
    temporary = path.with_name(f".{CARD_NAME}.{os.getpid()}")
    try:
        text = json.dumps(card.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except (TypeError, ValueError) as error:
        raise CardError(f"The card of {card.name} cannot be written as JSON ({error}).") from error
    except OSError as error:
        raise CardError(f"{path} cannot be written ({error.strerror}): choose a folder you may write to.") from error
    return path


def _input_spec(values: Any) -> InputSpec:
    if not isinstance(values, Mapping):
        raise CardError('The model card\'s \'input\' is not a JSON object: write {"height": ..., "width": ..., ...}.')
    known = {row.name for row in fields(InputSpec)}
    _check_names("The model card's 'input'", set(values), known, required=known - {"multiple"})
    try:
        return InputSpec(**values)
    except (TypeError, ValueError, OverflowError) as error:
        raise CardError(f"The model card's 'input' cannot be used: {error}") from error


def _class_table(values: Any) -> ClassTable | None:
    if values is None:
        return None
    if isinstance(values, str):
        return load_class_table(values)
    if not isinstance(values, Mapping):
        raise CardError("The model card's 'class_table' is neither the name of a table nor a JSON object.")
    try:
        return ClassTable.from_dict(dict(values))
    except (KeyError, TypeError, ValueError) as error:
        raise CardError(f"The model card's 'class_table' cannot be used: {error!r}") from error


def _check_names(what: str, given: set[str], known: set[str], required: set[str]) -> None:
    for name in sorted(given - known):
        hint = close_names(name, known) or f"; known are {', '.join(sorted(known))}."
        raise CardError(f"{what} has an unknown field {name!r}{hint}")
    for name in sorted(required - given):
        raise CardError(f"{what} lacks {name!r}: add it.")
