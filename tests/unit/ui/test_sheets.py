"""The channels of a layer on the wire, against the numbers the network computed."""

from __future__ import annotations

import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unet_explorer.ui.offers import Offer
from unet_explorer.ui.sheets import exact_sheet, preview_sheet, tile_sheet, tile_size
from unet_explorer.ui.wire import unpack


def test_full_tiles_give_the_values_back_to_half_a_level(offer: Offer) -> None:
    maps = offer.network.feature_maps(offer.picture, ["conv2d_1"])["conv2d_1"]
    header, body = unpack(tile_sheet(maps, [2, 0], 4096))
    levels = np.frombuffer(body, np.uint8).reshape(2, *header["tile"])
    for row, channel in enumerate((2, 0)):
        low, high = header["low"][row], header["high"][row]
        read = low + levels[row] / 255 * (high - low)
        assert np.abs(read - maps.values[..., channel]).max() <= (high - low) / 510 * 1.001
    assert header["channels"] == [2, 0]
    assert header["count"] == 4


def test_exact_values_are_exact(offer: Offer) -> None:
    maps = offer.network.feature_maps(offer.picture, ["conv2d_3"])["conv2d_3"]
    header, body = unpack(exact_sheet(maps, [5]))
    sent = np.frombuffer(body, "<f4").reshape(header["height"], header["width"])
    np.testing.assert_array_equal(sent, maps.values[..., 5])


def test_a_small_preview_averages_areas_and_keeps_the_range(offer: Offer) -> None:
    maps = offer.network.feature_maps(offer.picture, ["conv2d_1:pre_activation"])["conv2d_1:pre_activation"]
    height, width, channels = maps.values.shape
    header, body = unpack(preview_sheet(maps, budget=10**6, width=width // 2))
    assert header["tile"] == [height // 2, width // 2]
    levels = np.frombuffer(body, np.uint8).reshape(channels, height // 2, width // 2)
    blocks = maps.values.reshape(height // 2, 2, width // 2, 2, channels).mean((1, 3))
    for channel in range(channels):
        low, high = maps.values[..., channel].min(), maps.values[..., channel].max()
        assert (header["low"][channel], header["high"][channel]) == (low, high)
        expected = (blocks[..., channel] - low) / (high - low) * 255
        assert np.abs(levels[channel] - expected).max() <= 0.51


def test_values_that_are_no_numbers_are_counted(offer: Offer) -> None:
    maps = offer.network.feature_maps(offer.picture, ["conv2d_1"])["conv2d_1"]
    values = maps.values.copy()
    values[2, :3, 1] = np.nan
    values[4, 5, 1] = values[4, 5, 3] = np.inf
    header, _ = unpack(preview_sheet(dataclasses.replace(maps, values=values), 10**6, 4096))
    assert (header["marks"][1], header["marks"][3], header["odd"]) == ("nan", "inf", [0, 4, 0, 1])


def test_the_extent_places_the_map_on_the_picture(offer: Offer) -> None:
    maps = offer.network.feature_maps(offer.picture, ["conv2d_1"])["conv2d_1"]
    header, _ = unpack(preview_sheet(maps, 10**6, 4096))
    assert header["extent"] == [0, 0, offer.picture.height, offer.picture.width]


@given(
    st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 1024), st.integers(16_384, 10**7), st.integers(8, 4096)
)
def test_tiles_fit_their_budget(height: int, width: int, channels: int, budget: int, widest: int) -> None:
    tall, wide = tile_size(height, width, channels, budget, widest)
    assert 1 <= tall <= height
    assert 1 <= wide <= min(width, widest)
    # Rounding may take a little more, and no side can be less than a pixel.
    assert tall * wide * channels <= max(budget * 1.3 + channels * (tall + wide), channels * max(tall, wide))


def test_tiles_of_a_full_size_layer() -> None:
    assert tile_size(368, 1248, 16, 1_000_000, 320) == (94, 320)
    assert tile_size(23, 78, 256, 1_000_000, 320) == (23, 78)
    assert tile_size(32, 32, 1024, 1_000_000, 320) == (31, 31)
