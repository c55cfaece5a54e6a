"""The data folders that a job can be trained on: what is bundled, what was found, and what was typed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from unet_explorer.classes import ClassTable
from unet_explorer.datasets import open_dataset
from unet_explorer.datasets.checking import DatasetReport, check_dataset
from unet_explorer.errors import DatasetError, UserError
from unet_explorer.jobs.digest import data_digest
from unet_explorer.settings import path_setting
from unet_explorer.ui import library

BUNDLED = "bundled"
OWN = "own"
FEW = 8
"""Bundled training pictures below which the sample pictures are offered first."""


@dataclass(frozen=True)
class DataSource:
    """A folder that holds pictures with label maps.

    Attributes:
        key: what the page calls it.
        title: what people call it.
        dataset: how it is laid out, as `open_dataset` names it.
        root: the folder.
    """

    key: str
    title: str
    dataset: str
    root: Path


@dataclass(frozen=True)
class Facts:
    """What a quick look at a folder tells.

    Attributes:
        parts: pictures of each part that has any.
        class_table: names and colours.
        problems: pairs that are incomplete.
    """

    parts: dict[str, int]
    class_table: ClassTable
    problems: tuple[str, ...]


def found_sources() -> list[DataSource]:
    """Every folder that is there: bundled streets first, and real salt before made-up sections."""
    samples, salt = path_setting("sample_dir"), library.salt_root()
    places = [
        DataSource("kitti", "KITTI semantics", "kitti", root) for root in [library.kitti_root()] if root is not None
    ]
    if salt is not None:
        places.append(DataSource("salt", "TGS salt", "tgs-salt", salt))
    if (sections := library.seismic_root()) is not None:
        places.append(DataSource("seismic", "Seismic sections (bundled)", "tgs-salt", sections))
    return [*_bundled(samples), *(place for place in places if place.root.is_dir())]


def _bundled(samples: Path | None) -> list[DataSource]:
    if samples is None:
        return []
    found = []
    training = samples / "training"
    if (training / "image").is_dir() and any((training / "label").glob("*.png")):
        found.append(DataSource(BUNDLED, "Street scenes (bundled)", "scenes", training))
    if (samples / "manifest.json").is_file():
        found.append(DataSource("samples", "Sample pictures (bundled)", "scenes", samples))
    return sorted(found, key=lambda source: source.key == BUNDLED and _count(source) < FEW)


def _count(source: DataSource) -> int:
    return len(list((source.root / "label").glob("*.png")))


def own_source(dataset: str, typed: str) -> DataSource:
    """The folder that somebody typed.

    Raises:
        DatasetError: nothing was typed, or it is no folder.
    """
    if not typed.strip():
        raise DatasetError("Write the path of a data folder on the machine that runs this app.")
    try:
        root = Path(typed.strip()).expanduser()
        there = root.is_dir()
    except (OSError, RuntimeError) as error:
        raise DatasetError(f"{typed.strip()[:80]!r} cannot be a folder ({error}): check the path.") from error
    if not there:
        raise DatasetError(f"There is no folder {root} on the machine that runs this app: check the path.")
    return DataSource(OWN, str(root), dataset, root.absolute())


def look(source: DataSource) -> Facts:
    """Open a folder and count.

    Raises:
        DatasetError: it is not laid out as `source.dataset` says, or is empty.
    """
    return _look(source.dataset, source.root, data_digest(source.root))


@st.cache_data(max_entries=32, show_spinner=False)
def _look(dataset: str, root: Path, version: str) -> Facts:
    opened = open_dataset(dataset, root, tolerant=True)
    parts = {}
    for part in ("train", "validation"):
        try:
            parts[part] = len(opened.split(part))
        except UserError:
            continue
    return Facts(parts, opened.class_table, tuple(f"{row.name}: {row.what}" for row in opened.problems))


def check(source: DataSource) -> DatasetReport:
    """Read every picture and label map; takes seconds to minutes.

    Raises:
        DatasetError: the folder cannot be opened at all.
    """
    return check_dataset(open_dataset(source.dataset, source.root, tolerant=True))
