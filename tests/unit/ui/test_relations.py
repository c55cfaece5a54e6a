"""What is said about one channel, against the definitions."""

from __future__ import annotations

import numpy as np
import pytest

from tests.zoo_fixtures import OpenZoo
from unet_explorer.errors import ClassTableError
from unet_explorer.pictures import Picture
from unet_explorer.ui.offers import Offer
from unet_explorer.ui.relations import agreement_sheet, channel_sheet, predicted_ids, relations_sheet
from unet_explorer.ui.shared import shared
from unet_explorer.ui.wire import unpack

LAYER = "conv2d_7"


def test_the_most_alike_channels_are_the_most_correlated(offer: Offer) -> None:
    maps = offer.network.feature_maps(offer.picture, [LAYER])[LAYER]
    header, _ = unpack(relations_sheet(offer, maps))
    flat = maps.values.reshape(-1, maps.values.shape[-1])
    moving = [channel for channel in range(flat.shape[1]) if flat[:, channel].std() > 0]
    expected = np.corrcoef(flat[:, moving].T)
    for row, channel in enumerate(moving):
        others = {moving[i]: expected[row, i] for i in range(len(moving)) if i != row}
        best = max(others, key=lambda other: abs(others[other]))
        told, correlation = header["alike"][channel][0]
        assert told == best
        assert correlation == pytest.approx(others[best], abs=1e-4)


def test_means_on_predicted_classes(offer: Offer) -> None:
    maps = offer.network.feature_maps(offer.picture, ["activation"])["activation"]
    header, _ = unpack(relations_sheet(offer, maps))
    ids = maps.values.argmax(-1)
    on_map = predicted_ids(offer, maps)
    assert on_map is not None
    assert np.mean(on_map == ids) > 0.9  # through the picture's pixels and back
    for row in header["classes"]:
        mask = on_map == row["id"]
        assert row["share"] == pytest.approx(mask.mean())
        np.testing.assert_allclose(row["means"], maps.values[mask].mean(0), atol=1e-5)
    assert sum(row["share"] for row in header["classes"]) == pytest.approx(1)


def test_the_strongest_place_is_the_maximum_in_picture_pixels(offer: Offer) -> None:
    maps = offer.network.feature_maps(offer.picture, [LAYER])[LAYER]
    channel = int(np.argmax(maps.values.std((0, 1))))
    header, _ = unpack(channel_sheet(offer, maps, channel))
    own = maps.values[..., channel]
    row, column = np.unravel_index(own.argmax(), own.shape)
    first = header["places"][0]
    assert first["value"] == own.max()
    assert first["y"] == pytest.approx((row + 0.5) * offer.picture.height / own.shape[0])
    assert first["x"] == pytest.approx((column + 0.5) * offer.picture.width / own.shape[1])


def test_kernel_slices_come_strongest_first(offer: Offer) -> None:
    maps = offer.network.feature_maps(offer.picture, [LAYER])[LAYER]
    header, body = unpack(channel_sheet(offer, maps, 2))
    kernel = offer.network.kernel(LAYER)
    assert kernel is not None
    norms = np.linalg.norm(kernel[..., 2].reshape(-1, kernel.shape[2]), axis=0)
    assert header["kernel"]["inputs"] == np.argsort(-norms, kind="stable")[:12].tolist()
    np.testing.assert_allclose(header["kernel"]["norms"], np.sort(norms)[::-1][:12], rtol=1e-5)
    slices = np.frombuffer(body, "<f4").reshape(-1, 3, 3)
    np.testing.assert_array_equal(slices[0], kernel[:, :, header["kernel"]["inputs"][0], 2])


def test_a_layer_without_weights_has_no_kernel(offer: Offer) -> None:
    maps = offer.network.feature_maps(offer.picture, ["max_pooling2d"])["max_pooling2d"]
    header, body = unpack(channel_sheet(offer, maps, 0))
    assert (header["kernel"], body) == (None, b"")


def test_a_class_agrees_best_with_its_own_probability(offer: Offer) -> None:
    maps = offer.network.feature_maps(offer.picture, ["activation"])["activation"]
    most = int(np.bincount(maps.values.argmax(-1).ravel()).argmax())
    header, _ = unpack(agreement_sheet(offer, maps, most))
    assert int(np.argmax(header["agreement"])) == most
    with pytest.raises(ClassTableError, match="classes 0 to 4"):
        agreement_sheet(offer, maps, 5)


def test_a_network_without_a_class_map_says_nothing_of_classes(open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo("classifier")
    offer = Offer(shared().offers.offer(network, street), network, street)
    layer = next(layer.name for layer in network.layers if layer.kind == "conv")
    header, _ = unpack(relations_sheet(offer, network.feature_maps(street, [layer])[layer]))
    assert header["classes"] == []
