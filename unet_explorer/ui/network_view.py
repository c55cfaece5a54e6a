"""A network as the map of the U draws it: stages with a side and a row, their layers, and the skips between them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from unet_explorer.analysis.receptive_field import receptive_field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unet_explorer.network import Layer, Network

HEAD = "head"
SPEAKING = ("conv", "transpose_conv", "concat", "activation", "batch_norm", "upsample", "head", "other")
"""Kinds of layers that can stand for their stage, the first present wins: articles show the last convolution."""


def describe_network(network: Network) -> dict[str, Any]:
    """Plain JSON values: `shape` ("u" or "graph"), `layers`, `stages` in the order of the network, `skips`,
    the names and colours of the classes (`classes`, `palette`), and whether the network ends in a map of them
    (`isMap`).

    Each stage has `name`, `side` (encoder, bottleneck, decoder, head), `row` (0 is the top of the U) and `speaker`,
    the layer its thumbnail shows.
    """
    stages = _stages(network.layers)
    sees = _receptive_fields(tuple(network.layers))
    channels = {layer.name: layer.channels for layer in network.layers}
    return {
        "shape": "u" if network.is_u else "graph",
        "layers": [
            _layer(layer, len(network.class_table), sees[layer.name])
            for layer in network.layers
            if layer.kind != "input"
        ],
        "stages": stages,
        "isMap": network.output.is_map,
        "classes": [entry.name for entry in network.class_table],
        "palette": [list(entry.colour) for entry in network.class_table],
        "skips": [
            {"from": layer.skip_from, "to": layer.name, "channels": channels.get(layer.skip_from, 0)}
            for layer in network.layers
            if layer.skip_from
        ],
    }


def speakers(layers: Sequence[Layer]) -> dict[str, str]:
    """For each stage, in the order of the network, the layer that stands for it."""
    by_stage: dict[str, list[Layer]] = {}
    for layer in layers:
        if layer.stage and layer.kind != "input":
            by_stage.setdefault(layer.stage, []).append(layer)
    return {stage: _speaker(members) for stage, members in by_stage.items()}


def first_layer(network: Network) -> str:
    """The layer a page opens with: what the first stage sees."""
    spoken = speakers(network.layers)
    return next(iter(spoken.values())) if spoken else network.layers[-1].name


def _speaker(members: list[Layer]) -> str:
    for kind in SPEAKING:
        of_kind = [layer.name for layer in members if layer.kind == kind]
        if of_kind:
            return of_kind[-1]
    return members[-1].name


def _stages(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    spoken = speakers(layers)
    bottom = max((_level(name) for name in spoken), default=0)
    return [
        {
            "name": name,
            "side": _side(name),
            "row": bottom if _side(name) == "bottleneck" else max(0, _level(name) - 1),
            "speaker": speaker,
        }
        for name, speaker in spoken.items()
    ]


def _side(stage: str) -> str:
    return stage.split()[0]


def _level(stage: str) -> int:
    """The number in the name of a stage: encoder 2 and decoder 2 have the same resolution; 0 where there is none."""
    return int(stage.split()[1]) if " " in stage else 0


@lru_cache(maxsize=16)
def _receptive_fields(layers: tuple[Layer, ...]) -> dict[str, tuple[int, int] | None]:
    """Height and width of each layer's receptive field; computed once a network, for the page asks at every rerun."""
    by_name = {layer.name: layer for layer in layers}
    return {name: receptive_field(by_name, name) for name in by_name}


def _layer(layer: Layer, classes: int, sees: tuple[int, int] | None) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "stage": layer.stage,
        "size": [layer.height, layer.width, layer.channels],
        "scale": layer.scale,
        "parameters": layer.parameters,
        "activation": layer.activation,
        "views": list(layer.views),
        "defaultView": layer.default_view,
        "segments": _segments(layer) if layer.kind == "concat" else [],
        "named": layer.stage == HEAD and layer.channels == classes,
        "note": layer.note,
        "sees": None if sees is None else list(sees),
    }


def _segments(layer: Layer) -> list[dict[str, Any]]:
    """For a concatenation, where the channels of each input begin and end (before `stop`), and where they come from."""
    tags = {"encoder": "from the encoder", "below": "from below"}
    return [
        {"from": source.layer, "start": source.first, "stop": source.last + 1, "tag": tags.get(source.role, "from")}
        for source in layer.sources
    ]
