"""kitti-16 comes out with the names its readers know, whoever saved it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.zoo import article_unet
from unet_explorer.network import Layer, Network, open_network

FILTERS = (16, 32, 64, 128, 256)
PARAMETERS = 2_168_926


def numbered(kind: str, count: int) -> list[str]:
    return [kind] + [f"{kind}_{number}" for number in range(1, count)]


def named(network: Network) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for layer in network.layers:
        found.setdefault(layer.kind, []).append(layer.name)
    return found


def save_keras2(folder: Path) -> None:
    import tf_keras

    article_unet(tf_keras, (48, 80), 30, FILTERS).save(folder, save_format="tf")


def save_keras3(folder: Path) -> None:
    import keras

    article_unet(keras, (48, 80), 30, FILTERS).export(folder, verbose=False)


def save_ours(folder: Path) -> None:
    from unet_explorer.network import ModelCard
    from unet_explorer.pictures import InputSpec
    from unet_explorer.unet.builder import build_unet
    from unet_explorer.unet.export import export_network
    from unet_explorer.unet.presets import load_preset

    card = ModelCard("kitti-16", InputSpec(368, 1248, 3, 0.0, 1.0, "stretch"))
    export_network(build_unet(load_preset("kitti-16")), folder, card)


@pytest.fixture(scope="module", params=[save_keras2, save_keras3, save_ours])
def kitti(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Network:
    folder = tmp_path_factory.mktemp("kitti") / request.param.__name__
    request.param(folder)
    return open_network(folder)


def test_names_and_parameters(kitti: Network) -> None:
    found = named(kitti)
    assert found["conv"] == numbered("conv2d", 18)
    assert found["head"] == ["conv2d_18"]
    assert found["batch_norm"] == numbered("batch_normalization", 18)
    assert found["transpose_conv"] == numbered("conv2d_transpose", 4)
    assert found["concat"] == numbered("concatenate", 4)
    assert found["pool"] == numbered("max_pooling2d", 4)
    assert found["activation"] == ["activation"]
    # `model.export` of Keras 3 leaves dropout out of the graph.
    assert found.get("dropout", []) == ([] if kitti.name == "save_keras3" else numbered("dropout", 8))
    assert kitti.parameters == PARAMETERS


@pytest.mark.parametrize(
    ("name", "stage", "channels"),
    [
        *(("conv2d_1", "encoder 1", 16), ("conv2d_3", "encoder 2", 32), ("conv2d_5", "encoder 3", 64)),
        *(("conv2d_7", "encoder 4", 128), ("conv2d_9", "bottleneck", 256), ("conv2d_11", "decoder 4", 128)),
        *(("conv2d_13", "decoder 3", 64), ("conv2d_15", "decoder 2", 32), ("conv2d_17", "decoder 1", 16)),
        *(("conv2d_18", "head", 30), ("activation", "head", 30), ("max_pooling2d_3", "bottleneck", 128)),
    ],
)
def test_figures_of_the_article(kitti: Network, name: str, stage: str, channels: int) -> None:
    layer = kitti.layer(name)
    assert (layer.stage, layer.channels) == (stage, channels)


def test_skips_bring_the_encoder_first(kitti: Network) -> None:
    for number, (skip, below) in enumerate([(7, 128), (5, 64), (3, 32), (1, 16)]):
        concat = kitti.layer(f"concatenate_{number}" if number else "concatenate")
        assert concat.skip_from == f"batch_normalization_{skip}"
        transposed = f"conv2d_transpose_{number}" if number else "conv2d_transpose"
        assert [(each.layer, each.role, each.first, each.last) for each in concat.sources] == [
            (f"batch_normalization_{skip}", "encoder", 0, below - 1),
            (transposed, "below", below, 2 * below - 1),
        ]
    assert kitti.is_u


def test_a_convolution_shows_what_keras_returns_and_its_other_views(kitti: Network) -> None:
    layer: Layer = kitti.layer("conv2d_1")
    assert layer.views == ("pre_activation", "activation", "batch_norm")
    assert (layer.default_view, layer.activation) == ("activation", "relu")
    assert (kitti.output.name, kitti.output.logits, kitti.output.ends_in) == ("activation", "conv2d_18", "softmax")
