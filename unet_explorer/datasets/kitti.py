"""KITTI semantics (Alhaija et al., 2018): 200 labelled road pictures in the official layout.

    ROOT/training/image_2/000000_10.png          pictures, RGB
    ROOT/training/semantic_rgb/000000_10.png     label maps in class colours (used where present, as article A does)
    ROOT/training/semantic/000000_10.png         label maps of Cityscapes ids (used where semantic_rgb is missing)

The two kinds differ in one point: the colours draw Static, like everything unlabelled, in black, which reads as None;
the ids keep it apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unet_explorer.classes import ClassTable, load_class_table
from unet_explorer.datasets.dataset import Dataset, Sample, two_parts
from unet_explorer.datasets.label_files import read_colours, read_numbers, to_class_ids
from unet_explorer.datasets.likeness import name_groups, picture_groups
from unet_explorer.datasets.pairing import pair_files, require_folder, require_pairs, require_subfolder
from unet_explorer.datasets.splits import merge_links, shuffled_hold_out
from unet_explorer.errors import DatasetError

LAYOUT = "training/image_2 and training/semantic_rgb (or training/semantic)"
OFFICIAL_NAMES = tuple(f"{number:06d}_10" for number in range(200))
HELD_OUT = 0.3
ARTICLE_SEED = 123
# Of the first 2000 seeds the one whose two parts of the 140 measured pictures agree best in their class shares; every
# class that occurs in two groups or more is in both parts.
GROUPED_SEED = 1897
GROUPS_FILE = Path(__file__).with_name("kitti_groups.json")

# Cityscapes id (as in the official label PNGs) -> class name of article A's table. What that table does not have is
# drawn in another class's colour (a group of poles as Pole) or left black (the ego vehicle as None).
CITYSCAPES_IDS: Mapping[int, str] = {
    **dict.fromkeys(range(4), "None"),
    4: "Static", 5: "Dynamic", 6: "Ground", 7: "Road", 8: "Sidewalk", 9: "Parking", 10: "Rail track", 11: "Building",
    12: "Wall", 13: "Fence", 14: "Guard rail", 15: "Bridge", 16: "Tunnel", 17: "Pole", 18: "Pole", 19: "Traffic light",
    20: "Traffic sign", 21: "Vegetation", 22: "Terrain", 23: "Sky", 24: "Person", 25: "Rider", 26: "Car", 27: "Truck",
    28: "Bus", 29: "Caravan", 30: "Trailer", 31: "On rails", 32: "Motorcycle", 33: "Bicycle",
}  # fmt: skip


def open_kitti(root: Path, tolerant: bool = False) -> Dataset:
    """Open a KITTI semantics folder.

    Args:
        root: the folder that holds `training/image_2`.
        tolerant: keep incomplete pairs as `problems` instead of refusing the folder.

    Raises:
        DatasetError: the folder is missing, not laid out as expected, empty, or has incomplete pairs.
    """
    root = require_folder(root, "kitti", LAYOUT)
    images = require_subfolder(root, "training/image_2", "kitti", LAYOUT)
    coloured = (root / "training/semantic_rgb").is_dir()
    labels = require_subfolder(root, f"training/{'semantic_rgb' if coloured else 'semantic'}", "kitti", LAYOUT)
    pairs = pair_files(images, labels)
    require_pairs(pairs, root, "kitti", tolerant)
    table = load_class_table("kitti")
    groups = measured_groups()
    return Dataset(
        name="kitti",
        root=root,
        class_table=table,
        samples=tuple(Sample(name, image, label, groups.get(name, name)) for name, image, label in pairs.complete),
        read_label=partial(read_colour_label if coloured else read_id_label, table=table),
        divide=article_split,
        find_groups=find_groups,
        grouped_seed=GROUPED_SEED,
        problems=pairs.problems,
    )


def article_split(samples: Sequence[Sample]) -> dict[str, str]:
    """Article A's split: 140 names train, 60 validate, whichever of the 200 are present.

    Raises:
        DatasetError: a picture is none of the official 200, so that the article's split says nothing about it.
    """
    names = [sample.name for sample in samples]
    strangers = sorted(set(names) - set(OFFICIAL_NAMES))
    if strangers:
        raise DatasetError(
            f"{strangers[0]} is none of KITTI's 200 pictures (000000_10 to 000199_10), so article A's split does not "
            f"say where it belongs: use the grouped split, or open the folder as a 'folder' data set."
        )
    return two_parts(names, shuffled_hold_out(OFFICIAL_NAMES, HELD_OUT, ARTICLE_SEED))


def read_colour_label(path: Path, table: ClassTable) -> NDArray[np.uint8]:
    """A label map drawn in class colours -> uint8 (H, W) class ids.

    Raises:
        PictureError: the file cannot be read.
        ClassColourError: a colour is not in the table; the sentence names file, colour and position.
    """
    return table.to_ids(read_colours(path), source=str(path))


def read_id_label(path: Path, table: ClassTable) -> NDArray[np.uint8]:
    """A label map of Cityscapes ids -> uint8 (H, W) class ids.

    Raises:
        PictureError: the file cannot be read.
        DatasetError: it holds a number that is no Cityscapes id.
    """
    return to_class_ids(read_numbers(path), {number: table.by_name(n).id for number, n in CITYSCAPES_IDS.items()}, path)


def find_groups(samples: Sequence[Sample]) -> dict[str, str]:
    """The group of near-duplicates of each picture, named after its first member.

    The groups of 140 pictures were measured once and lie beside this file. Where a folder holds others too, all its
    pictures are compared (a few seconds), and what was measured as alike stays together.
    """
    names = [sample.name for sample in samples]
    measured = measured_groups()
    if all(name in measured for name in names):
        return name_groups(names, [measured[name] for name in names])
    found = picture_groups([sample.image for sample in samples], [_number(name) for name in names])
    first: dict[str, int] = {}
    links = list(enumerate(found))
    links += [(first.setdefault(measured[name], i), i) for i, name in enumerate(names) if name in measured]
    return name_groups(names, merge_links(len(names), links))


@cache
def measured_groups() -> Mapping[str, str]:
    """Name -> group of the 140 pictures that were measured."""
    groups = json.loads(GROUPS_FILE.read_text(encoding="utf-8"))["groups"]
    return {name: members[0] for members in groups for name in members}


def _number(name: str) -> int | None:
    """Place in the recording: the number that a KITTI name starts with."""
    match = re.match(r"\d+", name)
    return int(match.group()) if match else None
