"""What every data set is to the rest of the house: samples, a class table, and one way to read a pair."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.classes import ClassTable
from unet_explorer.datasets.splits import grouped_hold_out, shuffled_hold_out
from unet_explorer.errors import DatasetError, close_names
from unet_explorer.pictures import Picture, open_picture

PARTS = (
    "all", "train", "validation", "test",
    "grouped-train", "grouped-validation",
    "random-train", "random-validation",
)  # fmt: skip
HELD_OUT = 0.3
RANDOM_SEED = 123


@dataclass(frozen=True)
class Sample:
    """One picture of a data set and where its label map lies.

    Attributes:
        name: the picture's name without its suffix, unique in the data set.
        image: file of the picture.
        label: file of its label map; None where the data set has no labels.
        group: samples of one group show nearly the same thing and belong on one side of a grouped split. The sample's
            own name where its likeness to others is not known yet; `Dataset.grouped_samples` finds it out.
    """

    name: str
    image: Path
    label: Path | None
    group: str


@dataclass(frozen=True)
class Problem:
    """Something broken in a data folder: `name` is the pair it concerns, `what` says what is wrong with it."""

    name: str
    what: str


Division = Callable[[Sequence[Sample]], Mapping[str, str]]
"""Name of each sample -> "train", "validation" or "test"."""

Grouping = Callable[[Sequence[Sample]], Mapping[str, str]]
"""Name of each sample -> name of its group."""


def own_groups(samples: Sequence[Sample]) -> Mapping[str, str]:
    """The groups that the samples already carry."""
    return {sample.name: sample.group for sample in samples}


@dataclass(frozen=True)
class Dataset:
    """A folder of pictures and label maps, opened; nothing is decoded before `read` or a split that needs it.

    Attributes:
        name: the name it was opened by, such as "kitti".
        root: the folder.
        class_table: the classes its label maps hold.
        samples: the complete pairs, sorted by name.
        read_label: label file -> uint8 (H, W) class ids.
        divide: the plain split.
        find_groups: the groups of near-duplicates, for the grouped split.
        grouped_seed: of the shuffle of the groups.
        problems: pictures without a label map and the reverse; empty unless opened with `tolerant=True`.
        label_values: number in the label maps -> class id, where the folder itself says so; empty where the reader
            knows it.
    """

    name: str
    root: Path
    class_table: ClassTable
    samples: tuple[Sample, ...]
    read_label: Callable[[Path], NDArray[np.uint8]]
    divide: Division
    find_groups: Grouping = own_groups
    grouped_seed: int = 0
    problems: tuple[Problem, ...] = field(default=())
    label_values: Mapping[int, int] = field(default_factory=dict, hash=False)

    def split(self, part: str) -> tuple[Sample, ...]:
        """The samples of one part, in the order of their names.

        Args:
            part: one of `PARTS`.

        Raises:
            DatasetError: an unknown part, or one that is empty in this folder.
        """
        if part not in PARTS:
            raise DatasetError(
                f"There is no part {part!r} of a data set{close_names(part, PARTS)} (choose from {', '.join(PARTS)})."
            )
        if part == "all":
            return self.samples
        way, _, side = part.rpartition("-")
        samples = self.grouped_samples if way == "grouped" else self.samples
        ways = {"": self.divide, "grouped": self._keep_groups_together, "random": deal_out}
        parts = ways[way](samples)
        chosen = tuple(sample for sample in samples if parts[sample.name] == side)
        if not chosen:
            raise DatasetError(
                f"{self.root} holds no picture of the {part!r} part of {self.name} (its {len(samples)} pictures are "
                f"{_enumerate(set(parts.values()))}): choose another part, or a folder that has them."
            )
        return chosen

    @cached_property
    def grouped_samples(self) -> tuple[Sample, ...]:
        """The samples with their groups of near-duplicates found, which may take comparing all the pictures."""
        groups = self.find_groups(self.samples)
        return tuple(dataclasses.replace(sample, group=groups[sample.name]) for sample in self.samples)

    def sample(self, name: str) -> Sample:
        """The sample of a name.

        Raises:
            DatasetError: there is none; close names are offered.
        """
        by_name = {sample.name: sample for sample in self.samples}
        if name not in by_name:
            raise DatasetError(
                f"{self.root} has no picture {name!r}{close_names(name, by_name) or ': check its name.'}"
            )
        return by_name[name]

    def read(self, sample: Sample) -> Picture:
        """Decode one pair.

        Returns:
            The picture with its `label_map`, uint8 (H, W), both in the picture's own size.

        Raises:
            PictureError: the picture or its label map cannot be read.
            DatasetError: the label map holds an unknown number, or is not of the picture's size.
            ClassColourError: the label map holds a colour that the class table does not know.
        """
        # Opened under its path, so that an error tells it from its label map, which often has the same file name.
        picture = dataclasses.replace(open_picture(sample.image, name=str(sample.image)), name=sample.image.name)
        if sample.label is None:
            return picture
        labels = self.read_label(sample.label)
        if labels.shape != (picture.height, picture.width):
            raise DatasetError(
                f"The label map {sample.label} is {labels.shape[1]}x{labels.shape[0]} but its picture "
                f"{sample.image.name} is {picture.width}x{picture.height} pixels: they must be of one size."
            )
        return picture.with_label_map(labels)

    def _keep_groups_together(self, samples: Sequence[Sample]) -> dict[str, str]:
        groups = own_groups(samples)
        return two_parts(groups, grouped_hold_out(groups, HELD_OUT, self.grouped_seed))


def deal_out(samples: Sequence[Sample]) -> dict[str, str]:
    """Article A's rule for whatever samples there are: shuffle with its seed, 7 train to 3 validation.

    Near-duplicates may stand on both sides, so a score on this validation part flatters; it is for estimating what
    others' random splits say.
    """
    names = [sample.name for sample in samples]
    return two_parts(names, shuffled_hold_out(names, HELD_OUT, RANDOM_SEED))


def two_parts(names: Mapping[str, Any] | Sequence[str], held_out: frozenset[str]) -> dict[str, str]:
    """Name -> "validation" for those held out, "train" for the rest."""
    return {name: "validation" if name in held_out else "train" for name in names}


def _enumerate(parts: set[str]) -> str:
    return " and ".join(sorted(parts)) if parts else "none"
