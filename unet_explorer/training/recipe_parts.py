"""The parts of a recipe, each a validated dataclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from unet_explorer.training.fields import (
    Part,
    choice,
    interval,
    mapping,
    number,
    parts,
    switch,
    text,
    whole,
    words,
)

MONITORS = ("loss", "val_loss", "val_mean_iou", "val_salt_score")


@dataclass(frozen=True)
class Extra(Part):
    """Pictures of another data set with the same classes, trained on besides.

    Attributes:
        name: data set, as `open_dataset` knows it.
        root: its folder; one that is not absolute lies in the repository.
        part: of it.
        times: how often each picture is shown in an epoch.
    """

    what: ClassVar[str] = "data extra"
    name: str = text()
    root: str = text()
    part: str = text("all")
    times: int = whole(1, high=1000)


@dataclass(frozen=True)
class Data(Part):
    """Which pictures are trained on, and which judge.

    Attributes:
        name: data set, as `open_dataset` knows it.
        train: part of it to train on.
        validation: part to validate on; None trains without validation.
        hold_out: further pictures of the training part to leave out, by name.
        extras: pictures of other data sets to train on besides; they never judge.
    """

    what: ClassVar[str] = "data"
    name: str = text()
    train: str = text("train")
    validation: str | None = text("validation", optional=True)
    hold_out: tuple[str, ...] = words()
    extras: tuple[Extra, ...] = parts(Extra, none=True)


@dataclass(frozen=True)
class Phase(Part):
    """A stretch of training at one size.

    Attributes:
        height: rows the network sees, in pixels; the preset's unless given.
        width: columns the network sees.
        scale: None: the whole picture is resized to height x width. A number: pictures are resized by it from the
            preset's size, and height x width is a window (crop) into them.
        epochs: how many.
        steps: steps of an epoch; as many as show every picture once unless given.
        batch: pictures of a step.
    """

    what: ClassVar[str] = "phase"
    epochs: int = whole()
    batch: int = whole(4)
    height: int | None = whole(None, optional=True)
    width: int | None = whole(None, optional=True)
    scale: float | None = number(None, low=0.05, high=4, optional=True)
    steps: int | None = whole(None, optional=True)

    def steps_an_epoch(self, pictures: int) -> int:
        """Steps of an epoch over so many training pictures."""
        return self.steps or pictures // self.batch


@dataclass(frozen=True)
class Optimizer(Part):
    """How weights follow gradients; `weight_decay` needs "adamw", `clip_norm` bounds the norm of all gradients."""

    what: ClassVar[str] = "optimizer"
    name: str = choice("adam", "adam", "adamw", "sgd")
    learning_rate: float = number(1e-3, low=1e-9)
    weight_decay: float = number(0.0)
    momentum: float = number(0.9, high=0.9999)
    clip_norm: float | None = number(None, low=1e-9, optional=True)


@dataclass(frozen=True)
class Schedule(Part):
    """The learning rate over all steps: a linear warm-up, then constant or a cosine down to `final` of its height."""

    what: ClassVar[str] = "schedule"
    name: str = choice("constant", "constant", "cosine")
    warm_up: int = whole(0, low=0)
    final: float = number(0.0, high=1)


@dataclass(frozen=True)
class Loss(Part):
    """One term of the loss.

    Attributes:
        name: which.
        weight: its factor in the sum.
        label_smoothing: share of a label spread over all classes ("cross-entropy").
        class_power: weight of a class is its share of pixels to the power of minus this, 0.5 being the inverse square
            root ("cross-entropy", "focal").
        class_limit: the largest class weight, as a multiple of the median one.
        class_weights: weights by class name, multiplied onto those.
        gamma: how much sure pixels are faded ("focal").
        stride: use every n-th row and column only ("lovasz" and "lovasz-hinge", which sort all pixels).
        per_picture: mean over the pictures, rather than all pixels of the batch as one ("lovasz", "lovasz-hinge").
    """

    what: ClassVar[str] = "loss"
    name: str = choice(
        "cross-entropy", "cross-entropy", "binary-cross-entropy", "dice", "lovasz", "lovasz-hinge", "focal"
    )
    weight: float = number(1.0)
    label_smoothing: float = number(0.0, high=0.9)
    class_power: float = number(0.0, high=1)
    class_limit: float = number(10.0, low=1)
    class_weights: Mapping[str, float] = mapping()
    gamma: float = number(2.0)
    stride: int = whole(1)
    per_picture: bool = switch()


@dataclass(frozen=True)
class Augmentation(Part):
    """Random changes of a training picture, each drawn anew every time it is shown.

    Attributes:
        flip: chance of a left-right flip.
        flip_vertical: chance of a top-bottom flip.
        zoom: range of the zoom, drawn evenly on a logarithmic scale; below 1 leaves a border that no loss counts.
        zoom_share: chance of a zoom.
        stretch: largest relative difference between the zooms of height and width.
        rotation: largest angle, in degrees.
        brightness: largest change, as a share of the full range.
        contrast: largest relative change.
        gamma: largest relative change of the exponent.
        saturation: largest relative change.
        noise: largest standard deviation, as a share of the full range.
        blur: chance of a slight Gaussian blur.
        colour_share: chance of the colour changes (brightness, contrast, gamma, saturation, noise).
    """

    what: ClassVar[str] = "augmentation"
    flip: float = number(0.0, high=1)
    flip_vertical: float = number(0.0, high=1)
    zoom: tuple[float, float] = interval((1.0, 1.0), low=0.1)
    zoom_share: float = number(1.0, high=1)
    stretch: float = number(0.0, high=0.9)
    rotation: float = number(0.0, high=180)
    brightness: float = number(0.0, high=1)
    contrast: float = number(0.0, high=1)
    gamma: float = number(0.0, high=0.9)
    saturation: float = number(0.0, high=1)
    noise: float = number(0.0, high=1)
    blur: float = number(0.0, high=1)
    colour_share: float = number(1.0, high=1)


@dataclass(frozen=True)
class Sampling(Part):
    """Which pictures are shown, and where they are cut, so that rare classes are seen.

    Attributes:
        rare_share: share of the pictures chosen for a class; the others come in turn, each once a round.
        power: a class is chosen by its share of pixels to the power of minus this.
        paste: chance of copying objects of other pictures into one.
        paste_most: how many objects at most.
        paste_classes: classes whose objects are copied.
        paste_least: smallest object, in pixels at the preset's size.
    """

    what: ClassVar[str] = "sampling"
    rare_share: float = number(0.0, high=1)
    power: float = number(0.5, high=2)
    paste: float = number(0.0, high=1)
    paste_most: int = whole(3)
    paste_classes: tuple[str, ...] = words()
    paste_least: int = whole(100)


@dataclass(frozen=True)
class Average(Part):
    """An exponential moving average of the weights, which is what is validated and exported.

    Attributes:
        decay: of the average; it starts lower and rises to this.
        recalibrate: batches of training pictures over which batch norm's statistics are measured anew for the averaged
            weights, before each validation and at the end; 0 averages the statistics like the weights.
    """

    what: ClassVar[str] = "average"
    decay: float = number(0.999, high=0.999999)
    recalibrate: int = whole(0, low=0)


@dataclass(frozen=True)
class Plateau(Part):
    """Multiply the learning rate by `factor` when `monitor` has not improved for `patience` validations."""

    what: ClassVar[str] = "plateau"
    monitor: str = choice("val_loss", *MONITORS)
    factor: float = number(0.1, low=0.001, high=0.99)
    patience: int = whole(5)
    least: float = number(1e-6)


@dataclass(frozen=True)
class EarlyStopping(Part):
    """Stop when `monitor` has not improved for `patience` validations."""

    what: ClassVar[str] = "early_stopping"
    monitor: str = choice("val_loss", *MONITORS)
    patience: int = whole(10)


@dataclass(frozen=True)
class Every(Part):
    """How often things happen: `log` in steps, the others in epochs (0 previews never)."""

    what: ClassVar[str] = "part `every`"
    log: int = whole(20)
    validation: int = whole(1)
    checkpoint: int = whole(1)
    preview: int = whole(5, low=0)
