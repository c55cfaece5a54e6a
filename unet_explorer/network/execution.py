"""Running parts of a flat graph. Each part is compiled once for the tensors it is fed and those it returns."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from unet_explorer.errors import LayerError, ModelError
from unet_explorer.network.flat_graph import FlatGraph
from unet_explorer.network.graph import node_name, tensor_name

# Compiled parts kept at a time. They share their weights; one of all of kitti-16 costs about 3 MiB.
COMPILED_LIMIT = 32

_Key = tuple[Any, ...]


def prepare_device() -> str:
    """Let TensorFlow take GPU memory as it is needed, and say what it runs on, such as "GPU NVIDIA H200" or "CPU"."""
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # TensorFlow is running already; whoever started it has decided
            break
    if not gpus:
        return "CPU"
    return f"GPU {tf.config.experimental.get_device_details(gpus[0]).get('device_name', '')}".strip()


class Executor:
    """Computes tensors of a flat graph, and only what they need. Safe to share between threads."""

    def __init__(self, flat: FlatGraph) -> None:
        self._flat = flat
        self._nodes = {node.name: node for node in flat.graph_def.node}
        self._compiled: OrderedDict[_Key, Any] = OrderedDict()
        # One pass at a time: a pass uses every core anyway, and two would need the memory of two.
        self._lock = threading.Lock()

    @property
    def compiled(self) -> tuple[Any, ...]:
        """The compiled parts kept now, the one used last at the end."""
        with self._lock:
            return tuple(self._compiled.values())

    def run(self, feeds: Mapping[str, NDArray[Any]], fetches: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Compute tensors in one pass.

        Args:
            feeds: values by tensor name; what lies before a fed tensor is not computed.
            fetches: tensor names; computed in one pass.

        Returns:
            The values by tensor name, read-only.

        Raises:
            ModelError: TensorFlow could not compute them.
        """
        wanted = tuple(sorted(set(fetches)))
        fed = tuple(sorted(feeds))
        key = ("run", fed, tuple(feeds[name].shape for name in fed), wanted)
        return dict(zip(wanted, self._call(key, feeds, lambda given: self._import(given, wanted)), strict=True))

    def run_masked(
        self, feeds: Mapping[str, NDArray[Any]], at: str, mask: NDArray[Any], fetches: Sequence[str]
    ) -> dict[str, NDArray[Any]]:
        """Compute tensors in one pass, with one tensor multiplied by a mask on the way.

        The mask is an input, so any number of masks of one shape need compiling once.

        Args:
            feeds: as in `run`.
            at: name of the tensor to multiply.
            mask: broadcasts to it.
            fetches: as in `run`.
        """
        wanted = tuple(sorted(set(fetches)))
        fed = {**feeds, "mask": mask}
        key = ("masked", tuple(sorted(feeds)), tuple(fed[name].shape for name in sorted(fed)), at, wanted)

        def build(given: Mapping[str, Any]) -> list[Any]:
            inner = {name: tensor for name, tensor in given.items() if name != "mask"}
            before = self._behind([at], inner)
            after = self._behind(wanted, {**inner, at: None}) - before
            # What lies before the tensor may also reach the fetches around it, over skips: it is imported once.
            read = {tensor_name(name) for node in after for name in self._nodes[node].input} | set(wanted)
            shared = sorted(name for name in read if node_name(name) in before and name != at)
            value, *others = self._import(inner, [at, *shared])
            masked = value * tf.cast(given["mask"], value.dtype)
            return self._import({**inner, **dict(zip(shared, others, strict=True)), at: masked}, wanted)

        return dict(zip(wanted, self._call(key, fed, build), strict=True))

    def gradient(
        self, feeds: Mapping[str, NDArray[Any]], target: str, weights: NDArray[np.float32], wrt: str
    ) -> NDArray[Any]:
        """Gradient of sum(target * weights) with respect to another tensor.

        Args:
            feeds: as in `run`.
            target: tensor name.
            weights: of the target's shape.
            wrt: name of a tensor the target depends on, or of a fed one.

        Raises:
            LayerError: the target does not depend on it, or an op between them has no gradient.
        """

        def build(given: Mapping[str, Any]) -> list[Any]:
            inner = {name: tensor for name, tensor in given.items() if name != "weights"}
            if wrt in inner:
                (value,), source = self._import(inner, (target,)), inner[wrt]
            else:
                value, source = self._import(inner, (target, wrt))
            try:
                (found,) = tf.gradients([value], [source], grad_ys=[tf.cast(given["weights"], value.dtype)])
            except LookupError as error:
                raise LayerError(f"There is no gradient between these layers ({error}): choose others.") from error
            if found is None:
                raise LayerError("The target does not depend on that layer: choose a layer before it.")
            return [tf.convert_to_tensor(found)]

        fed = {**feeds, "weights": weights}
        key = ("gradient", tuple(sorted(feeds)), tuple(fed[name].shape for name in sorted(fed)), target, wrt)
        return self._call(key, fed, build)[0]

    def _call(
        self, key: _Key, feeds: Mapping[str, NDArray[Any]], build: Callable[[Mapping[str, Any]], list[Any]]
    ) -> list[NDArray[Any]]:
        names = sorted(feeds)
        with self._lock:
            try:
                function = self._compiled.get(key) or self._compile(feeds, build)
                results = function(*(tf.convert_to_tensor(feeds[name]) for name in names))
                arrays = [_array(tensor) for tensor in results]
            except tf.errors.ResourceExhaustedError as error:
                raise ModelError("There is not enough memory for this pass: use a smaller picture.") from error
            except (tf.errors.OpError, ValueError) as error:
                raise ModelError(
                    "The network cannot be computed on this picture, most likely because its layers need another size: "
                    "set a fixed size or a multiple in its card."
                ) from error
            self._compiled[key] = function
            self._compiled.move_to_end(key)
            while len(self._compiled) > COMPILED_LIMIT:
                self._compiled.popitem(last=False)
        return arrays

    def _compile(
        self, feeds: Mapping[str, NDArray[Any]], build: Callable[[Mapping[str, Any]], list[Any]]
    ) -> Callable[..., list[Any]]:
        names = sorted(feeds)
        signature = [tf.TensorSpec(feeds[name].shape, feeds[name].dtype) for name in names]
        function = tf.function(
            lambda *given: build(dict(zip(names, given, strict=True))), input_signature=signature, autograph=False
        )
        compiled: Callable[..., list[Any]] = function.get_concrete_function()
        return compiled

    def _import(self, given: Mapping[str, Any], fetches: Sequence[str]) -> list[Any]:
        """Import what the fetches need into the graph being built, with `given` tensors in place of their own."""
        outside = {
            name: self._flat.weights[node_name(name)] for name in fetches if node_name(name) in self._flat.weights
        }
        given = {**outside, **given}
        wanted = [name for name in fetches if name not in given]
        part = tf.compat.v1.GraphDef()
        part.versions.CopyFrom(self._flat.graph_def.versions)
        part.library.CopyFrom(self._flat.graph_def.library)
        mapped: dict[str, Any] = {}
        for node in sorted(self._behind(wanted, given)):
            if node in self._flat.weights:
                # A tensor from outside becomes an input of the part, held once for all parts.
                mapped[f"{node}:0"] = tf.identity(self._flat.weights[node])
            else:
                part.node.append(self._nodes[node])
                read = map(tensor_name, self._nodes[node].input)
                mapped |= {tensor: given[tensor] for tensor in read if tensor in given}
        found = (
            tf.graph_util.import_graph_def(part, input_map=mapped, return_elements=wanted, name="") if wanted else []
        )
        values = dict(zip(wanted, found, strict=True))
        return [values[name] if name in values else tf.identity(given[name]) for name in fetches]

    def _behind(self, tensors: Iterable[str], given: Mapping[str, Any]) -> set[str]:
        """The nodes that tensors are computed from, back to the given ones."""
        seen: set[str] = set()
        stack = [node_name(name) for name in tensors if name not in given]
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                inputs = map(tensor_name, self._nodes[node].input)
                stack.extend(node_name(tensor) for tensor in inputs if tensor not in given)
        return seen


def _array(tensor: Any) -> NDArray[Any]:
    """The values of a result; on the CPU without a copy."""
    on_cpu = "CPU" in tensor.device and tensor.dtype in (tf.float32, tf.float64, tf.float16)
    values = np.asarray(memoryview(tensor)) if on_cpu else tensor.numpy()
    values.setflags(write=False)
    return values
