"""Is this SavedModel safe? A SavedModel is a program; this reads its ops without running any of them.

A network needs arithmetic, variables and calls. Ops are refused that reach out of it (files, network, Python, the
process itself), and ops that this TensorFlow does not know, whose code would come from elsewhere. Saving and restoring
variables touches files too; that is allowed in the one place where every exporter puts it, the saver's own functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework import op_def_registry

from unet_explorer.errors import ModelError, close_names

GRAPH_FILE = "saved_model.pb"
UNKNOWN = "an op that TensorFlow does not know"

_FILES = re.compile(
    r"File|^Save|^Restore|^MergeV2Checkpoints$|Reader|RecordInput|^ImmutableConst$|Dataset|^LoadAndRemapMatrix$|"
    r"Summary|^ImportEvent$|^PrintV2$|^(En|De)codeProto|DistributedSave|^Iterator|Iterator"
)
_NETWORK = re.compile(
    r"^_?(Send|Recv|HostSend|HostRecv)$|^Collective|^Rpc|^Remote|^Debug|^Copy(Host)?$|Nccl|TPU|^WorkerHeartbeat$"
)
_PYTHON = re.compile(r"PyFunc")
_PROCESS = re.compile(r"^Abort$|^Xla(Launch|Sparse)|^Mlir|Session(Handle|Tensor)")
# Ops with state inside the process only. Every other op that TensorFlow calls stateful is refused.
_OWN_STATE = re.compile(
    r"^(VarHandleOp|VarIsInitializedOp|Variable(V2)?|VariableShape|ReadVariableOp|Assign(Add|Sub)?VariableOp|"
    r"DisableCopyOnRead|Resource(Gather|Scatter|Apply|SparseApply|StridedSlice).*|TemporaryVariable|DestroyResourceOp|"
    r"(Stateful)?PartitionedCall|If|While|Case|Assert|CheckNumerics(V2)?|GuaranteeConst|DeepCopy|Empty|DeviceIndex|"
    r"Random(StandardNormal|Uniform|UniformInt|Shuffle|Gamma|Poisson|PoissonV2|Crop)|Multinomial|TruncatedNormal|"
    r"ParameterizedTruncatedNormal|StatelessRandomGetAlg|Rng(ReadAndSkip|Skip)|Stateful.*(Normal|Normal2|NormalV2|"
    r"Uniform|UniformInt|UniformFullInt|Binomial)|NonDeterministicInts|TensorArray.*|Stack(V2|PushV2|PopV2|CloseV2)?|"
    r"(Anonymous)?(Mutable(Dense)?)?HashTable(OfTensors)?(V2)?|InitializeTableV2|LookupTable(Find|Size|Insert|Import)V2|"
    r"CudnnRNN.*)$"
)


@dataclass(frozen=True)
class RefusedOp:
    """An op a network has no need for.

    Attributes:
        op: its type, such as "WriteFile".
        reason: what it could do, as a clause: "touches files".
        place: the function that holds it; empty for the main graph.
    """

    op: str
    reason: str
    place: str


@dataclass(frozen=True)
class ScanReport:
    """What a scan found.

    Attributes:
        folder: the model.
        ops: how many were read.
        refused: the ones refused, each type and reason once.
        stores_variables: whether there have to be variables beside the graph.
    """

    folder: Path
    ops: int
    refused: tuple[RefusedOp, ...]
    stores_variables: bool

    def sentence(self) -> str:
        """Why the model is refused, and what to do about it."""
        found = ", ".join(f"{each.op} ({each.reason})" for each in self.refused)
        remedy = "if you trust its maker, set UNET_EXPLORER_TRUST_MODELS=true"
        if all(each.reason == UNKNOWN for each in self.refused):
            remedy = "export it with TensorFlow's own ops"
        return f"{self.folder} was not opened because its graph holds {found}; {remedy}."


def scan_saved_model(folder: Path | str) -> ScanReport:
    """Read the ops of a SavedModel, those of its functions included, without loading it.

    Raises:
        ModelError: there is no SavedModel, or it cannot be read.
    """
    folder = Path(folder)
    model = _read(folder)
    refused: dict[tuple[str, str], RefusedOp] = {}
    ops, stores = 0, False
    for meta_graph in model.meta_graphs:
        graph = meta_graph.graph_def
        functions = {function.signature.name for function in graph.library.function}
        savers = _Saver(meta_graph)
        for place, node in _nodes(graph):
            ops += 1
            stores |= node.op in ("VarHandleOp", "VariableV2", "RestoreV2")
            called = node.op in functions and op_def_registry.get(node.op) is None
            reason = "" if called or savers.allows(place, node) else refusal(node.op)
            if reason:
                refused.setdefault((node.op, reason), RefusedOp(node.op, reason, place))
    return ScanReport(folder, ops, tuple(refused.values()), stores)


def refusal(op: str) -> str:
    """Why an op type is refused, as a clause; empty for an op a network may hold.

    Example:
        >>> refusal("WriteFile"), refusal("Conv2D")
        ('touches files', '')
    """
    known = op_def_registry.get(op)
    if known is None:
        return UNKNOWN
    for pattern, reason in (
        (_PYTHON, "runs Python"),
        (_FILES, "touches files"),
        (_NETWORK, "talks to other machines"),
        (_PROCESS, "reaches out of the graph"),
    ):
        if pattern.search(op):
            return reason
    return "keeps state outside of the graph" if known.is_stateful and not _OWN_STATE.match(op) else ""


def _beside(folder: Path) -> list[str]:
    """Names of the SavedModels where this one should be."""
    try:
        return sorted(other.parent.name for other in folder.parent.glob(f"*/{GRAPH_FILE}"))
    except OSError:
        return []


def _read(folder: Path) -> Any:
    path = folder / GRAPH_FILE
    if not folder.is_dir():
        hint = close_names(folder.name, _beside(folder)) or ": give the folder of a SavedModel."
        raise ModelError(f"There is no folder {folder}{hint}")
    if not path.is_file():
        raise ModelError(
            f"{folder} is no SavedModel because it has no {GRAPH_FILE}: give a folder made by a SavedModel export."
        )
    model = saved_model_pb2.SavedModel()
    try:
        model.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise ModelError(f"{path} is damaged or no SavedModel: copy or export it again.") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error
    if not model.meta_graphs:
        raise ModelError(f"{path} is empty or no SavedModel: copy or export it again.")
    return model


def _nodes(graph: Any) -> Iterator[tuple[str, Any]]:
    for node in graph.node:
        yield "", node
    for function in graph.library.function:
        for node in function.node_def:
            yield function.signature.name, node


class _Saver:
    """The nodes and functions that do nothing but save, or nothing but restore, the variables."""

    def __init__(self, meta_graph: Any) -> None:
        graph = meta_graph.graph_def
        nodes = {node.name: node for node in graph.node}
        calls = {function.signature.name: _called(function.node_def) for function in graph.library.function}
        saver = meta_graph.saver_def
        saving = _behind(nodes, saver.save_tensor_name)
        restoring = _behind(nodes, saver.restore_op_name)
        elsewhere = _reachable(calls, _called(node for name, node in nodes.items() if name not in saving | restoring))
        for concrete in meta_graph.object_graph_def.concrete_functions:
            elsewhere |= _reachable(calls, {concrete})
        self._allowed = {
            "SaveV2": (saving, _reachable(calls, _called(nodes[name] for name in saving)) - elsewhere),
            "RestoreV2": (restoring, _reachable(calls, _called(nodes[name] for name in restoring)) - elsewhere),
        }
        self._allowed["MergeV2Checkpoints"] = self._allowed["SaveV2"]
        self._allowed["ShardedFilename"] = self._allowed["SaveV2"]

    def allows(self, place: str, node: Any) -> bool:
        """Whether this node saves or restores where that is done."""
        names, functions = self._allowed.get(node.op, (set(), set()))
        return place in functions if place else node.name in names


def _called(nodes: Iterable[Any]) -> set[str]:
    """Functions named in the attributes of nodes."""
    found = set()
    for node in nodes:
        for value in node.attr.values():
            found |= {value.func.name} | {each.name for each in value.list.func}
        found.add(node.op)
    return found - {""}


def _reachable(calls: Mapping[str, set[str]], start: Iterable[str]) -> set[str]:
    found: set[str] = set()
    stack = [name for name in start if name in calls]
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack.extend(each for each in calls[name] if each in calls)
    return found


def _behind(nodes: Mapping[str, Any], tensor: str) -> set[str]:
    """A node of the main graph and all it depends on."""
    found: set[str] = set()
    stack = [tensor]
    while stack:
        name = stack.pop().lstrip("^").split(":")[0]
        if name in nodes and name not in found:
            found.add(name)
            stack.extend(nodes[name].input)
    return found
