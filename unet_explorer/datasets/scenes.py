"""The project's own street scenes: the sample pictures, the bundled mini set, and any set that `data render` makes.

ROOT/manifest.json                sample pictures: {"pictures": [{"file": ..., "label": ..., "title": ..., ...}]}
or, as tools/scenes writes them,
ROOT/image/<name>.webp            pictures
ROOT/label/<name>.png             palette PNGs: index = class id of article A, palette = its colours

Names that begin with "validation_" validate, all others train. Every scene has a seed and a layout of its own, so no
two are near-duplicates and each is its own group.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import subprocess
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.classes import ClassTable, load_class_table
from unet_explorer.datasets.dataset import Dataset, Problem, Sample
from unet_explorer.datasets.label_files import is_colour_file, read_colours, read_numbers, to_class_ids
from unet_explorer.datasets.pairing import Pairs, pair_files, require_folder, require_pairs, require_subfolder
from unet_explorer.datasets.seismic import Progress, render_sections
from unet_explorer.errors import DatasetError

LAYOUT = "image and label, or a manifest.json"
MANIFEST = "manifest.json"
VALIDATION_PREFIX = "validation_"
SECTIONS = "tgs-salt"
LAYOUTS = ("scenes", "kitti", "carla", SECTIONS)
BLENDER_PYTHON = Path(__file__).parents[2] / ".venv-scenes" / "bin" / "python"
PROGRESS_LINE = re.compile(r"\[(\d+)/(\d+)\] (.*)")


def open_scenes(root: Path, tolerant: bool = False) -> Dataset:
    """Open a folder of rendered street scenes.

    Args:
        root: the folder that holds `image` and `label`, or the `manifest.json` of the sample pictures.
        tolerant: keep incomplete pairs as `problems` instead of refusing the folder.

    Raises:
        DatasetError: the folder is missing, not laid out as expected, empty, or has incomplete pairs.
    """
    root = require_folder(root, "scenes", LAYOUT)
    table = load_class_table("kitti")
    pairs = _listed(root) if (root / MANIFEST).is_file() else _paired(root)
    require_pairs(pairs, root, "scenes", tolerant)
    return Dataset(
        name="scenes",
        root=root,
        class_table=table,
        samples=tuple(Sample(name, image, label, name) for name, image, label in pairs.complete),
        read_label=partial(read_label, table=table),
        divide=split_by_name,
        problems=pairs.problems,
    )


def read_label(path: Path, table: ClassTable) -> NDArray[np.uint8]:
    """A label map of class ids (palette or gray) or of class colours -> uint8 (H, W) class ids.

    Raises:
        PictureError: the file cannot be read.
        DatasetError: a number in it means no class.
        ClassColourError: a colour is not in the table.
    """
    if is_colour_file(path):
        return table.to_ids(read_colours(path), source=str(path))
    return to_class_ids(read_numbers(path), {entry.id: entry.id for entry in table}, path)


def split_by_name(samples: Sequence[Sample]) -> Mapping[str, str]:
    """Name of each sample -> "validation" where the name says so, "train" otherwise."""
    return {sample.name: "validation" if sample.name.startswith(VALIDATION_PREFIX) else "train" for sample in samples}


def _paired(root: Path) -> Pairs:
    images, labels = (require_subfolder(root, part, "scenes", LAYOUT) for part in ("image", "label"))
    return pair_files(images, labels)


def _listed(root: Path) -> Pairs:
    """The pairs of the manifest; those of which a file is not there, or whose name is taken, are problems."""
    complete: dict[str, tuple[Path, Path]] = {}
    problems = []
    for entry in read_manifest(root):
        image, label = root / entry["file"], root / entry["label"]
        missing = " and ".join(path.name for path in (image, label) if not path.is_file())
        what = ""
        if missing:
            what = f"lists what is not there: restore {missing}, or take it off the list."
        elif image.stem in complete:
            what = f"lists two pictures of one name, {complete[image.stem][0].name} and {image.name}: rename one."
        if what:
            problems.append(Problem(image.stem, f"{root / MANIFEST} {what}"))
        else:
            complete[image.stem] = (image, label)
    pairs = sorted((name, *files) for name, files in complete.items())
    return Pairs(tuple(pairs), tuple(sorted(problems, key=lambda problem: problem.name)))


def read_manifest(root: Path) -> tuple[Mapping[str, Any], ...]:
    """The entries of a `manifest.json`: file, label, title, look_for, classes, licence, seed and theme of each picture.

    Raises:
        DatasetError: the file is missing, is not JSON, or does not list pictures with file and label.
    """
    path = root / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        pictures = content["pictures"]
        names = [(entry["file"], entry["label"]) for entry in pictures]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DatasetError(f"{path} is not a manifest of pictures ({error}): restore it.") from None
    if not all(isinstance(name, str) and Path(name).name == name for pair in names for name in pair):
        raise DatasetError(f"{path} must name files that lie beside it, without folders: restore it.")
    return tuple(pictures)


@dataclass(frozen=True)
class RenderOrder:
    """What to render.

    Attributes:
        count: number of pictures in the folder when done.
        out: folder; what it already holds is kept, so an interrupted order resumes.
        seed: of the first picture, the others follow; equal seeds give equal label maps.
        layout: "scenes", "kitti" or "carla" (always 800x600); "tgs-salt" for seismic sections (always 101x101).
        height: of the pictures.
        width: of the pictures.
        samples: light paths per pixel: more is cleaner and slower. Sections need none.
    """

    count: int
    out: Path
    seed: int = 0
    layout: str = "scenes"
    height: int = 375
    width: int = 1242
    samples: int = 16

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            DatasetError: a number is out of range, or the layout is unknown.
        """
        bounds = {"count": (1, 100_000), "seed": (0, 2**31), "height": (16, 2160), "width": (16, 4096)}
        for name, (low, high) in {**bounds, "samples": (1, 1024)}.items():
            if not low <= getattr(self, name) <= high:
                raise DatasetError(
                    f"The {name} of pictures to render is {getattr(self, name)}: choose {low} to {high}."
                )
        if self.layout not in LAYOUTS:
            raise DatasetError(
                f"There is no layout {self.layout!r} of pictures to render: choose from {', '.join(LAYOUTS)}."
            )


def render_pictures(order: RenderOrder, progress: Progress | None = None) -> int:
    """Render street scenes with Blender's Python module, or seismic sections, which need none.

    Args:
        order: what to render.
        progress: told after each picture.

    Returns:
        Number of pictures rendered now; the rest was there already.

    Raises:
        DatasetError: Blender's module or the generator is not there, or the folder cannot be written.
    """
    if order.layout == SECTIONS:
        return render_sections(order.count, order.out, order.seed, progress)
    if not _installed("tools.scenes"):
        raise DatasetError(
            "Rendering scenes needs the folder tools/scenes: run this in a checkout of the repository, at its top."
        )
    if not _installed("bpy"):
        return _render_elsewhere(order, progress)
    output = importlib.import_module("tools.scenes.output")
    work = output.Order(
        order.count, order.out.expanduser(), order.seed, order.layout, (order.height, order.width), order.samples
    )
    try:
        return int(output.render_set(work, progress))
    except OSError as error:
        raise DatasetError(f"The scenes cannot be written to {order.out} ({error}): choose another folder.") from None


def _render_elsewhere(order: RenderOrder, progress: Progress | None) -> int:
    """Render in the environment of `make scenes-setup`: Blender's module wants an older NumPy than the app."""
    python = BLENDER_PYTHON
    if not python.is_file():
        raise DatasetError(
            "Rendering scenes needs Blender's Python module bpy, which is missing: `make scenes-setup` installs it "
            "(requirements-scenes.txt, Python 3.11) in an environment of its own."
        )
    command = [
        str(python),
        "-W",
        "ignore",
        "-m",
        "tools.scenes",
        "render",
        "--out",
        str(order.out.expanduser().resolve()),
    ]
    for name in ("count", "seed", "layout", "height", "width", "samples"):
        command += [f"--{name}", str(getattr(order, name))]
    made, last = 0, ""
    with subprocess.Popen(
        command, cwd=python.parents[2], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            last = line.strip() or last
            if found := PROGRESS_LINE.fullmatch(line.strip()):
                made += 1
                if progress:
                    progress(int(found[1]), int(found[2]), found[3])
    if process.returncode:
        raise DatasetError(f"The scenes could not be rendered to {order.out} ({last}): mend that and run it again.")
    return made


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of the package around it
        return False


def add_render_arguments(parser: ArgumentParser) -> None:
    """Declare the options of `data render`."""
    parser.add_argument("--count", type=int, required=True, help="number of pictures")
    parser.add_argument("--out", type=Path, required=True, help="folder; an interrupted run resumes in it")
    parser.add_argument("--seed", type=int, default=0, help="of the first picture (default %(default)s)")
    layouts = f"one of {', '.join(LAYOUTS)} (default %(default)s); {SECTIONS}: seismic sections"
    parser.add_argument("--layout", default="scenes", help=layouts)
    parser.add_argument("--height", type=int, default=375, help="of the pictures (default %(default)s)")
    parser.add_argument("--width", type=int, default=1242, help="of the pictures (default %(default)s)")
    parser.add_argument("--samples", type=int, default=16, help="light paths per pixel (default %(default)s)")


def run_render(options: Namespace) -> int:
    """Do `data render` and print progress; returns the exit code.

    Raises:
        DatasetError: as `render_pictures`.
    """
    order = RenderOrder(
        options.count, options.out, options.seed, options.layout, options.height, options.width, options.samples
    )
    made = render_pictures(order, lambda done, total, line: print(f"[{done}/{total}] {line}", flush=True))
    print(f"{made} rendered, {order.count - made} were there already: {order.out}")
    return 0
