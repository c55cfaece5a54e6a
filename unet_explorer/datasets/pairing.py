"""Finding the two files of each pair by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from unet_explorer.datasets.dataset import Problem
from unet_explorer.errors import DatasetError

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})


@dataclass(frozen=True)
class Pairs:
    """The pairs of two folders: `complete` are (name, picture, label map), `problems` what has no partner."""

    complete: tuple[tuple[str, Path, Path], ...]
    problems: tuple[Problem, ...]


def require_folder(root: Path, dataset: str, layout: str) -> Path:
    """The folder, made absolute.

    Raises:
        DatasetError: it does not exist, is a file or cannot be looked at; the sentence tells the layout.
    """
    try:
        if root.is_dir():
            return root.resolve()
        what = "is a file, not a folder" if root.exists() else "does not exist"
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
    raise DatasetError(f"The {dataset} folder {root} {what}: give the folder that holds {layout}.")


def require_subfolder(root: Path, part: str, dataset: str, layout: str) -> Path:
    """A folder inside a data set.

    Raises:
        DatasetError: there is none, or the data set may not be looked into; the sentence tells the layout.
    """
    folder = root / part
    try:
        if folder.is_dir():
            return folder
    except OSError as error:
        raise DatasetError(f"{folder} cannot be read ({error.strerror}): check its permissions.") from error
    raise DatasetError(f"{root} has no folder {part}: a {dataset} folder holds {layout}.")


def pair_files(images: Path, labels: Path, prefix: str = "", tolerant: bool = False) -> Pairs:
    """Pair the pictures of one folder with the label maps (PNG) of another by their names without suffix.

    Args:
        images: folder of the pictures.
        labels: folder of the label maps.
        prefix: put before each name, where a data set has several such folders.
        tolerant: take a folder that is missing for an empty one, so that what lies in the other has no partner.

    Raises:
        DatasetError: a folder cannot be read.
    """
    pictures, doubled = _by_stem(images, PICTURE_SUFFIXES, tolerant)
    maps, _ = _by_stem(labels, frozenset({".png"}), tolerant)
    problems = [Problem(prefix + name, f"{images} holds two pictures of this name: remove one.") for name in doubled]
    problems += [Problem(prefix + n, f"{pictures[n]} has no label map in {labels}.") for n in pictures.keys() - maps]
    problems += [Problem(prefix + n, f"{maps[n]} has no picture in {images}.") for n in maps.keys() - pictures]
    complete = tuple((prefix + name, pictures[name], maps[name]) for name in sorted(pictures.keys() & maps))
    return Pairs(complete, tuple(sorted(problems, key=lambda problem: problem.name)))


def require_pairs(pairs: Pairs, root: Path, dataset: str, tolerant: bool) -> None:
    """Refuse folders with nothing to read and, unless `tolerant`, with incomplete pairs.

    Raises:
        DatasetError: see above.
    """
    if not pairs.complete and not (tolerant and pairs.problems):
        detail = f" ({pairs.problems[0].what})" if pairs.problems else ""
        raise DatasetError(f"{root} holds no complete pair of a picture and a label map{detail}: copy the data there.")
    if pairs.problems and not tolerant:
        count = len(pairs.problems)
        raise DatasetError(
            f"{count} pair{'s are' if count > 1 else ' is'} incomplete in {root}, first {pairs.problems[0].name}: "
            f"{pairs.problems[0].what.removesuffix('.')}; `data check {dataset} --root {root}` lists them all."
        )


def _by_stem(folder: Path, suffixes: frozenset[str], tolerant: bool) -> tuple[dict[str, Path], list[str]]:
    """The files of a folder by name without suffix, and the names that occur twice. Hidden files are not data."""
    files: dict[str, Path] = {}
    doubled: list[str] = []
    try:
        if tolerant and not folder.exists():
            return {}, []
        paths = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in suffixes and path.is_file()]
    except OSError as error:
        raise DatasetError(f"The folder {folder} cannot be read ({error.strerror}): check its permissions.") from error
    for path in paths:
        if not path.name.startswith("."):
            if path.stem in files:
                doubled.append(path.stem)
            files.setdefault(path.stem, path)
    return files, doubled
