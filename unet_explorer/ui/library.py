"""What can be opened: the models in `models/`, and pictures from samples, data folders and this session's uploads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from unet_explorer.classes import ClassTable, load_class_table
from unet_explorer.datasets import Sample, open_dataset
from unet_explorer.errors import ModelError, PictureError, UserError, close_names
from unet_explorer.network.card import read_card
from unet_explorer.pictures import Picture, open_label_levels, open_picture
from unet_explorer.settings import path_setting, setting
from unet_explorer.ui.state import UPLOAD
from unet_explorer.ui.uploads import uploaded

if TYPE_CHECKING:
    from unet_explorer.network import Network

SAMPLE, KITTI, SALT, SEISMIC = "sample:", "kitti:", "salt:", "seismic:"
OF_SALT = (SALT, SEISMIC)
LOOK_FOR = {
    "dome": "Salt that has risen and dragged the layers up with it. Is its roof found, and its flanks?",
    "flank": "The side of a body of salt: the layers beside it end there, one after the other.",
    "layers": "No salt at all: whatever is found here is a false alarm.",
    "sheet": "Salt below, layers above, and a strong reflection between them.",
}
"""What a seismic section shows, by the first word of its name."""
MOST_NETWORKS = 9
PICTURES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class Choice:
    """One picture that can be chosen.

    Attributes:
        key: `sample:NAME`, `seismic:NAME`, `kitti:NAME`, `salt:NAME` or `upload:DIGEST`; what an address holds.
        title: what to call it.
        source: "Samples", the title of one of `FOLDERS`, or "Yours".
        image: its file; None for uploads.
        label: file of its label map; None where it has none, or where the data set knows it.
        look_for: what is worth looking at in it; empty where nobody wrote that down.
        classes: names of the classes in its label map, as far as known.
    """

    key: str
    title: str
    source: str
    image: Path | None = None
    label: Path | None = None
    look_for: str = ""
    classes: tuple[str, ...] = ()


def model_folders() -> dict[str, Path]:
    """Name -> folder of every model: `first_model`, the others in `models/`, then those added or trained here."""
    places = (path_setting("models_dir"), added_models(), trained_models())
    roots = [root for root in places if root is not None and root.is_dir()]
    found: dict[str, Path] = {}
    for folder in (folder for root in roots for folder in sorted(root.iterdir())):
        if (folder / "saved_model.pb").is_file() and not folder.name.startswith("."):
            found.setdefault(folder.name, folder)
    first = str(setting("first_model"))
    return {first: found[first], **found} if first in found else found


def model_names() -> list[str]:
    """Names of the models, in the order of `model_folders`."""
    return list(model_folders())


def model_title(name: str) -> str:
    """What people call a model: its name, and for one that a job here has trained the name of that job before it."""
    root = trained_models()
    recipe = root / name / "recipe.json" if root is not None else None
    if recipe is None or not recipe.is_file() or name not in model_folders():
        return name
    return _trained_title(recipe, name, recipe.stat().st_mtime_ns)


@st.cache_data(max_entries=400, show_spinner=False)
def _trained_title(recipe: Path, name: str, changed_at: int) -> str:
    try:
        return f"{json.loads(recipe.read_text(encoding='utf-8'))['name']} · {name}"
    except (OSError, ValueError, KeyError, TypeError):
        return name


def added_models() -> Path | None:
    """The folder for models that are added in the app."""
    root = path_setting("data_dir")
    return None if root is None else root / "models"


def trained_models() -> Path | None:
    """The folder for networks that jobs have trained."""
    root = path_setting("data_dir")
    return None if root is None else root / "networks"


def kitti_root() -> Path | None:
    """The KITTI folder: that of the setting, else the one downloaded here; None where there is neither."""
    downloaded = downloaded_kitti()
    there = downloaded is not None and (downloaded / "training" / "image_2").is_dir()
    return path_setting("kitti_root") or (downloaded if there else None)


def downloaded_kitti() -> Path | None:
    """Where a download of KITTI goes."""
    root = path_setting("data_dir")
    return None if root is None else root / "kitti"


def seismic_root() -> Path | None:
    """The folder of the seismic sections that come with the app; None where it is not there."""
    samples = path_setting("sample_dir")
    return samples / "seismic" if samples is not None and (samples / "seismic" / "images").is_dir() else None


def salt_root() -> Path | None:
    """The folder of real TGS salt; None where the setting names none."""
    return path_setting("salt_root")


@dataclass(frozen=True)
class DataFolder:
    """Pictures of a data set that can be chosen.

    Attributes:
        title: what people call it.
        dataset: how it is laid out, as `open_dataset` names it.
        root: where it is, None where it is not there.
    """

    title: str
    dataset: str
    root: Callable[[], Path | None]


FOLDERS = {
    KITTI: DataFolder("KITTI", "kitti", kitti_root),
    SALT: DataFolder("TGS salt", "tgs-salt", salt_root),
    SEISMIC: DataFolder("Seismic", "tgs-salt", seismic_root),
}
"""By what the keys of their pictures begin with."""


def open_model(name: str) -> Network:
    """The network of a folder in `models/`, opened once per process and shared.

    Raises:
        ModelError: no such folder, or it cannot be opened; the sentence says why.
    """
    folders = model_folders()
    if name not in folders:
        root = path_setting("models_dir")
        if root is not None and any(folder.name == name for folder in root.glob("*/")):
            raise ModelError(
                f"{root / name} is no SavedModel because it has no saved_model.pb: copy or export it again."
            )
        raise ModelError(f"There is no model {name!r} in {root}{close_names(name, folders) or ': choose another one.'}")
    return _open_network(folders[name], _changed(folders[name]))


def model_version(name: str) -> tuple[int, ...]:
    """Changes whenever the model is written anew; empty where there is none of that name."""
    folder = model_folders().get(name)
    return () if folder is None else _changed(folder)


# As many as one user can look at together: those of a full compare tray, and the one on show. Fewer would push each
# other out for as long as the page is open. No spinner: it would take the place of what comes next on the page, and
# take a component that is there already, with all that was chosen in it, off the screen.
@st.cache_resource(max_entries=MOST_NETWORKS, show_spinner=False)
def _open_network(folder: Path, version: tuple[int, ...]) -> Network:
    from unet_explorer.network.opening import open_network

    return open_network(folder, trusted=bool(setting("trust_models")))


def _changed(folder: Path) -> tuple[int, ...]:
    """Changes whenever the model is written anew, so that a retrained model is opened again."""
    files = (folder / "saved_model.pb", folder / "model_card.json", folder / "variables" / "variables.index")
    return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in files)


def picture_choices(model: str) -> list[Choice]:
    """The pictures every page offers, the first of them unless another is chosen.

    These are this session's uploads, the samples and the KITTI folder; to a model that looks for salt, the seismic
    sections before those.
    """
    sections = _of_dataset(SEISMIC) if _looks_for_salt(model) else []
    return [*_uploads(), *sections, *_samples(), *_of_dataset(KITTI)]


def every_choice() -> list[Choice]:
    """All pictures there are, also the thousands of a TGS salt folder, which only the gallery offers."""
    return [*_uploads(), *_samples(), *_of_dataset(SEISMIC), *_of_dataset(KITTI), *_of_dataset(SALT)]


def salt_choices() -> list[Choice]:
    """Pictures for a model that looks for salt: the TGS salt folder, else the sections that come with the app."""
    return _of_dataset(SALT) or _of_dataset(SEISMIC)


def _looks_for_salt(model: str) -> bool:
    folder = model_folders().get(model)
    if folder is None:
        return False
    try:
        card = read_card(folder)
    except UserError:
        return False
    return card is not None and card.class_table is not None and card.class_table.name == "salt"


def _uploads() -> list[Choice]:
    return [Choice(UPLOAD + digest, picture.name, "Yours") for digest, picture in uploaded().items()]


def picture_title(key: str) -> str:
    """What to call a picture that is not among the choices; its key where nothing better is known.

    Example:
        >>> picture_title("salt:0061281eea"), picture_title("sample:gone")
        ('0061281eea  ·  TGS salt', 'sample:gone')
    """
    prefix, _, name = key.partition(":")
    folder = FOLDERS.get(f"{prefix}:")
    return f"{name}  ·  {folder.title}" if folder else key


def label_table(key: str) -> ClassTable:
    """The classes that the label map of a picture holds, where it has one: salt, else those of article A."""
    return load_class_table("salt" if key.startswith(OF_SALT) else "kitti")


def open_choice(key: str) -> Picture:
    """The picture behind a key, with its label map where it has one.

    Raises:
        PictureError, DatasetError: it does not exist or cannot be read; the sentence says why.
    """
    if key.startswith(UPLOAD):
        picture = uploaded().get(key.removeprefix(UPLOAD))
        if picture is None:
            raise PictureError("That upload is gone: uploads live as long as their browser tab. Upload it again.")
        return picture
    if key.startswith(tuple(FOLDERS)):
        return _open_of_dataset(key)
    choice = next((choice for choice in _samples() if choice.key == key), None)
    if choice is None or choice.image is None:
        raise PictureError(f"There is no picture {key!r} here: choose another one.")
    return _open_sample(choice.image, choice.title, choice.label, choice.image.stat().st_mtime_ns)


def _samples() -> list[Choice]:
    root = path_setting("sample_dir")
    if root is None or not root.is_dir():
        return []
    manifest = root / "manifest.json"
    if manifest.is_file():
        rows = json.loads(manifest.read_text(encoding="utf-8"))["pictures"]
        return [_sample(root, row) for row in rows if (root / row["file"]).is_file()]
    images = sorted(path for path in root.iterdir() if path.suffix in PICTURES and not path.stem.endswith("_label"))
    return [Choice(SAMPLE + image.stem, image.stem.replace("_", " "), "Samples", image) for image in images]


def _sample(root: Path, row: dict[str, Any]) -> Choice:
    """One row of the manifest."""
    image = root / row["file"]
    label = root / row["label"] if row.get("label") else None
    classes = tuple(row.get("classes", ()))
    return Choice(SAMPLE + image.stem, row["title"], "Samples", image, label, row.get("look_for", ""), classes)


@st.cache_resource(max_entries=24, show_spinner=False)
def _open_sample(image: Path, title: str, label: Path | None, changed_at: int) -> Picture:
    picture = open_picture(image, title)
    return picture if label is None else picture.with_label_map(open_label_levels(label).astype("uint8"))


def _of_dataset(prefix: str) -> list[Choice]:
    """The pictures of a data folder; none where there is no such folder, or it is no data set."""
    root = FOLDERS[prefix].root()
    if root is None:
        return []
    try:
        samples = _dataset(prefix, root).samples
    except UserError:
        return []
    return [_of_sample(prefix, sample) for sample in samples]


def _of_sample(prefix: str, sample: Sample) -> Choice:
    told = LOOK_FOR.get(sample.name.split("_")[0], "") if prefix == SEISMIC else ""
    return Choice(prefix + sample.name, sample.name, FOLDERS[prefix].title, sample.image, look_for=told)


def _open_of_dataset(key: str) -> Picture:
    prefix, colon, name = key.partition(":")
    folder = FOLDERS[prefix + colon]
    root = folder.root()
    if root is None:
        raise PictureError(f"There is no {folder.title} folder here, so {key!r} cannot be opened: choose another.")
    return _read(prefix + colon, root, name)


@st.cache_resource(max_entries=4, show_spinner=False)
def _dataset(prefix: str, root: Path) -> Any:
    return open_dataset(FOLDERS[prefix].dataset, root)


@st.cache_resource(max_entries=24, show_spinner=False)
def _read(prefix: str, root: Path, name: str) -> Picture:
    dataset = _dataset(prefix, root)
    picture: Picture = dataset.read(dataset.sample(name))
    return picture
