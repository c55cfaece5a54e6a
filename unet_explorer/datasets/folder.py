"""Any folder of pictures and masks with a class table of its own.

ROOT/images/<name>.png|jpg|...    pictures
ROOT/masks/<name>.png             label maps: gray or palette PNGs of class ids, or RGB PNGs in class colours
ROOT/classes.json                 {"name": "...", "classes": [{"id": 0, "name": "Road", "colour": [128, 64, 128]}, ...]}

Where the numbers in the masks are not the ids, `classes.json` also has "values", number -> class name:
{"7": "Road", "255": "Unlabelled"}.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.classes import ClassTable
from unet_explorer.datasets.dataset import Dataset, Sample, two_parts
from unet_explorer.datasets.label_files import is_colour_file, read_colours, read_numbers, to_class_ids
from unet_explorer.datasets.likeness import name_groups, picture_groups
from unet_explorer.datasets.pairing import pair_files, require_folder, require_pairs, require_subfolder
from unet_explorer.datasets.splits import shuffled_hold_out
from unet_explorer.errors import DatasetError

LAYOUT = "images, masks and classes.json"
# Label maps hold bytes once they are read, and 255 is what counts nowhere.
MOST_CLASSES = 255
HELD_OUT = 0.2
SEED = 0


def open_folder(root: Path, tolerant: bool = False) -> Dataset:
    """Open a folder of pictures and masks.

    Args:
        root: the folder that holds `images`, `masks` and `classes.json`.
        tolerant: keep incomplete pairs as `problems` instead of refusing the folder.

    Raises:
        DatasetError: the folder is missing, not laid out as expected, empty, has incomplete pairs or too many classes.
        ClassTableError: `classes.json` is no class table.
    """
    root = require_folder(root, "folder", LAYOUT)
    images, masks = (require_subfolder(root, part, "folder", LAYOUT) for part in ("images", "masks"))
    content = _read_json(root / "classes.json")
    table = ClassTable.from_dict(content, source=str(root / "classes.json"))
    if len(table) > MOST_CLASSES:
        raise DatasetError(
            f"{root / 'classes.json'} has {len(table)} classes: a label map tells at most {MOST_CLASSES} apart."
        )
    ids = mask_values(content, table, root / "classes.json")
    pairs = pair_files(images, masks)
    require_pairs(pairs, root, "folder", tolerant)
    return Dataset(
        name="folder",
        root=root,
        class_table=table,
        samples=tuple(Sample(name, image, mask, name) for name, image, mask in pairs.complete),
        read_label=partial(read_label, table=table, ids=ids),
        divide=random_split,
        find_groups=find_groups,
        problems=pairs.problems,
        label_values=ids,
    )


def mask_values(content: Mapping[str, Any], table: ClassTable, source: Path) -> dict[int, int]:
    """What the numbers in the masks mean: number -> class id.

    Args:
        content: of `classes.json`; without "values" the numbers are the ids.
        table: the classes.
        source: the file, for the error.

    Raises:
        DatasetError: "values" is not as described at the top of this module.
        ClassTableError: it names a class that is not in the table.
    """
    if "values" not in content:
        return {entry.id: entry.id for entry in table}
    values = content["values"]
    if not isinstance(values, dict) or not values or not all(n.isdecimal() and int(n) < 65536 for n in values):
        raise DatasetError(f'{source}: "values" must look like {{"7": "Road"}}, with numbers from 0 to 65535.')
    return {int(number): table.by_name(str(name)).id for number, name in values.items()}


def read_label(path: Path, table: ClassTable, ids: Mapping[int, int]) -> NDArray[np.uint8]:
    """A mask of numbers (gray level or palette index) or of class colours -> uint8 (H, W) class ids.

    Raises:
        PictureError: the file cannot be read.
        DatasetError: a number in it means no class.
        ClassColourError: a colour is not in the table.
    """
    if is_colour_file(path):
        return table.to_ids(read_colours(path), source=str(path))
    return to_class_ids(read_numbers(path), ids, path)


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DatasetError(
            f"{path.parent} has no {path.name}: write the class table there (see docs/data.md)."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise DatasetError(f"{path} is not JSON that can be read ({error}): correct it.") from None
    if not isinstance(content, dict):
        raise DatasetError(f"{path} holds a {type(content).__name__}, not an object: see docs/data.md.")
    return content


def random_split(samples: Sequence[Sample]) -> dict[str, str]:
    """A fifth of the names validates, drawn with a fixed seed; use the grouped split where pictures repeat."""
    names = [sample.name for sample in samples]
    return two_parts(names, shuffled_hold_out(names, HELD_OUT, SEED))


def find_groups(samples: Sequence[Sample]) -> dict[str, str]:
    """The groups of near-duplicates, found by comparing all the pictures."""
    return name_groups(
        [sample.name for sample in samples],
        picture_groups([sample.image for sample in samples], [None] * len(samples)),
    )
