"""Presets: one data file an article, describing its network completely."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Literal

from unet_explorer.errors import PresetError, close_names
from unet_explorer.pictures import InputSpec

# Those of Keras that can fill a kernel of four axes; named here because this module does without Keras.
INITIALIZERS = (
    "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform", "ones",
    "orthogonal", "random_normal", "random_uniform", "truncated_normal", "variance_scaling", "zeros",
)  # fmt: skip
BLOCK_PARTS = ("conv", "relu", "norm", "dropout")


@dataclass(frozen=True)
class Dropout:
    """Share of values dropped in training, per place; 0 leaves the layer out.

    Attributes:
        first_pool: after the first max-pool.
        pool: after each further max-pool.
        concatenate: after each concatenate.
        block: at each "dropout" of a block.
    """

    first_pool: float = 0.0
    pool: float = 0.0
    concatenate: float = 0.0
    block: float = 0.0

    def __post_init__(self) -> None:
        for place, rate in dataclasses.asdict(self).items():
            if not _is_number(rate) or not 0 <= rate < 1:
                raise PresetError(f"dropout.{place} is {rate!r}: give a share from 0 to below 1.")


@dataclass(frozen=True)
class Preset:
    """A U-Net, described completely; `build_unet` makes it.

    Attributes:
        name: what the preset is called on the command line and in cards.
        title: the article it comes from.
        height: input height in pixels; None builds a network for any size.
        width: input width in pixels; None builds a network for any size.
        channels: 1 (gray) or 3 (RGB).
        outputs: channels of the head: classes for "softmax", 1 for "sigmoid".
        filters: channels of the first encoder stage; each stage down doubles them.
        depth: stages of the encoder, the bottleneck included.
        block: what each of a stage's two convolution blocks does, in order; a "relu" right after "conv" is
            part of the convolution layer, as in `Conv2D(activation="relu")`.
        padding: "same", or "valid" with encoder maps cropped before they are concatenated.
        conv_kernel: size of the convolutions of the blocks.
        up_kernel: size of the stride-2 transpose convolutions.
        head_kernel: size of the last convolution.
        low, high: what the pixel values 0 and 255 become on the way in.
        norm_momentum: how slowly batch norm's moving statistics follow (Keras' `momentum`).
        initializer: Keras initializer of the kernels.
        dropout: rates, per place.
        head: "softmax" over `outputs` classes, or "sigmoid" for one class.
        notes: where the article is silent or contradicts its code, and what was chosen.
    """

    name: str
    title: str
    height: int | None
    width: int | None
    channels: int
    outputs: int
    filters: int
    depth: int
    block: tuple[str, ...]
    padding: Literal["same", "valid"] = "same"
    conv_kernel: int = 3
    up_kernel: int = 3
    head_kernel: int = 1
    low: float = 0.0
    high: float = 1.0
    norm_momentum: float = 0.99
    initializer: str = "he_normal"
    dropout: Dropout = field(default_factory=Dropout)
    head: Literal["softmax", "sigmoid"] = "softmax"
    notes: str = ""

    def __post_init__(self) -> None:
        _check_texts(self)
        _check_counts(self)
        _check_choices(self)
        _check_size(self)

    @property
    def multiple(self) -> int:
        """Heights and widths of "same" networks must be a multiple of this."""
        return int(2 ** (self.depth - 1))

    @property
    def binary(self) -> bool:
        """Whether the network tells one class from the rest (a sigmoid head)."""
        return self.head == "sigmoid"

    def changed(self, changes: Mapping[str, Any]) -> Preset:
        """The preset with some fields replaced.

        Args:
            changes: new values by field name; "dropout" may be a number, which then replaces every rate above 0.

        Raises:
            PresetError: an unknown field, a value that cannot be built, or a dropout rate that replaces none.
        """
        return preset_from_dict({**self.to_dict(), **_spread_dropout(self, changes)})

    @property
    def input_spec(self) -> InputSpec:
        """How pictures become the network's input: resized to its whole size."""
        channels: Literal[1, 3] = 3 if self.channels == 3 else 1
        return InputSpec(self.height, self.width, channels, self.low, self.high, "stretch")

    def any_size(self) -> Preset:
        """The same network for pictures of any height and width (training at several sizes)."""
        return dataclasses.replace(self, height=None, width=None)

    def to_dict(self) -> dict[str, Any]:
        """Fields as JSON values."""
        return {**dataclasses.asdict(self), "block": list(self.block)}


def preset_names() -> tuple[str, ...]:
    """Names of the presets that ship with the package, sorted."""
    files = resources.files(__package__).joinpath("presets").iterdir()
    return tuple(sorted(entry.name.removesuffix(".json") for entry in files if entry.name.endswith(".json")))


def load_preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        PresetError: no such preset; close names are offered.
    """
    if name not in preset_names():
        raise PresetError(f"There is no preset {name!r}{close_names(name, preset_names()) or _known()}")
    text = resources.files(__package__).joinpath("presets", f"{name}.json").read_text(encoding="utf-8")
    return preset_from_dict({"name": name, **json.loads(text)})


def preset_from_dict(values: Mapping[str, Any]) -> Preset:
    """A preset from JSON values.

    Raises:
        PresetError: unknown, missing or impossible fields, named.
    """
    known = {row.name: row for row in dataclasses.fields(Preset)}
    for key in values:
        if key not in known:
            hint = close_names(key, known) or f"; known are {', '.join(known)}."
            raise PresetError(f"A preset has no field {key!r}{hint}")
    missing = [name for name, row in known.items() if name not in values and _is_required(row)]
    if missing:
        raise PresetError(f"The preset {values.get('name', '')!r} lacks {', '.join(missing)}; add them.")
    block = values["block"]
    if not isinstance(block, list | tuple):
        raise PresetError(f"block is {block!r}: give a list of {', '.join(BLOCK_PARTS)}.")
    dropout = values.get("dropout", {})
    built = dropout if isinstance(dropout, Dropout) else _dropout_from(dropout)
    return Preset(**{**values, "block": tuple(block), "dropout": built})


def _known() -> str:
    return f"; known are {', '.join(preset_names())}."


def _is_required(row: dataclasses.Field[Any]) -> bool:
    return row.default is dataclasses.MISSING and row.default_factory is dataclasses.MISSING


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _dropout_from(values: object) -> Dropout:
    places = {row.name for row in dataclasses.fields(Dropout)}
    if not isinstance(values, Mapping):
        raise PresetError(f"dropout is {values!r}: give a rate for each of {', '.join(sorted(places))}.")
    for key in values:
        if key not in places:
            hint = close_names(key, places) or f"; known are {', '.join(sorted(places))}."
            raise PresetError(f"There is no dropout place {key!r}{hint}")
    return Dropout(**values)


def _spread_dropout(preset: Preset, changes: Mapping[str, Any]) -> dict[str, Any]:
    rate = changes.get("dropout")
    if not _is_number(rate):
        return dict(changes)
    rates = dataclasses.asdict(preset.dropout)
    if rate and not any(rates.values()):
        place = "block" if "dropout" in preset.block else "pool"
        raise PresetError(
            f"dropout is {rate!r}, but every rate of preset {preset.name!r} that it could replace is 0: set one "
            f"of them, such as network.dropout.{place} in a recipe."
        )
    return {**changes, "dropout": {place: rate if old > 0 else 0.0 for place, old in rates.items()}}


def _check_texts(preset: Preset) -> None:
    for name in ("name", "title", "initializer", "notes"):
        value = getattr(preset, name)
        if not isinstance(value, str):
            raise PresetError(f"{name} of preset {preset.name!r} is {value!r}: give a text.")
    if preset.initializer not in INITIALIZERS:
        hint = close_names(preset.initializer, INITIALIZERS) or f"; known are {', '.join(INITIALIZERS)}."
        raise PresetError(f"initializer of preset {preset.name!r} is {preset.initializer!r}{hint}")


def _check_counts(preset: Preset) -> None:
    for name in ("outputs", "filters", "depth", "conv_kernel", "up_kernel", "head_kernel"):
        value = getattr(preset, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise PresetError(f"{name} of preset {preset.name!r} is {value!r}: give a whole number above zero.")
    if preset.depth < 2:
        raise PresetError(f"depth of preset {preset.name!r} is 1: a U-Net needs at least 2 stages.")


def _check_choices(preset: Preset) -> None:
    choices = {"channels": (1, 3), "padding": ("same", "valid"), "head": ("softmax", "sigmoid")}
    for name, allowed in choices.items():
        if getattr(preset, name) not in allowed:
            text = " or ".join(map(str, allowed))
            raise PresetError(f"{name} of preset {preset.name!r} is {getattr(preset, name)!r}: choose {text}.")
    unknown = [part for part in preset.block if part not in BLOCK_PARTS]
    if unknown or "conv" not in preset.block:
        raise PresetError(
            f"block of preset {preset.name!r} is {list(preset.block)}: it needs 'conv' and may add {BLOCK_PARTS[1:]}."
        )
    if not _is_number(preset.norm_momentum) or not 0 <= preset.norm_momentum < 1:
        raise PresetError(f"norm_momentum is {preset.norm_momentum!r}: give a number from 0 to below 1.")
    numbers = all(_is_number(end) and math.isfinite(end) for end in (preset.low, preset.high))
    if not numbers or preset.low >= preset.high:
        raise PresetError(
            f"low and high of preset {preset.name!r} are {preset.low!r} and {preset.high!r}: give two numbers, the "
            "lower one first, that pixel values 0 and 255 become."
        )
    if preset.binary and preset.outputs != 1:
        raise PresetError(
            f"Preset {preset.name!r} has a sigmoid head with {preset.outputs} outputs: a sigmoid head has 1; "
            "use a softmax head for several classes."
        )


def _check_size(preset: Preset) -> None:
    for name in ("height", "width"):
        value = getattr(preset, name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise PresetError(f"{name} of preset {preset.name!r} is {value!r}: give pixels, a whole number above zero.")
        if preset.padding == "same" and value % preset.multiple:
            near = max(preset.multiple, round(value / preset.multiple) * preset.multiple)
            raise PresetError(
                f"{name} {value} of preset {preset.name!r} is not a multiple of {preset.multiple} "
                f"(it is halved {preset.depth - 1} times); use {near}."
            )
