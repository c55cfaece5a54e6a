"""What a network ends in: probabilities, or logits that still need a softmax or sigmoid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unet_explorer.network.graph import Graph, node_name

_PASSING = frozenset({"Identity", "Cast", "Squeeze", "StopGradient", "Snapshot"})
# A softmax may be computed on rows of pixels, or with the channels moved to the end, and put back afterwards.
_MOVING = frozenset({"Reshape", "Transpose"})


@dataclass(frozen=True)
class Output:
    """The end of a network.

    Attributes:
        name: layer (and view) whose maps are the output.
        logits: layer (and view) whose maps are the scores before the softmax or sigmoid; the same as `name` for a
            network that ends in logits.
        ends_in: "softmax", "sigmoid" or "logits".
        channels: K.
        is_map: whether it is (height, width, K).
    """

    name: str
    logits: str
    ends_in: str
    channels: int
    is_map: bool

    @property
    def missing(self) -> str:
        """What has to be applied to get probabilities: "softmax", "sigmoid" or ""."""
        if self.ends_in != "logits":
            return ""
        return "softmax" if self.channels > 1 else "sigmoid"

    def to_probabilities(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Output values as probabilities, (H, W, K) float32; the same array where they are already."""
        if self.missing == "softmax":
            return softmax(values)
        return sigmoid(values) if self.missing == "sigmoid" else values


def softmax(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Softmax over the last axis.

    Example:
        >>> softmax(np.array([[0.0, 0.0]], np.float32)).tolist()
        [[0.5, 0.5]]
    """
    exponents = values - values.max(-1, keepdims=True)
    np.exp(exponents, out=exponents)
    exponents /= exponents.sum(-1, keepdims=True)
    return np.asarray(exponents, np.float32)


def sigmoid(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 / (1 + exp(-x)), without overflow at either end.

    Example:
        >>> sigmoid(np.array([0.0, -1000.0], np.float32)).tolist()
        [0.5, 0.0]
    """
    small = np.exp(-np.abs(values))
    return np.asarray(np.where(values >= 0, 1, small) / (1 + small), np.float32)


def ending(graph: Graph) -> str:
    """Whether the first output comes out of a softmax over the channels, a sigmoid, or neither."""
    name = node_name(graph.outputs[0])
    channels = (graph.ops[name].shape or (0,))[-1]
    while graph.ops[name].type in _PASSING | _MOVING and graph.data_inputs(name):
        name = graph.data_inputs(name)[0]
    if graph.ops[name].type == "Softmax" or _is_written_out_softmax(graph, name):
        return "softmax" if (graph.ops[name].shape or (0,))[-1] == channels else "logits"
    return "sigmoid" if graph.ops[name].type == "Sigmoid" else "logits"


def _is_written_out_softmax(graph: Graph, name: str) -> bool:
    """exp(x) / sum(exp(x)), as early versions of Keras wrote it for maps."""
    inputs = graph.data_inputs(name)
    if graph.ops[name].type != "RealDiv" or len(inputs) != 2:
        return False
    exponents, total = inputs
    summed = graph.ops[exponents].type == "Exp" and graph.ops[total].type == "Sum"
    return summed and graph.data_inputs(total) == (exponents,)
