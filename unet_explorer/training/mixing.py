"""A data set to train on, perhaps with pictures of others beside its own, as `data.extras` of a recipe says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from unet_explorer.classes import ClassTable
from unet_explorer.datasets import Dataset, Sample, open_dataset
from unet_explorer.errors import DatasetError, close_names
from unet_explorer.pictures import Picture
from unet_explorer.settings import REPOSITORY
from unet_explorer.training.recipe_parts import Data, Extra
from unet_explorer.training.store import Source


class Mixed:
    """One data set whose parts are named by the recipe, and samples of others that are only ever trained on.

    Attributes:
        extra_samples: what is trained on besides, as often as the recipe says.
    """

    def __init__(self, main: Source, extras: Sequence[tuple[Extra, Source]]) -> None:
        """Put data sets side by side.

        Raises:
            DatasetError: their classes differ, or a part of one is empty.
        """
        self._main = main
        self._owners: dict[Path, Source] = {}
        extra_samples: list[Sample] = []
        for extra, source in extras:
            if source.class_table.names != main.class_table.names:
                raise DatasetError(
                    f"data.extras of the recipe adds {source.name}, whose classes are not those of {main.name}: "
                    "add pictures that are labelled with the same classes."
                )
            samples = source.split(extra.part)
            self._owners |= {sample.image: source for sample in samples}
            extra_samples += samples * extra.times
        self.extra_samples = tuple(extra_samples)

    @property
    def name(self) -> str:
        """The main data set's name."""
        return self._main.name

    @property
    def class_table(self) -> ClassTable:
        """The classes that all of them share."""
        return self._main.class_table

    def split(self, part: str) -> tuple[Sample, ...]:
        """The samples of one part of the main data set."""
        return self._main.split(part)

    def read(self, sample: Sample) -> Picture:
        """One pair of any of the data sets."""
        return self._owners.get(sample.image, self._main).read(sample)


def open_source(data: Data, root: Path, reader: Callable[[Dataset], Source] | None = None) -> Source:
    """Open what a recipe trains on.

    Args:
        data: of the recipe.
        root: folder of the main data set; those of the extras are named in the recipe.
        reader: put around each data set, such as `DecodedPictures`.

    Raises:
        DatasetError: a folder is missing or not laid out as its reader expects, or classes differ.
    """

    def opened(name: str, folder: Path) -> Source:
        dataset = open_dataset(name, folder)
        return dataset if reader is None else reader(dataset)

    main = opened(data.name, root)
    if not data.extras:
        return main
    # joinpath: an absolute root stays as it is, any other lies in the repository.
    return Mixed(main, [(extra, opened(extra.name, REPOSITORY.joinpath(extra.root))) for extra in data.extras])


def training_samples(source: Source, data: Data) -> tuple[Sample, ...]:
    """What a recipe trains on: its part but for what it holds out, and the extras.

    Raises:
        DatasetError: the part is empty, nothing of it is left, or a name that is held out is not in it.
    """
    samples = source.split(data.train)
    names = {sample.name for sample in samples}
    for name in data.hold_out:
        if name not in names:
            raise DatasetError(
                f"data.hold_out names {name!r}, which the training part of {source.name} has not"
                f"{close_names(name, names) or '.'}"
            )
    kept = tuple(sample for sample in samples if sample.name not in data.hold_out)
    if not kept:
        raise DatasetError("data.hold_out leaves no training pictures: hold out fewer.")
    return kept + extra_samples(source)


def extra_samples(source: Source) -> tuple[Sample, ...]:
    """What is trained on besides the source's own training part."""
    return source.extra_samples if isinstance(source, Mixed) else ()
