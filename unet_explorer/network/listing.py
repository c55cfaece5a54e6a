"""From a flat graph to the layers people know. No TensorFlow here."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from unet_explorer.network.geometry import coverages
from unet_explorer.network.graph import Graph, node_name
from unet_explorer.network.grouping import (
    ACTIVATIONS,
    ADDITIONS,
    DENSE,
    WEIGHTED,
    Group,
    Grouping,
    group_ops,
    kind_of,
)
from unet_explorer.network.layers import Layer, LayerTable, Source, Window
from unet_explorer.network.names import Scope, layer_names, leaf, numbered_by_exporter
from unet_explorer.network.stages import Meeting, find_meetings, find_stages


def list_layers(graph: Graph, input_name: str, free: tuple[bool, bool], variables: Mapping[str, str]) -> LayerTable:
    """All layers of a flat graph.

    Args:
        graph: described at one size.
        input_name: what to call the picture.
        free: whether the height, and the width, follow the picture.
        variables: name of the variable each constant was made of; where there are none, all constant vectors and
            kernels count as parameters.
    """
    if not variables:  # they were constants before, as in models frozen by their makers
        variables = {name: name for name, op in graph.ops.items() if op.floating and op.shape and not op.inputs}
    grouping = group_ops(graph)
    names = _names(graph, grouping, input_name, variables)
    builder = _Builder(graph, grouping, names, free, variables)
    return builder.build()


def _names(graph: Graph, grouping: Grouping, input_name: str, variables: Mapping[str, str]) -> list[str]:
    groups = grouping.groups[1:]
    named: dict[Scope, str] = {}
    for group in groups:
        found = sorted(name for name in _variables(graph, group, variables).values() if "/" in name)
        if group.scope and found:
            named.setdefault(group.scope, found[0])
    numbered = numbered_by_exporter([group.scope for group in groups], named)
    keys = [(group.scope, leaf(group.major or group.ops[0])) for group in groups]
    return layer_names([((), input_name), *keys], numbered)


def _variables(graph: Graph, group: Group, variables: Mapping[str, str]) -> dict[str, str]:
    """Name of each variable that a layer uses, by its constant node."""
    constants = set().union(
        *(graph.constants_behind(fixed) for name in group.ops for fixed in graph.fixed_inputs(name)), set()
    )
    return {node: variables[node] for node in constants if node in variables}


class _Builder:
    def __init__(
        self,
        graph: Graph,
        grouping: Grouping,
        names: list[str],
        free: tuple[bool, bool],
        variables: Mapping[str, str],
    ) -> None:
        self.graph, self.grouping, self.names, self.free, self.variables = graph, grouping, names, free, variables
        self.kinds = [kind_of(graph, group) for group in grouping.groups]
        self.coverage = coverages(graph)
        self.inputs = [self._inputs(at) for at in range(len(names))]
        self.users = [[user for user, read in enumerate(self.inputs) if at in read] for at in range(len(names))]

    def build(self) -> LayerTable:
        scales = [self.coverage[f"{group.output}:0"].scale for group in self.grouping.groups]
        meetings = find_meetings(self.inputs, self.kinds, scales)
        stages = find_stages(self.inputs, self.kinds, scales)
        head = self._head()
        layers, tensors, kernels = [], {}, {}
        for at, name in enumerate(self.names):
            views, default = self._views(at)
            for view, op in views.items():
                tensors[name, view] = f"{op}:0"
            if (major := self.grouping.groups[at].major) and self.graph.ops[major].type in WEIGHTED:
                kernels[name] = self.graph.ops[major].inputs[1]
            stage = "head" if at in head else stages[at]
            layers.append(self._layer(at, stage, at == min(head, default=-1), (tuple(views), default), meetings))
        is_u = any(layer.skip_from for layer in layers) and any(layer.stage == "bottleneck" for layer in layers)
        return LayerTable(tuple(layers), tensors, kernels, is_u, *self._output_names())

    def _inputs(self, at: int) -> list[int]:
        read: list[int] = []
        for name in self.grouping.groups[at].ops:
            for each in self.graph.data_inputs(name):
                owner = self.grouping.owner[each]
                if owner != at and owner not in read:
                    read.append(owner)
        return read

    def _head(self) -> set[int]:
        """The last layer with weights on the way to the output, and what follows it."""
        last = self.grouping.owner[node_name(self.graph.outputs[0])]
        found = [last]
        while not self._has_kernel(found[-1]) and len(self.inputs[found[-1]]) == 1:
            found.append(self.inputs[found[-1]][0])
        return set(found) if self._has_kernel(found[-1]) else {last}

    def _has_kernel(self, at: int) -> bool:
        major = self.grouping.groups[at].major
        return bool(major) and self.graph.ops[major].type in WEIGHTED | DENSE

    def _output_names(self) -> tuple[str, str]:
        """The layer (and view) whose maps are the output, and the one with the scores before its activation."""
        op = self.grouping.source[node_name(self.graph.outputs[0])]
        last = self.grouping.owner[op]
        views, own = self._views(last)
        output = next((view for view, each in views.items() if each == op), own)
        if self.kinds[last] == "activation" and len(self.inputs[last]) == 1:
            before = self.inputs[last][0]
            return self.names[last], self.names[before]
        scores = "pre_activation" if output == "activation" and "pre_activation" in views else output
        named = [self.names[last] if view == own else f"{self.names[last]}:{view}" for view in (output, scores)]
        return named[0], named[1]

    def _layer(
        self,
        at: int,
        stage: str,
        is_head: bool,
        views: tuple[tuple[str, ...], str],
        meetings: Mapping[int, Meeting],
    ) -> Layer:
        group = self.grouping.groups[at]
        shape = self.graph.ops[group.output].shape or ()
        cover = self.coverage[f"{group.output}:0"]
        whole = self.coverage[self.graph.input]
        sources = self._sources(at, meetings)
        skips = [source.layer for source in sources if source.role == "encoder"]
        rows, columns = (shape[1], shape[2]) if len(shape) == 4 else (1, 1)
        return Layer(
            name=self.names[at],
            kind="head" if is_head and self.kinds[at] == "conv" else self.kinds[at],
            stage=stage,
            height=None if self.free[0] and len(shape) == 4 else rows,
            width=None if self.free[1] and len(shape) == 4 else columns,
            channels=shape[-1] if shape else 0,
            parameters=self._parameters(group),
            inputs=tuple(self.names[each] for each in self.inputs[at]),
            skip_from=skips[0] if skips else None,
            views=views[0],
            default_view=views[1],
            sources=sources,
            window=self._window(group),
            activation=self._activation(group),
            scale=cover.scale,
            cover=(
                cover.top / whole.height,
                cover.left / whole.width,
                cover.height / whole.height,
                cover.width / whole.width,
            ),
        )

    def _parameters(self, group: Group) -> int:
        nodes = _variables(self.graph, group, self.variables)
        return sum(int(np.prod(self.graph.ops[node].shape or ())) for node in nodes)

    def _sources(self, at: int, meetings: Mapping[int, Meeting]) -> tuple[Source, ...]:
        """Where the channels of a concatenation, or the terms of a sum, come from."""
        group = self.grouping.groups[at]
        concat = self.kinds[at] == "concat"
        if not concat and at not in meetings:
            return ()
        found, first = [], 0
        for op in self.graph.data_inputs(group.major or group.ops[0]):
            owner = self.grouping.owner[op]
            shape = self.graph.ops[op].shape or (0,)
            count = shape[-1]
            role = meetings[at].roles.get(owner, "") if at in meetings else ""
            layer = meetings[at].origin.get(owner, owner) if at in meetings else owner
            found.append(Source(self.names[layer], role, first, first + count - 1))
            first += count if concat else 0
        return tuple(found)

    def _views(self, at: int) -> tuple[dict[str, str], str]:
        """The op of each view, in order of computation, and the layer's own view."""
        group = self.grouping.groups[at]
        if not group.major or self.graph.ops[group.major].type not in WEIGHTED:
            return {"output": group.output}, "output"
        before = self._before_activation(group)
        views, own = {"pre_activation": before}, "pre_activation"
        if group.output != before:
            views["activation"], own = group.output, "activation"
        for kind, follower in self._followers(at):
            views.setdefault(kind, self.grouping.groups[follower].output)
        return (views, own) if len(views) > 1 else ({"output": before}, "output")

    def _before_activation(self, group: Group) -> str:
        """The convolution with its bias."""
        start = group.ops.index(group.major)
        for name in group.ops[start + 1 :]:
            if self.graph.ops[name].type in ADDITIONS and self.graph.data_inputs(name) == (group.major,):
                return name
        return group.major

    def _followers(self, at: int) -> list[tuple[str, int]]:
        """The batch norm and the activation that come straight after a convolution, as (view, layer)."""
        found: list[tuple[str, int]] = []
        while len(found) < 2:
            wanted = {"batch_norm", "activation"} - {kind for kind, _ in found}
            after = [user for user in self.users[at] if self.kinds[user] in wanted]
            if len(after) != 1:
                break
            at = after[0]
            found.append((self.kinds[at], at))
        return found

    def _activation(self, group: Group) -> str:
        types = [self.graph.ops[name].type for name in group.ops]
        found = [each for each in types if each in ACTIVATIONS]
        if not found or "Mean" in types:
            return ""
        if found == ["Sigmoid"] and "Mul" in types:
            return "swish"
        return "gelu" if found[0] in ("Erf", "Erfc") else found[0].lower()

    def _window(self, group: Group) -> Window | None:
        if not group.major:
            return None
        op = self.graph.ops[group.major]
        if "strides" not in op.attributes:
            return None
        kernel = self.graph.ops[node_name(op.inputs[1])].shape if op.type in WEIGHTED else op.attributes["ksize"][1:]
        vertical, horizontal = (kernel or (1, 1))[:2]
        strides, dilations = op.attributes["strides"], op.attributes.get("dilations") or (1, 1, 1, 1)
        return Window(
            size=(vertical, horizontal),
            stride=(strides[1], strides[2]),
            dilation=(dilations[1], dilations[2]),
            padding=op.attributes.get("padding", "SAME").lower(),
        )
