"""Changes of a recipe as they are typed: `optimizer.learning_rate=0.002`."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from unet_explorer.errors import PresetError, RecipeError, close_names
from unet_explorer.training.recipe_parts import Average, EarlyStopping, Plateau
from unet_explorer.unet.presets import load_preset

# A part that is switched off (null) can be switched on by naming one of its fields.
_SWITCHED_OFF: dict[str, dict[str, Any]] = {
    "average": Average().to_dict(),
    "plateau": Plateau().to_dict(),
    "early_stopping": EarlyStopping().to_dict(),
}
DROPOUT = ["network", "dropout"]


def assign(values: dict[str, Any], assignment: str) -> None:
    """Change one field.

    Args:
        values: of a whole recipe, as JSON values; changed in place.
        assignment: the field's path, "=", and JSON or a plain word.

    Raises:
        RecipeError: an unknown key; close ones are offered.
    """
    key, equals, value = assignment.partition("=")
    if not equals:
        raise RecipeError(f"{assignment!r} is not of the form key=value.")
    _assign(values, key.strip(), _parse(value))


def _parse(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _assign(values: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    if path == DROPOUT:
        _spell_out_dropout(values)
    holder: Any = values
    for step in path:
        holder = _descend(holder, step, key)
    if isinstance(holder, list):
        _descend(holder, last, key)
        holder[int(last)] = value
        return
    if not isinstance(holder, dict):
        raise RecipeError(f"The recipe has no {key!r}: {'.'.join(path)} is null or a plain value.")
    if path[-1:] not in (["network"], ["class_weights"]) and last not in holder:
        raise RecipeError(f"The recipe has no {key!r}{close_names(last, holder) or '.'}")
    holder[last] = value


def _descend(holder: Any, step: str, key: str) -> Any:
    if isinstance(holder, list):
        if not step.isdecimal() or int(step) >= len(holder):
            raise RecipeError(f"The recipe has no {key!r}: {step} should be a number from 0 to {len(holder) - 1}.")
        return holder[int(step)]
    if not isinstance(holder, dict) or step not in holder:
        hint = close_names(step, holder) if isinstance(holder, dict) else ""
        raise RecipeError(f"The recipe has no {key!r}{hint or '.'}")
    if holder[step] is None:
        holder[step] = dict(_SWITCHED_OFF[step]) if step in _SWITCHED_OFF else None
    return holder[step]


def _spell_out_dropout(values: dict[str, Any]) -> None:
    """Write the rate of every place into `network.dropout`, so that changing one leaves the others as they are."""
    network = values["network"]
    if not isinstance(network, dict):
        return
    changes = {"dropout": network["dropout"]} if "dropout" in network else {}
    try:
        preset = load_preset(str(values["preset"])).changed(changes)
    except PresetError as error:
        raise RecipeError(f"Recipe {values['name']!r}: {error}") from error
    network["dropout"] = dataclasses.asdict(preset.dropout)
