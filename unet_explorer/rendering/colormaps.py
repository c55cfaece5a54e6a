"""Colour maps as tables: level 0 to 255 -> RGB. Python and the browser draw from the same tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from unet_explorer.errors import UserError, close_names

# Blue below zero, near-white at it, red above, equally dark at equal distance.
_DIVERGING = ((8, 29, 88), (33, 102, 172), (103, 169, 207), (247, 247, 247), (239, 138, 98), (178, 24, 43), (84, 0, 20))


def _interpolated(anchors: tuple[tuple[int, int, int], ...]) -> NDArray[np.uint8]:
    """(256, 3) uint8 through equally spaced colours."""
    places = np.linspace(0, 255, len(anchors))
    channels = [np.interp(np.arange(256), places, channel) for channel in zip(*anchors, strict=True)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


def _load() -> Mapping[str, NDArray[np.uint8]]:
    text = resources.files("unet_explorer.rendering").joinpath("colormaps.json").read_text(encoding="utf-8")
    published = {name: table for name, table in json.loads(text).items() if name != "source"}
    tables = {"gray": _interpolated(((0, 0, 0), (255, 255, 255)))}
    tables |= {name: np.frombuffer(bytes.fromhex(table), np.uint8).reshape(256, 3) for name, table in published.items()}
    tables["diverging"] = _interpolated(_DIVERGING)
    for table in tables.values():
        table.flags.writeable = False
    return MappingProxyType(tables)


COLORMAPS: Mapping[str, NDArray[np.uint8]] = _load()
"""Name -> (256, 3) uint8 RGB, read-only: gray (as in article A), viridis, magma, turbo, and diverging for signed maps,
whose middle is zero when the tiles were scaled symmetrically."""


def colour(levels: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Colours of levels.

    Args:
        levels: uint8 of any shape.
        name: a key of `COLORMAPS`.

    Returns:
        uint8 (*shape, 3) RGB.

    Raises:
        UserError: there is no colour map of that name.

    Example:
        >>> colour(np.array([0, 128, 255], np.uint8), "gray")[:, 0].tolist()
        [0, 128, 255]
    """
    if name not in COLORMAPS:
        known = ", ".join(COLORMAPS)
        raise UserError(f"There is no colour map {name!r}{close_names(name, COLORMAPS) or f': use {known}.'}")
    return COLORMAPS[name][levels]
