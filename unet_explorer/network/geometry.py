"""Which rectangle of the input each tensor covers. Padding keeps it whole; unpadded layers and crops lose a margin."""

from __future__ import annotations

from dataclasses import dataclass

from unet_explorer.network.graph import Graph, Op, node_name

CONVOLUTIONS = frozenset({"Conv2D", "DepthwiseConv2dNative"})
POOLS = frozenset({"MaxPool", "AvgPool", "MaxPoolV2", "MaxPoolWithArgmax"})
CROPS = frozenset({"StridedSlice", "Slice"})
PADS = frozenset({"Pad", "PadV2", "MirrorPad"})


@dataclass(frozen=True)
class Coverage:
    """The part of the input, in input pixels, that a map covers.

    Attributes:
        top, left, height, width: of the rectangle.
        rows, columns: how many map pixels it is cut into.
        shape: of the tensor without its batch: (height, width, channels) for maps.
    """

    top: float
    left: float
    height: float
    width: float
    rows: int
    columns: int
    shape: tuple[int, ...]

    @property
    def rectangle(self) -> tuple[float, float, float, float]:
        """Top, left, height, width."""
        return self.top, self.left, self.height, self.width

    @property
    def scale(self) -> float:
        """Input pixels per map pixel (geometric mean of both axes)."""
        return float((self.height / self.rows * self.width / self.columns) ** 0.5)


def coverages(graph: Graph) -> dict[str, Coverage]:
    """The coverage of the first output of every op that carries the picture, by tensor name."""
    found: dict[str, Coverage] = {}
    for name in graph.data:
        op = graph.ops[name]
        rows, columns = _size(op)
        inputs = [found[f"{each}:0"] for each in graph.data_inputs(name)]
        if not inputs:
            found[f"{name}:0"] = Coverage(0.0, 0.0, float(rows), float(columns), rows, columns, (op.shape or ())[1:])
            continue
        # Where several maps meet, the one of the result's own size says where it lies.
        source = next((each for each in inputs if (each.rows, each.columns) == (rows, columns)), inputs[0])
        vertical = _axis(graph, op, 1, (source.top, source.height, source.rows), rows)
        horizontal = _axis(graph, op, 2, (source.left, source.width, source.columns), columns)
        shape = (op.shape or ())[1:]
        found[f"{name}:0"] = Coverage(vertical[0], horizontal[0], vertical[1], horizontal[1], rows, columns, shape)
    return found


def _size(op: Op) -> tuple[int, int]:
    if op.shape is not None and len(op.shape) == 4:
        return op.shape[1], op.shape[2]
    return 1, 1


def _axis(graph: Graph, op: Op, axis: int, source: tuple[float, float, int], size: int) -> tuple[float, float]:
    """(start, length) along one axis of an op's result.

    Args:
        axis: 1 for rows, 2 for columns.
        source: (start, length, pixels) of the input along that axis.
        size: pixels of the result.
    """
    start, length, pixels = source
    step = length / pixels
    if op.shape is None or len(op.shape) != 4 or (not op.attributes and op.type not in PADS | CROPS):
        return start, length
    if op.type in PADS or op.type in CROPS:
        return start + step * _first(graph, op, axis, pixels, size), step * size
    if op.type in CONVOLUTIONS | POOLS and op.attributes.get("padding") != "SAME":
        stride, window = op.attributes["strides"][axis], _window(graph, op, axis)
        before = op.attributes.get("explicit_paddings", ())[2 * axis : 2 * axis + 1] or (0,)
        return start + step * ((window - stride) / 2 - before[0]), step * stride * size
    if op.type == "Conv2DBackpropInput" and op.attributes.get("padding") == "VALID":
        stride = op.attributes["strides"][axis]
        return start - step / stride * (_window(graph, op, axis) - stride) / 2, step / stride * size
    return start, length


def _window(graph: Graph, op: Op, axis: int) -> int:
    """Pixels a convolution or pooling window spans, dilation included."""
    if op.type in POOLS:
        return int(op.attributes["ksize"][axis])
    kernel = graph.ops[node_name(op.inputs[1])].shape
    size = kernel[axis - 1] if kernel else op.attributes["strides"][axis]
    return int((size - 1) * op.attributes.get("dilations", (1, 1, 1, 1))[axis] + 1)


def _first(graph: Graph, op: Op, axis: int, pixels: int, size: int) -> float:
    """Which pixel of the input is the first of a crop (negative for padding); the middle where it is computed."""
    values = graph.value(node_name(op.inputs[1]))
    if values is None:
        return (pixels - size) / 2
    if op.type in PADS:
        return -float(values[axis][0])
    if op.attributes.get("begin_mask", 0) >> axis & 1 or axis >= len(values):
        return 0.0
    begin = float(values[axis])
    return begin + pixels if begin < 0 else begin
