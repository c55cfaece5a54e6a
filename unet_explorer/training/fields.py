"""Validated fields for the dataclasses of a recipe: what a value may be is said once, where the field is declared."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from unet_explorer.errors import RecipeError, close_names

_CHECK = "check"
_NESTED = "nested"


def whole(default: Any = dataclasses.MISSING, low: int = 1, high: int | None = None, optional: bool = False) -> Any:
    """A whole number from `low` to `high`; also None where optional."""
    limit = f"a whole number from {low}" + ("" if high is None else f" to {high}")
    largest = math.inf if high is None else high
    return _declare(default, lambda value: _is_whole(value) and low <= value <= largest, limit, optional)


def number(default: Any = dataclasses.MISSING, low: float = 0.0, high: float = math.inf, optional: bool = False) -> Any:
    """A finite number from `low` to `high`; also None where optional."""
    limit = f"a number from {low:g}" + (f" to {high:g}" if math.isfinite(high) else "")
    return _declare(default, lambda value: _is_number(value) and low <= value <= high, limit, optional)


def choice(default: Any, *allowed: str) -> Any:
    """One of a few words."""
    return _declare(default, lambda value: value in allowed, " or ".join(map(repr, allowed)), False, allowed)


def switch(default: bool = False) -> Any:
    """True or false."""
    return _declare(default, lambda value: isinstance(value, bool), "true or false", False)


def text(default: Any = dataclasses.MISSING, optional: bool = False) -> Any:
    """Some text; also None where optional."""
    return _declare(default, lambda value: isinstance(value, str) and bool(value), "a text", optional)


def words(default: tuple[str, ...] = ()) -> Any:
    """A list of names."""

    def fits(value: Any) -> bool:
        # A bare text would otherwise be a list of its letters.
        return isinstance(value, list | tuple) and all(isinstance(word, str) for word in value)

    return _declare(default, fits, 'a list of names, such as ["Car", "Road"]', False)


def interval(default: tuple[float, float], low: float = 0.0) -> Any:
    """Two numbers, the smaller first."""

    def fits(value: Any) -> bool:
        return len(value) == 2 and all(map(_is_number, value)) and low <= value[0] <= value[1]

    return _declare(default, fits, f"two numbers from {low:g}, the smaller first", False)


def mapping() -> Any:
    """A JSON object, checked by whoever uses it."""
    metadata = {_CHECK: (lambda value: isinstance(value, Mapping), "a JSON object", ())}
    return dataclasses.field(default_factory=dict, metadata=metadata)


def part(kind: type[Part], required: bool = False) -> Any:
    """A part of the recipe that has fields of its own; the defaults of those unless required."""
    metadata = {_NESTED: (kind, False)}
    if required:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default_factory=kind, metadata=metadata)


def optional_part(kind: type[Part]) -> Any:
    """A part that is None (switched off) unless given."""
    return dataclasses.field(default=None, metadata={_NESTED: (kind, False)})


def parts(kind: type[Part], none: bool = False) -> Any:
    """A list of parts, at least one unless `none` will do."""
    metadata = {_NESTED: (kind, True)}
    return dataclasses.field(default=(), metadata=metadata) if none else dataclasses.field(metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Part:
    """A frozen dataclass whose fields were declared with the functions of this module."""

    what: ClassVar[str] = "recipe"

    def __post_init__(self) -> None:
        for row in dataclasses.fields(self):
            if _CHECK in row.metadata:
                self._check(row)

    def to_dict(self) -> dict[str, Any]:
        """Fields as JSON values."""
        values: dict[str, Any] = _plain(dataclasses.asdict(self))
        return values

    @classmethod
    def from_dict(cls, values: object) -> Self:
        """The part of a recipe that these JSON values describe.

        Raises:
            RecipeError: an unknown, missing or impossible field, named.
        """
        if not isinstance(values, Mapping):
            raise RecipeError(f"{cls.what} is {values!r}: give its fields as a JSON object.")
        known = {row.name: row for row in dataclasses.fields(cls)}
        for key in values:
            if key not in known:
                known_names = close_names(key, known) or f"; known are {', '.join(known)}."
                raise RecipeError(f"A {cls.what} has no field {key!r}{known_names}")
        missing = [name for name, row in known.items() if name not in values and _is_required(row)]
        if missing:
            raise RecipeError(f"The {cls.what} lacks {', '.join(missing)}; add it.")
        return cls(**{key: _from_json(known[key], value) for key, value in values.items()})

    def _check(self, row: dataclasses.Field[Any]) -> None:
        fits, wanted, known = row.metadata[_CHECK]
        value = getattr(self, row.name)
        try:
            good = fits(value)
        except (TypeError, ValueError, OverflowError):
            good = False
        if not good:
            hint = close_names(value, known) if isinstance(value, str) else ""
            raise RecipeError(f"{row.name} of the {self.what} is {value!r}: give {wanted}{hint or '.'}")


def _declare(default: Any, fits: Any, wanted: str, optional: bool, known: Iterable[str] = ()) -> Any:
    accepts = (lambda value: value is None or fits(value)) if optional else fits
    metadata = {_CHECK: (accepts, wanted + (" or null" if optional else ""), known)}
    return dataclasses.field(default=default, metadata=metadata)


def _from_json(row: dataclasses.Field[Any], value: Any) -> Any:
    if _NESTED not in row.metadata:
        return tuple(value) if isinstance(value, list) else value
    kind, many = row.metadata[_NESTED]
    if many:
        if not isinstance(value, list) or (not value and _is_required(row)):
            raise RecipeError(f"{row.name} is {value!r}: give a list of at least one {kind.what}.")
        return tuple(kind.from_dict(item) for item in value)
    return None if value is None and row.default is None else kind.from_dict(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _is_required(row: dataclasses.Field[Any]) -> bool:
    return row.default is dataclasses.MISSING and row.default_factory is dataclasses.MISSING


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
