"""The settings of the application: one table, each also an environment variable `UNET_EXPLORER_<NAME>`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from unet_explorer.errors import SettingError, close_names

PREFIX = "UNET_EXPLORER_"
REPOSITORY = Path(__file__).resolve().parent.parent

Value = str | int | bool | Path


@dataclass(frozen=True)
class Setting:
    """One row of the table; the type of `default` is the type of the value."""

    name: str
    default: Value
    help: str

    @property
    def variable(self) -> str:
        """The environment variable that overrides the default."""
        return PREFIX + self.name.upper()


SETTINGS = (
    Setting("models_dir", REPOSITORY / "models", "Folder whose sub-folders are the models offered in the app."),
    Setting(
        "first_model", "kitti-16-scenes", "Model that is shown where none was chosen; without it the first by name."
    ),
    Setting("sample_dir", REPOSITORY / "sample_images", "Folder of the bundled pictures and their manifest."),
    Setting("data_dir", Path.home() / ".unet-explorer", "Folder for jobs, downloads and trained networks."),
    Setting("kitti_root", Path(), "KITTI semantics folder (the one that holds training/image_2); empty: none."),
    Setting("salt_root", Path(), "TGS salt folder (the one that holds images/ and masks/); empty: none."),
    Setting("trust_models", False, "Open SavedModels whose graphs touch files, the network or Python."),
    Setting("max_upload_mb", 64, "Largest file accepted, in MiB: pictures, and what is uploaded of models."),
    Setting("max_picture_megapixels", 64, "Largest picture accepted, in millions of pixels."),
    Setting("tile_cache_mb", 256, "Memory for the pixels waiting to be fetched by browsers, in MiB."),
    Setting("feature_cache_mb", 512, "Memory for computed feature maps shared by all users, in MiB."),
    Setting("decoded_cache_mb", 4096, "Disk space for pictures decoded for training, in MiB."),
    Setting("max_running_jobs", 1, "Training jobs that run at the same time; the rest wait in order."),
    Setting("stop_grace_s", 30, "Seconds a cancelled trainer has to save before it is killed."),
    Setting("ray_address", "", "Address of a Ray head's dashboard for the ray launcher; empty: Ray is not offered."),
)

_BY_NAME = {row.name: row for row in SETTINGS}


def setting(name: str, environment: Mapping[str, str] | None = None) -> Value:
    """The value of a setting, from the environment or its default.

    Args:
        name: a name of `SETTINGS`.
        environment: where to look for the variable; `os.environ` unless given.

    Raises:
        SettingError: unknown name, or a value that does not parse as the type of the default.
    """
    if name not in _BY_NAME:
        raise SettingError(f"There is no setting {name!r}{close_names(name, _BY_NAME) or '.'}")
    row = _BY_NAME[name]
    text = (os.environ if environment is None else environment).get(row.variable)
    return row.default if text is None else _parse(row, text)


def path_setting(name: str) -> Path | None:
    """A folder setting, absolute; None where it is empty."""
    value = setting(name)
    if not isinstance(value, Path):
        raise SettingError(f"The setting {name} is not a folder.")
    return value.expanduser().resolve() if str(value) not in ("", ".") else None


def int_setting(name: str) -> int:
    """A whole-number setting."""
    value = setting(name)
    if not isinstance(value, int):
        raise SettingError(f"The setting {name} is not a whole number.")
    return int(value)


def _parse(row: Setting, text: str) -> Value:
    if isinstance(row.default, bool):
        return _parse_bool(row, text)
    if isinstance(row.default, int):
        return _parse_count(row, text)
    return Path(text) if isinstance(row.default, Path) else text


def _parse_bool(row: Setting, text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.strip().casefold() not in known:
        raise SettingError(f"{row.variable} is {text!r}: write true or false.")
    return known[text.strip().casefold()]


def _parse_count(row: Setting, text: str) -> int:
    if not text.strip().isascii() or not text.strip().isdigit() or int(text) == 0:
        raise SettingError(f"{row.variable} is {text!r}: write a whole number above zero.")
    return int(text)
