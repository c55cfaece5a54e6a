"""Errors a person can act on: what was wrong, with what, and what to do about it.

Every function that meets bad input raises one of these with a single sentence. The app shows the sentence, the command
line prints it and exits with code 2; neither shows a traceback. Anything else that escapes is a bug of ours.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_SIMILAR = 0.6


class UserError(Exception):
    """Bad input; `str(error)` is one sentence that names it and says what to do."""


class SettingError(UserError):
    """A setting (environment variable) has a value that cannot be used."""


class PictureError(UserError):
    """A file is not a picture that can be opened."""


class ClassTableError(UserError):
    """A class table is unknown or contradicts itself, or a class was not found in it."""


class ClassColourError(ClassTableError):
    """A label picture holds a colour that its class table does not know."""


class ModelError(UserError):
    """A folder is not a SavedModel that can be opened."""


class CardError(ModelError):
    """A model card cannot be read or contradicts its model."""


class LayerError(UserError):
    """A layer, view or channel does not exist in the network."""


class DatasetError(UserError):
    """A data folder is missing, broken or not laid out as expected."""


class PresetError(UserError):
    """A network preset is unknown or describes a network that cannot be built."""


class RecipeError(UserError):
    """A training recipe is unknown, incomplete or contradicts its preset or data."""


class CheckpointError(UserError):
    """A checkpoint cannot be read or written."""


class TrainingError(UserError):
    """Training stopped for a reason the user can act on, such as a loss that is not finite."""


class JobError(UserError):
    """A training job does not exist or cannot do what was asked in its present state."""


def close_names(wanted: str, known: Iterable[str]) -> str:
    """A hint with the most similar known names, to end an error sentence with.

    Args:
        wanted: the name that was not found.
        known: the names that exist.

    Returns:
        `"; did you mean a, b?"`, or `""` where nothing is similar.

    Example:
        >>> close_names("conv2d_l", ["conv2d_1", "dropout"])
        '; did you mean conv2d_1?'
    """
    alike = [(difflib.SequenceMatcher(None, name.casefold(), wanted.casefold()).ratio(), name) for name in known]
    # Sorting is stable: of equally similar names, the first known one comes first.
    matches = [name for ratio, name in sorted(alike, key=lambda pair: -pair[0]) if ratio >= _SIMILAR][:4]
    return f"; did you mean {', '.join(matches)}?" if matches else ""
