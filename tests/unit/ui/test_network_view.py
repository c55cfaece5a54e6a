"""What the map of the U is told about networks of every shape."""

from __future__ import annotations

import json

from tests.zoo_fixtures import OpenZoo
from unet_explorer.ui.network_view import describe_network, first_layer, speakers


def test_a_u_has_rows_sides_and_skips(open_zoo: OpenZoo) -> None:
    described = describe_network(open_zoo("keras3_unet"))
    places = [(stage["name"], stage["side"], stage["row"], stage["speaker"]) for stage in described["stages"]]
    assert described["shape"] == "u"
    assert places == [
        ("encoder 1", "encoder", 0, "conv2d_1"),
        ("encoder 2", "encoder", 1, "conv2d_3"),
        ("bottleneck", "bottleneck", 2, "conv2d_5"),
        ("decoder 2", "decoder", 1, "conv2d_7"),
        ("decoder 1", "decoder", 0, "conv2d_9"),
        ("head", "head", 0, "activation"),
    ]
    assert [(skip["to"], skip["channels"]) for skip in described["skips"]] == [("concatenate", 6), ("concatenate_1", 4)]


def test_halves_of_a_concatenation(open_zoo: OpenZoo) -> None:
    layers = {layer["name"]: layer for layer in describe_network(open_zoo("keras3_unet"))["layers"]}
    halves = [(half["tag"], half["start"], half["stop"]) for half in layers["concatenate_1"]["segments"]]
    assert halves == [("from the encoder", 0, 4), ("from below", 4, 8)]
    assert layers["conv2d"]["segments"] == []


def test_what_comes_from_below_may_come_first(open_zoo: OpenZoo) -> None:
    layers = {layer["name"]: layer for layer in describe_network(open_zoo("keras3_binary"))["layers"]}
    assert [half["tag"] for half in layers["join"]["segments"]] == ["from below", "from the encoder"]


def test_everything_is_plain_json_for_every_network(open_zoo: OpenZoo) -> None:
    for name in ("keras3_unet", "keras3_binary", "keras3_dynamic", "valid_crops", "keras2_unet"):
        described = describe_network(open_zoo(name))
        assert json.loads(json.dumps(described)) == described
        named = {layer["name"] for layer in described["layers"]}
        assert {stage["speaker"] for stage in described["stages"]} <= named
        assert first_layer(open_zoo(name)) in named


def test_channels_of_the_head_carry_class_names(open_zoo: OpenZoo) -> None:
    layers = {layer["name"]: layer for layer in describe_network(open_zoo("keras3_unet"))["layers"]}
    assert [name for name, layer in layers.items() if layer["named"]] == ["conv2d_10", "activation"]


def test_the_last_convolution_speaks_for_its_stage(open_zoo: OpenZoo) -> None:
    assert speakers(open_zoo("valid_crops").layers)["bottleneck"] == "deep_b"
