"""All channels of a layer in one picture."""

from __future__ import annotations

import numpy as np
import pytest

from unet_explorer.errors import UserError
from unet_explorer.rendering.colormaps import COLORMAPS
from unet_explorer.rendering.contact import GAP, contact_sheet


def test_channels_stand_in_reading_order_each_in_its_own_range() -> None:
    """Four maps of 2 x 2 whose one highest value is in another corner each; tiles of 20 x 20, all in one row."""
    values = np.zeros((2, 2, 4), np.float32)
    corners = [(0, 0), (0, 1), (1, 0), (1, 1)]
    for channel, (row, column) in enumerate(corners):
        values[row, column, channel] = 10.0**channel
    sheet = contact_sheet(values, 4 * 20 + 3 * GAP, colours="gray")
    assert sheet.shape == (20, 4 * 20 + 3 * GAP, 4)
    for channel, (row, column) in enumerate(corners):
        left = channel * (20 + GAP)
        tile = sheet[:, left : left + 20]
        assert (tile[..., 3] == 255).all()
        bright = tile[..., 0] == 255
        assert bright.sum() == 100
        assert bright[10 * row : 10 * row + 10, 10 * column : 10 * column + 10].all()
    assert not sheet[:, 20 : 20 + GAP, 3].any()


@pytest.mark.parametrize(
    ("channels", "rows", "columns"),
    [(16, 4, 4), (64, 8, 8), (256, 16, 16), (30, 6, 5), (1, 1, 1)],
)
def test_the_channels_of_a_road_network_fill_whole_rows(channels: int, rows: int, columns: int) -> None:
    sheet = contact_sheet(np.zeros((23, 78, channels), np.float32), 640)
    assert (sheet[..., 3] == 255).mean() > 0.5
    gaps = [not sheet[:, x, 3].any() for x in range(sheet.shape[1])]
    assert np.diff(gaps).sum() // 2 == columns - 1
    assert np.diff([not sheet[y, :, 3].any() for y in range(sheet.shape[0])]).sum() // 2 == rows - 1
    assert sheet[-1, -1, 3] == 255


def test_channels_without_whole_rows_leave_the_last_one_short() -> None:
    sheet = contact_sheet(np.zeros((23, 78, 32), np.float32), 640)  # 5 columns, 7 rows: 4 x 8 would be far from 3 : 1.
    assert 2 < sheet.shape[1] / sheet.shape[0] < 3.5
    assert sheet[0, -1, 3] == 255
    assert sheet[-1, 0, 3] == 255
    assert sheet[-1, -1, 3] == 0


def test_tiles_have_the_aspect_asked_for() -> None:
    sheet = contact_sheet(np.eye(8, dtype=np.float32)[..., None], 90, aspect=3)
    assert sheet.shape == (30, 90, 4)
    assert (sheet[0, 0, :3] == COLORMAPS["viridis"][255]).all()
    assert (sheet[0, -1, :3] == COLORMAPS["viridis"][0]).all()


def test_many_channels_keep_a_width_that_can_be_seen() -> None:
    sheet = contact_sheet(np.random.default_rng(0).random((4, 12, 1024), np.float32), 64)
    columns = (sheet.shape[1] + GAP) // (8 + GAP)
    assert columns * ((sheet.shape[0] + GAP) // (4 + GAP)) >= 1024


def test_an_unknown_colour_map_is_refused() -> None:
    with pytest.raises(UserError, match="no colour map 'virdis'; did you mean viridis"):
        contact_sheet(np.zeros((2, 2, 1), np.float32), 10, colours="virdis")
