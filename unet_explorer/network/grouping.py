"""Which ops make up one layer. A Keras layer is several ops; a plain `tf.Module` may have no layers at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from unet_explorer.network.geometry import CONVOLUTIONS, CROPS, PADS, POOLS
from unet_explorer.network.graph import Graph, node_name
from unet_explorer.network.names import Scope, common_prefix, scope_of

TRANSPOSED = frozenset({"Conv2DBackpropInput"})
RESIZES = frozenset({"ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic", "ResizeArea", "DepthToSpace"})
FUSED_NORMS = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})
ACTIVATIONS = frozenset(
    {"Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Softmax", "LogSoftmax"}
    | {"Erf", "Erfc", "Exp"}
)
AFFINE = frozenset({"BiasAdd", "Add", "AddV2", "Sub", "Mul", "RealDiv"})
DENSE = frozenset({"MatMul"})
ADDITIONS = frozenset({"BiasAdd", "Add", "AddV2"})
REDUCTIONS = frozenset({"Max", "Mean"})
IDENTITIES = frozenset({"Identity", "StopGradient", "Snapshot"})
_MAJOR_KINDS: Mapping[str, frozenset[str]] = {
    "conv": CONVOLUTIONS,
    "transpose_conv": TRANSPOSED,
    "batch_norm": FUSED_NORMS,
    "pool": POOLS,
    "concat": frozenset({"ConcatV2", "Concat"}),
    "upsample": RESIZES,
    "other": DENSE,
}
MAJORS = frozenset().union(*_MAJOR_KINDS.values())
WEIGHTED = CONVOLUTIONS | TRANSPOSED


@dataclass
class Group:
    """The ops of one layer.

    Attributes:
        scope: the layer's scope, model name removed; empty where the graph has none.
        ops: names, in the order they can be computed.
        major: the op that says what the layer is; empty where it is made of small ones only.
        output: the op that other layers read.
    """

    scope: Scope
    ops: list[str] = field(default_factory=list)
    major: str = ""
    output: str = ""


@dataclass(frozen=True)
class Grouping:
    """All layers of a graph.

    Attributes:
        groups: in the order they can be computed; the first is the picture.
        owner: which group (by position) each op belongs to.
        source: for each op, the op whose values it has (itself, unless it is plumbing).
    """

    groups: tuple[Group, ...]
    owner: Mapping[str, int]
    source: Mapping[str, str]


def group_ops(graph: Graph) -> Grouping:
    """Group the ops that carry the picture into layers."""
    scopes = {name: scope_of(name) for name in graph.data[1:]}
    depth = common_prefix(scopes[name] for name in scopes if graph.ops[name].type in MAJORS)
    source = _sources(graph, scopes, depth)
    members: dict[Scope, list[str]] = {}
    for name, scope in scopes.items():
        if source[name] == name:
            members.setdefault(scope[depth:], []).append(name)
    picture = graph.data[0]
    groups = [Group((), [picture], "", picture)]
    for scope, names in members.items():
        whole = scope and _is_one_layer(graph, names, source)
        groups += [_whole(graph, scope, names)] if whole else _split(graph, scope, names, source)
    return _finish(graph, groups, source)


def _sources(graph: Graph, scopes: Mapping[str, Scope], depth: int) -> dict[str, str]:
    """Plumbing (identities and casts outside of any layer) has the values of what it is connected to."""
    source = {graph.data[0]: graph.data[0]}
    for name in graph.data[1:]:
        before = source[graph.data_inputs(name)[0]]
        bare = len(scopes[name]) <= depth or "Func" in name.split("/")
        source[name] = before if bare and graph.ops[name].type in IDENTITIES | {"Cast"} else name
    return source


def _is_one_layer(graph: Graph, names: list[str], source: Mapping[str, str]) -> bool:
    """At most one op of the scope is a layer of its own, and its ops hang together."""
    majors = [name for name in names if graph.ops[name].type in MAJORS and not name.endswith("/depthwise")]
    if len(majors) > 1:
        return False
    inside = set(names)
    read = {name: {source[each] for each in graph.data_inputs(name)} for name in names}
    heads = [name for name in names if not read[name] & inside]
    entrances = set().union(*(read[name] for name in heads))
    returns = any(read[name] - inside - entrances for name in names)
    return not returns and (len(heads) == 1 or (not majors and len(entrances) == 1))


def _whole(graph: Graph, scope: Scope, names: list[str]) -> Group:
    majors = [name for name in names if graph.ops[name].type in MAJORS]
    return Group(scope, list(names), majors[-1] if majors else "")


def _split(graph: Graph, scope: Scope, names: list[str], source: Mapping[str, str]) -> list[Group]:
    """Layers inside one scope, recognised by their ops alone."""
    groups: list[Group] = []
    at: dict[str, Group] = {}
    for name in names:
        inputs = [source[each] for each in graph.data_inputs(name)]
        before = at.get(inputs[0]) if len(inputs) == 1 else None
        if before is None or before.ops[-1] != inputs[0] or not _continues(graph, before, name):
            before = Group(scope, [], name if graph.ops[name].type in MAJORS else "")
            groups.append(before)
        before.ops.append(name)
        at[name] = before
    return groups


def _continues(graph: Graph, group: Group, name: str) -> bool:
    """Whether an op belongs to the layer that its input ends: a bias or activation to a convolution, an offset to a
    scale."""
    kind, last = graph.ops[name].type, graph.ops[group.ops[-1]].type
    if group.major and graph.ops[group.major].type in WEIGHTED:
        return (kind in ACTIVATIONS and last not in ACTIVATIONS) or (kind in ADDITIONS and last in WEIGHTED)
    return not group.major and last in AFFINE and kind in AFFINE


def _finish(graph: Graph, groups: list[Group], source: Mapping[str, str]) -> Grouping:
    order = {name: at for at, name in enumerate(graph.data)}
    inside = {name: id(group) for group in groups for name in group.ops}
    outputs = {source[node_name(tensor)] for tensor in graph.outputs if node_name(tensor) in source}
    read = {
        source[each]
        for name in graph.data
        if source[name] == name
        for each in graph.data_inputs(name)
        if inside[source[each]] != inside[name]
    }
    for group in groups:
        group.ops.sort(key=order.__getitem__)
        ends = [name for name in group.ops if name in read | outputs]
        group.output = ends[-1] if ends else group.ops[-1]
    groups.sort(key=lambda group: order[group.output])
    owner = {name: at for at, group in enumerate(groups) for name in group.ops}
    return Grouping(tuple(groups), {name: owner[source[name]] for name in graph.data}, source)


def kind_of(graph: Graph, group: Group) -> str:
    """What a layer does: one of the kinds of `Layer`."""
    if group.ops == [graph.data[0]]:
        return "input"
    if group.major:
        return next(kind for kind, types in _MAJOR_KINDS.items() if graph.ops[group.major].type in types)
    types = [graph.ops[name].type for name in group.ops]
    if all(each in IDENTITIES for each in types):
        return "dropout" if any("drop" in part.lower() for part in group.scope) else "other"
    if "Mean" not in types and any(each in ACTIVATIONS for each in types):
        return "activation"
    if _is_norm(graph, group):
        return "batch_norm"
    return _kind_by_size(graph, group, types)


def _is_norm(graph: Graph, group: Group) -> bool:
    """A scale for each channel, and an offset."""
    scaled = any(graph.ops[name].type == "Mul" and _vector(graph, name) for name in group.ops)
    return scaled and all(graph.ops[name].type in AFFINE | {"Cast"} for name in group.ops)


def _vector(graph: Graph, name: str) -> bool:
    return any(graph.ops[each].shape not in ((), None) for each in graph.fixed_inputs(name))


def _kind_by_size(graph: Graph, group: Group, types: list[str]) -> str:
    if all(each in REDUCTIONS for each in types):
        return "pool"
    before = graph.ops[graph.data_inputs(group.ops[0])[0]].shape
    after = graph.ops[group.output].shape
    if before is None or after is None or len(before) != 4 or len(after) != 4:
        return "other"
    if all(each in CROPS for each in types):
        return "crop"
    ratio = np.prod(after[1:3]) / np.prod(before[1:3])
    return "upsample" if ratio > 1 and not any(each in PADS for each in types) else "other"
