"""How much of the picture one value of a layer can depend on: its receptive field, from the layers alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unet_explorer.network.layers import Layer

SLIDING = ("conv", "head", "pool")
PIXELWISE = ("batch_norm", "activation", "dropout", "concat")
Span = tuple[int, int]


def receptive_field(layers: Mapping[str, Layer], name: str) -> tuple[int, int] | None:
    """Height and width, in pixels of the network's input, of what one value of a layer can depend on.

    Where strides make it differ from place to place it is the largest; at the border a part of it lies outside. What
    is unpooled or resized is taken to be blended with its neighbours. It says what *can* count: what does is smaller.

    Args:
        layers: name -> layer of one network, each after those that it reads.
        name: of one of them.

    Returns:
        None where a layer on the way may look at the whole picture, or where nothing tells at what it looks.

    References:
        Araujo, Norris and Sim (2019), Computing receptive fields of convolutional neural networks.
    """
    extents = [_extent(layers, name, axis) for axis in (0, 1)]
    return None if None in extents else (extents[0] or 1, extents[1] or 1)


def _extent(layers: Mapping[str, Layer], name: str, axis: int) -> int | None:
    # The field repeats itself with the coarsest map on the way.
    period = max(1, round(max(layer.scale for layer in layers.values()) / layers[name].scale))
    spans = [_seen(layers, name, at, axis) for at in range(period)]
    known = [last - first + 1 for first, last in (span for span in spans if span is not None)]
    return max(known) if len(known) == len(spans) else None


def _seen(layers: Mapping[str, Layer], name: str, at: int, axis: int) -> Span | None:
    """The input pixels that one pixel of a layer can depend on; backwards through all layers, without recursion."""
    needed: dict[str, Span] = {name: (at, at)}
    ends: list[Span] = []
    for upper in reversed(list(layers)):
        if upper not in needed:
            continue
        layer, (first, last) = layers[upper], needed.pop(upper)
        if layer.kind == "input" or not layer.inputs:
            ends.append((first, last))
            continue
        for before in layer.inputs:
            below = _below(layer, layers[before], first, last, axis)
            if below is None:
                return None
            low, high = needed.get(before, below)
            needed[before] = min(low, below[0]), max(high, below[1])
    return min(low for low, _ in ends), max(high for _, high in ends)


def _below(layer: Layer, before: Layer, first: int, last: int, axis: int) -> Span | None:
    """The pixels of the layer before that the pixels first..last of a layer are computed from."""
    if layer.kind in SLIDING and layer.window is not None:
        stride, reach, pad = _window(layer, axis)
        return stride * first - pad, stride * last - pad + reach
    if layer.kind == "transpose_conv" and layer.window is not None:
        stride, reach, pad = _window(layer, axis)
        return -((reach - first - pad) // stride), (last + pad) // stride
    if layer.kind == "upsample":
        factor = before.scale / layer.scale
        return math.floor((first + 0.5) / factor - 0.5), math.floor((last + 0.5) / factor - 0.5) + 1
    if layer.kind == "crop":
        sizes = [(one.height, one.width)[axis] for one in (before, layer)]
        margin = (sizes[0] - sizes[1]) // 2 if sizes[0] and sizes[1] else 0
        return first + margin, last + margin
    rescales = layer.kind == "other" and before.kind == "input" and layer.channels == before.channels
    return (first, last) if layer.kind in PIXELWISE or layer.sources or rescales else None


def _window(layer: Layer, axis: int) -> tuple[int, int, int]:
    """Stride, the pixels from the first to the last of the window, and the padding before it, as TensorFlow pads."""
    assert layer.window is not None
    window = layer.window
    reach = (window.size[axis] - 1) * window.dilation[axis]
    stride = window.stride[axis]
    pad = max(0, reach + 1 - stride) // 2 if window.padding == "same" else 0
    return stride, reach, pad
