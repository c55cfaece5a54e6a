"""What people see of a network: its layers, by the names they gave them. No TensorFlow here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

KINDS = (
    *("input", "conv", "transpose_conv", "batch_norm", "activation", "pool", "dropout", "concat", "upsample", "crop"),
    *("head", "other"),
)
VIEWS = ("output", "pre_activation", "activation", "batch_norm")


@dataclass(frozen=True)
class Window:
    """What a convolution or pooling layer looks at: each pair is (vertical, horizontal), in pixels of its input."""

    size: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: str


@dataclass(frozen=True)
class Source:
    """One of the inputs of a concatenation or sum.

    Attributes:
        layer: the layer it comes from.
        role: "encoder" (over a skip), "below" (from the stage below), or "" in a network that is no U.
        first, last: its channels in the result, counted from 0, both included.
    """

    layer: str
    role: str
    first: int
    last: int


@dataclass(frozen=True)
class Layer:
    """One layer.

    Attributes:
        name: unique in its network.
        kind: one of `KINDS`; "head" is the convolution that makes the scores of the classes.
        stage: "encoder 1" ... "encoder n", "bottleneck", "decoder n" ... "decoder 1", "head"; encoder k and decoder k
            have the same resolution.
        height, width: pixels of its maps; None where they follow the picture.
        channels: of its output.
        parameters: numbers it holds, moving averages included.
        inputs: names of the layers it reads.
        skip_from: the encoder layer whose maps it receives over a skip; None where there is none.
        views: what can be looked at, in the order it is computed; every name of `VIEWS`.
        default_view: the one that is the layer's own output.
        sources: where the channels of a concatenation or the terms of a sum come from.
        window: for convolutions and poolings.
        activation: the activation function inside the layer, such as "relu"; empty where there is none.
        scale: input pixels per pixel of its maps.
        cover: the rectangle of the input (top, left, height, width, as shares of the input's size) its maps cover.
        note: one sentence where something is unusual; empty otherwise.
    """

    name: str
    kind: str
    stage: str
    height: int | None
    width: int | None
    channels: int
    parameters: int
    inputs: tuple[str, ...]
    skip_from: str | None
    views: tuple[str, ...]
    default_view: str
    sources: tuple[Source, ...] = ()
    window: Window | None = None
    activation: str = ""
    scale: float = 1.0
    cover: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    note: str = ""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class LayerTable:
    """The layers of a network and where the flat graph computes them.

    Attributes:
        layers: in the order they can be computed, the input first.
        tensors: tensor name of each (layer, view).
        kernels: tensor name of each convolution's weights, by layer.
        is_u: whether the layers form an encoder and a decoder with skips.
        output: the layer (`layer` or `layer:view`) whose maps are the output.
        logits: the one with the scores before the output's activation; the same where it has none.
    """

    layers: tuple[Layer, ...]
    tensors: Mapping[tuple[str, str], str]
    kernels: Mapping[str, str]
    is_u: bool
    output: str
    logits: str
    names: Mapping[str, Layer] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", {layer.name: layer for layer in self.layers})
