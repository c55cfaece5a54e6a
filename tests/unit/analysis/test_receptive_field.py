"""Receptive fields: numbers from a textbook's arithmetic, and the gradient as a witness."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.zoo_fixtures import OpenZoo, open_zoo, zoo  # noqa: F401
from unet_explorer import open_network
from unet_explorer.analysis.receptive_field import receptive_field
from unet_explorer.network import Network
from unet_explorer.network.layers import Layer, Window
from unet_explorer.network.maps import Target
from unet_explorer.pictures import Picture

MODELS = Path(__file__).resolve().parents[3] / "models"


def field(network: Network, name: str) -> tuple[int, int] | None:
    return receptive_field({layer.name: layer for layer in network.layers}, name)


def test_two_convolutions_and_a_pooling_by_hand() -> None:
    """Two 3 x 3 convolutions see 5; a pooling adds one step of 1; then steps are 2, 4, 8, 16 pixels wide."""
    network = open_network(MODELS / "kitti-16")
    sizes = [field(network, name) for name in ("conv2d", "conv2d_1", "max_pooling2d", "conv2d_3", "conv2d_5")]
    assert sizes == [(3, 3), (5, 5), (6, 6), (14, 14), (32, 32)]
    assert field(network, "conv2d_9") == (140, 140)
    assert field(network, "batch_normalization_9") == (140, 140)
    # A transpose convolution of 3 x 3 with stride 2 reads one or two pixels, never three.
    assert field(network, "conv2d_transpose") == (156, 156)


def test_a_network_of_two_thousand_layers_is_no_deeper_than_python_can_go() -> None:
    window = Window((3, 3), (1, 1), (1, 1), "same")
    first = Layer("0", "input", "encoder 1", 64, 64, 1, 0, (), None, ("activation",), "activation")
    layers = {"0": first}
    for number in range(1, 2001):
        layers[str(number)] = replace(first, name=str(number), kind="conv", inputs=(str(number - 1),), window=window)
    assert receptive_field(layers, "2000") == (4001, 4001)


def witnessed(network: Network, name: str) -> list[tuple[int, int]]:
    """Height and width of the input pixels that some value of the middle of a layer depends on, for many values."""
    rng = np.random.default_rng(7)
    spec = network.input_spec
    picture = Picture.from_pixels(rng.integers(0, 256, (spec.height, spec.width, 3), dtype=np.uint8), "noise.png")
    layer = network.layer(name)
    assert layer.height
    assert layer.width
    found = []
    for y in range(layer.height // 2, layer.height // 2 + 3):
        for x in range(layer.width // 2, layer.width // 2 + 3):
            mask = np.zeros((layer.height, layer.width))
            mask[y, x] = 1
            slope = network.gradient(picture, Target(name, mask=mask), network.layers[0].name).values
            rows, columns = np.nonzero(np.abs(slope).sum(-1))
            found.append((int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1) if len(rows) else (0, 0))
    return found


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("keras3_unet", "conv2d_1"),
        ("keras3_unet", "conv2d_3"),
        ("keras3_binary", "last"),
        ("valid_crops", "dec"),
        ("keras3_nested", "back.conv"),
    ],
)
def test_the_gradient_reaches_as_far_and_no_farther(open_zoo: OpenZoo, model: str, name: str) -> None:  # noqa: F811
    network = open_zoo(model)
    told = field(network, name)
    assert told is not None
    seen = witnessed(network, name)
    assert max(height for height, _ in seen) <= told[0]
    assert max(width for _, width in seen) <= told[1]
    spec = network.input_spec
    whole = (min(told[0], spec.height or 0), min(told[1], spec.width or 0))
    assert max(height for height, _ in seen) >= 0.8 * whole[0]
    assert max(width for _, width in seen) >= 0.8 * whole[1]


def test_what_looks_at_everything_has_none(open_zoo: OpenZoo) -> None:  # noqa: F811
    network = open_zoo("classifier")
    assert field(network, network.layers[-1].name) is None
