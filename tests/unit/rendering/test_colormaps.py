"""Colour maps against their publishers' own tables."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

from unet_explorer.classes.numbered import oklab
from unet_explorer.errors import UserError
from unet_explorer.rendering.colormaps import COLORMAPS, colour


@pytest.mark.parametrize("name", ["gray", "viridis", "magma", "turbo"])
def test_tables_equal_those_of_matplotlib(name: str) -> None:
    theirs = mpl.colormaps[name](np.arange(256))[:, :3] * 255
    assert np.abs(COLORMAPS[name] - theirs).max() <= 0.5001


def test_every_table_is_whole_and_read_only() -> None:
    assert set(COLORMAPS) == {"gray", "viridis", "magma", "turbo", "diverging"}
    for table in COLORMAPS.values():
        assert (table.shape, table.dtype, table.flags.writeable) == ((256, 3), np.dtype(np.uint8), False)


def test_the_diverging_map_is_brightest_at_zero_and_equally_dark_at_equal_distance() -> None:
    lightness = oklab(COLORMAPS["diverging"])[:, 0]
    assert lightness.argmax() in (127, 128)
    assert (np.diff(lightness[:128]) > 0).all()
    assert (np.diff(lightness[128:]) < 0).all()
    assert np.abs(lightness - lightness[::-1]).max() < 0.08
    blue, red = COLORMAPS["diverging"][40], COLORMAPS["diverging"][215]
    assert blue[2] > blue[0]
    assert red[0] > red[2]


def test_levels_become_colours() -> None:
    levels = np.array([[0, 255], [7, 128]], np.uint8)
    np.testing.assert_array_equal(colour(levels, "viridis")[1, 0], COLORMAPS["viridis"][7])


def test_an_unknown_map_offers_close_names() -> None:
    with pytest.raises(UserError, match=r"did you mean viridis\?"):
        colour(np.zeros((1, 1), np.uint8), "virids")
