"""Layers, stages and names of graphs written by hand, where every answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.zoo_fixtures import OpenZoo
from unet_explorer.network import Source, Window
from unet_explorer.network.geometry import Coverage, coverages
from unet_explorer.network.graph import Graph, Op
from unet_explorer.network.listing import list_layers
from unet_explorer.network.names import common_prefix, layer_names, leaf, numbered_by_exporter, scope_of
from unet_explorer.network.output import ending
from unet_explorer.network.stages import find_meetings, find_stages

CONV = {"strides": (1, 1, 1, 1), "padding": "VALID", "dilations": (1, 1, 1, 1)}


class Sketch:
    """A graph drawn op by op; each op takes the ones before it."""

    def __init__(self, height: int, width: int, channels: int = 3) -> None:
        self.ops = {"x": Op("x", "Placeholder", (), (1, height, width, channels), True)}
        self.values: dict[str, np.ndarray] = {}

    def constant(self, name: str, value: object) -> str:
        self.values[name] = np.asarray(value, np.float32 if isinstance(value, np.ndarray) else None)
        floating = np.issubdtype(self.values[name].dtype, np.floating)
        self.ops[name] = Op(name, "Const", (), self.values[name].shape, floating)
        return name

    def op(self, name: str, kind: str, inputs: list[str], shape: tuple[int, ...], **attributes: object) -> str:
        self.ops[name] = Op(name, kind, tuple(f"{each}:0" for each in inputs), (1, *shape), True, attributes)
        return name

    def graph(self, *outputs: str) -> Graph:
        return Graph(self.ops, "x:0", tuple(f"{name}:0" for name in outputs), self.values.__getitem__)


def conv(sketch: Sketch, name: str, before: str, shape: tuple[int, ...], **changes: object) -> str:
    kernel = sketch.constant(f"{name}/kernel", np.ones((3, 3, sketch.ops[before].shape[-1], shape[-1])))
    return sketch.op(name, "Conv2D", [before, kernel], shape, **(CONV | changes))


@pytest.mark.parametrize(
    ("op", "scope"),
    [
        ("StatefulPartitionedCall/model_1/conv2d_1_2/BiasAdd", ("model_1", "conv2d_1_2")),
        ("StatefulPartitionedCall/model/batch_normalization_1/batchnorm/mul_1", ("model", "batch_normalization_1")),
        ("PartitionedCall_3/StatefulPartitionedCall/net/enc/Conv2D", ("net", "enc")),
        ("StatefulPartitionedCall/net/separable_conv2d_1/separable_conv2d/depthwise", ("net", "separable_conv2d_1")),
        ("model/up_1/Repeat_1/Reshape", ("model", "up_1")),
        ("Conv2D_3", ()),
    ],
)
def test_scopes(op: str, scope: tuple[str, ...]) -> None:
    assert scope_of(op) == scope


@pytest.mark.parametrize(
    ("op", "name"),
    [("a/Conv2D_3", "conv2d_3"), ("MaxPool2d", "max_pool2d"), ("concat", "concat"), ("BiasAdd", "bias_add")],
)
def test_names_of_ops_without_a_scope(op: str, name: str) -> None:
    assert leaf(op) == name


def test_the_model_is_no_part_of_the_name() -> None:
    assert common_prefix([("model", "a"), ("model", "b", "c")]) == 1
    assert common_prefix([("a",), ("b",)]) == 0
    assert common_prefix([(), ("b",)]) == 0


@pytest.mark.parametrize(
    ("scope", "variable", "numbered"),
    [
        (("conv2d_1_2",), "conv2d_1/kernel", True),
        (("conv2d_1",), "conv2d_1/kernel", False),
        (("down_1", "conv_1"), "down/conv/kernel", True),
        (("conv_1",), "block/conv_1/kernel", False),
    ],
)
def test_variables_tell_whether_the_exporter_numbers(scope: tuple[str, ...], variable: str, numbered: bool) -> None:
    assert numbered_by_exporter([scope], {scope: variable}) is numbered


def test_without_variables_double_numbers_tell() -> None:
    assert numbered_by_exporter([("conv2d_1_1",), ("pool_1",)], {})
    assert not numbered_by_exporter([("conv_1",), ("conv_2",)], {})
    assert not numbered_by_exporter([("conv_1_1",), ("pool",)], {})


def test_names_are_as_short_as_they_can_be() -> None:
    keys = [
        (("down", "conv"), "conv2d"),
        (("up", "conv"), "conv2d"),
        (("up", "pool"), "x"),
        ((), "relu"),
        ((), "relu_1"),
    ]
    assert layer_names(keys, numbered=False) == ["down.conv", "up.conv", "pool", "relu", "relu_1"]


def test_layers_that_share_a_scope_add_what_they_are() -> None:
    keys = [(("block",), "conv2d"), (("block",), "relu"), (("other",), "conv2d")]
    assert layer_names(keys, numbered=False) == ["block.conv2d", "block.relu", "other"]


def test_a_chain_of_unpadded_layers_covers_less_and_less() -> None:
    """3x3 unpadded: one pixel lost on each side. 2x2 pooling of 9 rows: the last one is left over."""
    sketch = Sketch(11, 16)
    conv(sketch, "a", "x", (9, 14, 2))
    sketch.op("pool", "MaxPool", ["a"], (4, 7, 2), strides=(1, 2, 2, 1), ksize=(1, 2, 2, 1), padding="VALID")
    conv(sketch, "b", "pool", (2, 5, 2))
    found = coverages(sketch.graph("b"))
    assert found["a:0"].rectangle == (1, 1, 9, 14)
    assert found["pool:0"].rectangle == (1, 1, 8, 14)
    assert found["b:0"].rectangle == (3, 3, 4, 10)
    assert found["b:0"].scale == 2
    assert found["b:0"] == Coverage(3, 3, 4, 10, 2, 5, (2, 5, 2))


def test_padding_dilation_and_crops_in_coverage() -> None:
    """Dilation 2 makes a 3x3 kernel span 5 pixels: 2 lost on each side, which padding by 2 gives back."""
    sketch = Sketch(20, 30)
    conv(sketch, "wide", "x", (16, 26, 2), dilations=(1, 2, 2, 1))
    paddings = sketch.constant("paddings", [[0, 0], [2, 1], [2, 3], [0, 0]])
    sketch.op("pad", "Pad", ["wide", paddings], (19, 31, 2))
    begin = sketch.constant("begin", [0, 4, -26, 0])
    sketch.op("crop", "StridedSlice", ["pad", begin], (10, 20, 2), begin_mask=9)
    found = coverages(sketch.graph("crop"))
    assert found["wide:0"].rectangle == (2, 2, 16, 26)
    assert found["pad:0"].rectangle == (0, 0, 19, 31)
    assert found["crop:0"].rectangle == (4, 5, 10, 20)


def test_transpose_convolutions_undo_strides() -> None:
    sketch = Sketch(8, 12)
    sketch.op("down", "AvgPool", ["x"], (4, 6, 3), strides=(1, 2, 2, 1), ksize=(1, 2, 2, 1), padding="SAME")
    kernel = sketch.constant("kernel", np.ones((2, 2, 3, 3)))
    size = sketch.constant("size", [1, 8, 12, 3])
    attributes = CONV | {"strides": (1, 2, 2, 1)}
    sketch.op("up", "Conv2DBackpropInput", [size, kernel, "down"], (8, 12, 3), **attributes)
    assert coverages(sketch.graph("up"))["up:0"].rectangle == (0, 0, 8, 12)


def test_ops_of_a_block_without_layers_are_told_apart() -> None:
    """Convolution, bias, scale and offset, ReLU, all in one scope: a convolution, a batch norm, an activation."""
    sketch = Sketch(10, 12)
    conv(sketch, "block/Conv2D", "x", (8, 10, 4))
    bias, scale, offset = (sketch.constant(name, np.ones(4)) for name in ("bias", "scale", "offset"))
    sketch.op("block/add", "AddV2", ["block/Conv2D", bias], (8, 10, 4))
    sketch.op("block/mul", "Mul", ["block/add", scale], (8, 10, 4))
    sketch.op("block/add_1", "AddV2", ["block/mul", offset], (8, 10, 4))
    sketch.op("block/Relu", "Relu", ["block/add_1"], (8, 10, 4))
    conv(sketch, "head/Conv2D", "block/Relu", (6, 8, 2))
    conv(sketch, "block/Conv2D_1", "head/Conv2D", (4, 6, 2))
    table = list_layers(sketch.graph("block/Conv2D_1"), "picture", (False, False), {})
    assert [(layer.name, layer.kind, layer.parameters) for layer in table.layers] == [
        ("picture", "input", 0),
        ("block.conv2d", "conv", 3 * 3 * 3 * 4 + 4),
        ("block.mul", "batch_norm", 8),
        ("block.relu", "activation", 0),
        ("head", "conv", 3 * 3 * 4 * 2),
        ("block.conv2d_1", "head", 3 * 3 * 2 * 2),
    ]
    assert table.layers[1].views == ("pre_activation", "batch_norm", "activation")
    assert table.tensors["block.conv2d", "pre_activation"] == "block/add:0"
    assert table.tensors["block.conv2d", "activation"] == "block/Relu:0"
    assert table.layers[1].window == Window((3, 3), (1, 1), (1, 1), "valid")
    assert not table.is_u


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        ([("Softmax", ["x"])], "softmax"),
        ([("Sigmoid", ["x"]), ("Identity", ["op0"])], "sigmoid"),
        ([("Exp", ["x"]), ("Sum", ["op0"]), ("RealDiv", ["op0", "op1"])], "softmax"),
        ([("Exp", ["x"]), ("Sum", ["x"]), ("RealDiv", ["op0", "op1"])], "logits"),
        ([("Softmax", ["x"]), ("Relu", ["op0"])], "logits"),
        ([("Softmax", ["x"]), ("Transpose", ["op0"]), ("Reshape", ["op1"])], "softmax"),
        ([("Relu", ["x"])], "logits"),
    ],
)
def test_the_ending_is_read_off_the_graph(ops: list[tuple[str, list[str]]], expected: str) -> None:
    sketch = Sketch(4, 5)
    for number, (kind, inputs) in enumerate(ops):
        last = sketch.op(f"op{number}", kind, inputs, (4, 5, 3))
    assert ending(sketch.graph(last)) == expected


def test_a_softmax_over_the_pixels_gives_no_probabilities_of_classes() -> None:
    sketch = Sketch(4, 5)
    rows = sketch.op("rows", "Reshape", ["x"], (3, 20))
    spread = sketch.op("spread", "Softmax", [rows], (3, 20))
    assert ending(sketch.graph(sketch.op("maps", "Reshape", [spread], (4, 5, 3)))) == "logits"


def test_stages_of_a_u() -> None:
    """input, conv, pool, conv, pool, conv, up, conv, concat, up, concat."""
    inputs = [[], [0], [1], [2], [3], [4], [5], [6], [3, 7], [8], [1, 9]]
    scales = [1, 1, 2, 2, 4, 4, 2, 2, 2, 1, 1]
    kinds = ["input", "conv", "pool", "conv", "pool", "conv", "upsample", "conv", "concat", "upsample", "concat"]
    assert find_stages(inputs, kinds, scales) == [
        *("encoder 1", "encoder 1", "encoder 2", "encoder 2", "bottleneck", "bottleneck"),
        *("decoder 2", "decoder 2", "decoder 2", "decoder 1", "decoder 1"),
    ]
    meetings = find_meetings(inputs, kinds, scales)
    assert {at: dict(meeting.roles) for at, meeting in meetings.items()} == {
        8: {3: "encoder", 7: "below"},
        10: {1: "encoder", 9: "below"},
    }


def test_uneven_sizes_are_one_level() -> None:
    """375 pixels halve to 188 and 94: 1.99 and 3.99 input pixels each, and come back as 376 cut to 375."""
    assert find_stages(
        [[], [0], [1], [2], [3]], ["input", "pool", "pool", "upsample", "upsample"], [1, 1.99, 3.99, 2, 1]
    ) == [
        *("encoder 1", "encoder 2", "bottleneck", "decoder 2", "decoder 1"),
    ]


def test_what_never_rises_has_no_bottleneck() -> None:
    assert find_stages([[], [0], [1]], ["input", "pool", "pool"], [1, 2, 4]) == ["encoder 1", "encoder 2", "encoder 3"]


def test_a_sum_over_a_skip_has_sources_too(open_zoo: OpenZoo) -> None:
    layer = open_zoo("keras2_unfused").layer("sum_1")
    assert layer.sources == (Source("relu_1", "encoder", 0, 3), Source("up_2", "below", 0, 3))
    assert layer.skip_from == "relu_1"


def test_what_comes_from_below_may_be_joined_first(open_zoo: OpenZoo) -> None:
    layer = open_zoo("keras3_binary").layer("join")
    assert layer.sources == (Source("grow", "below", 0, 4), Source("first", "encoder", 5, 7))


def test_a_cropped_skip_comes_from_the_layer_behind_the_crop(open_zoo: OpenZoo) -> None:
    layer = open_zoo("valid_crops").layer("join")
    assert (layer.inputs, layer.skip_from) == (("crop", "up"), "enc_b")


def test_networks_that_are_no_u(open_zoo: OpenZoo) -> None:
    chain, classifier = open_zoo("chain"), open_zoo("classifier")
    assert [(layer.name, layer.stage) for layer in chain.layers] == [
        *(("picture", "encoder 1"), ("rescale", "encoder 1"), ("one", "encoder 1"), ("two", "encoder 1")),
        ("three", "head"),
    ]
    assert [(layer.name, layer.kind, layer.stage) for layer in classifier.layers] == [
        ("picture", "input", "encoder 1"),
        ("conv", "conv", "encoder 2"),
        ("pool", "pool", "encoder 3"),
        ("mean", "pool", "encoder 4"),
        ("dense", "other", "head"),
    ]
    assert not chain.is_u
    assert not classifier.is_u
