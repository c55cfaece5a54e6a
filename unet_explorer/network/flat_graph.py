"""SavedModel -> one flat graph: a signature with its functions inlined and its variables turned into constants.

Everything the explorer does (layers, edits, gradients) works on that graph alone, so it makes no difference who saved
the model or with which version of Keras.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from unet_explorer.errors import ModelError, close_names
from unet_explorer.network.graph import Graph, Op, node_name, tensor_name

# Constants above this size are kept out of the graph, once, instead of once in every compiled function.
LARGE_CONSTANT_BYTES = 4096
# A network that takes any size is analysed at the first of these (height, width) that its layers accept: multiples of a
# high power of two, then the size of the 2015 paper for networks without padding.
REFERENCE_SIZES = ((256, 320), (572, 572), (380, 444), (187, 221))


@dataclass(frozen=True)
class ImageInput:
    """The one picture a signature takes.

    Attributes:
        name: argument name in the signature.
        tensor: name of its tensor in the flat graph.
        batch: 1, or the fixed batch size the model was saved with.
        height, width: pixels; None where free.
        channels: 1 or 3.
        dtype: of the values fed.
    """

    name: str
    tensor: str
    batch: int
    height: int | None
    width: int | None
    channels: int
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class FlatGraph:
    """A frozen signature.

    Attributes:
        graph_def: TensorFlow GraphDef without large constants and without control inputs.
        weights: the large constants, by node name, as TensorFlow tensors where they are computed with.
        variables: name of the variable that each constant node was made of.
        image: the input.
        outputs: tensor name of each output, by its name in the signature.
    """

    graph_def: Any
    weights: Mapping[str, Any]
    variables: Mapping[str, str]
    image: ImageInput
    outputs: Mapping[str, str]

    def constant(self, node: str) -> NDArray[Any]:
        """The value of a constant node."""
        if node in self.weights:
            return np.asarray(self.weights[node].numpy())
        found = next(each for each in self.graph_def.node if each.name == node)
        return np.asarray(tf.make_ndarray(found.attr["value"].tensor))


def load_flat_graph(folder: Path, signature: str | None) -> tuple[FlatGraph, str, tuple[str, ...]]:
    """Load a SavedModel and freeze one of its signatures.

    Args:
        folder: the SavedModel.
        signature: which one; None chooses as `_choose` says.

    Returns:
        The flat graph, the name of its signature, and the names of all.

    Raises:
        ModelError: it cannot be loaded or frozen, has no such signature, or does not take exactly one picture.
    """
    try:
        loaded = tf.saved_model.load(str(folder))
    except Exception as error:
        raise ModelError(
            f"{folder} cannot be loaded: its files are damaged, of different exports, or not for TensorFlow "
            f"{tf.__version__}; copy or export it again."
        ) from error
    # Functions hold their variables weakly, so `loaded` has to live until the graph is frozen.
    signatures = dict(getattr(loaded, "signatures", {})) or _traced_functions(loaded)
    chosen = _choose(folder, signatures, signature)
    return _freeze(folder, signatures[chosen]), chosen, tuple(sorted(signatures))


def _traced_functions(loaded: Any) -> dict[str, Any]:
    found = {}
    for name in ("__call__", *sorted(vars(loaded))):
        function = getattr(loaded, name, None)
        for number, concrete in enumerate(getattr(function, "concrete_functions", [])):
            found[name if number == 0 else f"{name}_{number}"] = concrete
    return found


def _freeze(folder: Path, function: Any) -> FlatGraph:
    """Freeze one signature.

    Raises:
        ModelError: it does not take exactly one picture, or cannot be frozen.
    """
    image = _image_input(folder, function)
    try:
        frozen = convert_variables_to_constants_v2(function, lower_control_flow=False)
    except Exception as error:
        raise ModelError(
            f"{folder} cannot be opened because its variables cannot be turned into constants: export it again with "
            "Keras' model.export or tf.saved_model.save."
        ) from error
    graph_def = frozen.graph.as_graph_def()
    for node in graph_def.node:
        kept = [name for name in node.input if not name.startswith("^")]
        del node.input[:]
        node.input.extend(kept)
        # Shapes are inferred anew, and a custom gradient would reach back into the model it was saved from.
        for attribute in ("_output_shapes", "_gradient_op_type"):
            node.attr.pop(attribute, None)
    return FlatGraph(
        graph_def, _lift_constants(graph_def), _variable_names(function), image, _outputs(function, frozen)
    )


def _image_input(folder: Path, function: Any) -> ImageInput:
    captured = {id(inner) for _, inner in function.graph.captures}
    arguments = [tensor for tensor in function.inputs if id(tensor) not in captured]
    images = [tensor for tensor in arguments if _is_image(tensor)]
    shapes = ", ".join(f"{tensor.name.split(':')[0]} {tensor.shape}" for tensor in arguments) or "nothing"
    if not images:
        raise ModelError(
            f"{folder} has no image input: it takes {shapes}; it must take one batch of pictures "
            "(batch, height, width, 1 or 3 channels)."
        )
    if len(arguments) > 1:
        raise ModelError(
            f"{folder} takes {len(arguments)} inputs ({shapes}): save it with a signature that takes one picture."
        )
    (tensor,) = images
    batch, height, width, channels = tensor.shape.as_list()
    names = list(function.structured_input_signature[1]) if function.structured_input_signature else []
    name = names[0] if len(names) == 1 else tensor.name.split(":")[0]
    return ImageInput(name, tensor.name, batch or 1, height, width, channels, tensor.dtype.as_numpy_dtype().dtype)


def _is_image(tensor: Any) -> bool:
    numeric = tensor.dtype.is_floating or tensor.dtype.is_integer
    return bool(numeric and tensor.shape.rank == 4 and tensor.shape[-1] in (1, 3))


def _variable_names(function: Any) -> dict[str, str]:
    names = {id(variable.handle): variable.name.split(":")[0] for variable in function.graph.variables}
    pairs = ((outer, inner) for outer, inner in function.graph.captures if id(outer) in names)
    return {inner.name.split(":")[0]: names[id(outer)] for outer, inner in pairs}


def _outputs(function: Any, frozen: Any) -> dict[str, str]:
    structured = function.structured_outputs
    names = list(structured) if isinstance(structured, Mapping) else []
    tensors = [tensor.name for tensor in frozen.outputs]
    if len(names) != len(tensors):
        names = [f"output_{number}" for number in range(len(tensors))]
    # Structured outputs are flattened in the order of their sorted keys.
    return dict(zip(sorted(names), tensors, strict=True))


def _lift_constants(graph_def: Any) -> dict[str, Any]:
    """Take the large constants out of the graph; placeholders stay where they were."""
    weights = {}
    for node in graph_def.node:
        if node.op == "Const" and node.attr["value"].tensor.ByteSize() > LARGE_CONSTANT_BYTES:
            weights[node.name] = tf.constant(tf.make_ndarray(node.attr["value"].tensor))
            dtype = node.attr["dtype"].type
            node.op = "Placeholder"
            node.ClearField("attr")
            node.attr["dtype"].type = dtype
            node.attr["shape"].shape.CopyFrom(weights[node.name].shape.as_proto())
    return weights


def describe(flat: FlatGraph, folder: Path, size: tuple[int, int] | None = None) -> Graph:
    """The flat graph as plain Python with inferred shapes, for one picture.

    Args:
        flat: the graph.
        folder: what to call it in errors.
        size: (height, width) where they are free; None tries `REFERENCE_SIZES`.

    Raises:
        ModelError: its layers do not fit that size, or none of those, or no output depends on the picture.
    """
    sizes = [size] if size else REFERENCE_SIZES
    tried = dict.fromkeys((flat.image.height or height, flat.image.width or width) for height, width in sizes)
    trouble: Exception | None = None
    for each in tried:
        try:
            return _describe_at(flat, folder, each)
        except (ValueError, tf.errors.InvalidArgumentError) as error:
            trouble = error
    named = ", ".join(f"{height} x {width}" for height, width in tried)
    remedy = "set a fixed size or a multiple in its card" if size else "save it with a fixed size"
    raise ModelError(f"The layers of {folder} do not fit together at {named} pixels: {remedy}.") from trouble


def _describe_at(flat: FlatGraph, folder: Path, size: tuple[int, int]) -> Graph:
    image = flat.image
    with tf.Graph().as_default() as graph:
        given = tf.compat.v1.placeholder(image.dtype, (image.batch, *size, image.channels))
        tf.graph_util.import_graph_def(flat.graph_def, input_map={image.tensor: given}, name="")
    ops = {}
    for node in flat.graph_def.node:
        operation = graph.get_operation_by_name(node.name)
        ops[node.name] = Op(
            name=node.name,
            type=node.op,
            inputs=tuple(tensor_name(name) for name in node.input),
            shape=_shape(operation),
            floating=bool(operation.outputs) and operation.outputs[0].dtype.is_floating,
            attributes=_attributes(node),
        )
    ops[image.tensor.split(":")[0]] = Op(image.tensor.split(":")[0], "Placeholder", (), tuple(given.shape), True, {})
    outputs = _usable_outputs(Graph(ops, tensor_name(image.tensor), (), flat.constant), flat.outputs.values())
    if not outputs:
        raise ModelError(f"No output of {folder} depends on the picture: save it with a signature that returns maps.")
    return Graph(ops, tensor_name(image.tensor), outputs, flat.constant)


def _usable_outputs(graph: Graph, names: Iterable[str]) -> tuple[str, ...]:
    """Outputs that depend on the picture, the largest map first.

    Instead of an output of whole numbers, such as an argmax, the scores it was made of.
    """
    found = []
    for name in map(tensor_name, names):
        single = replace(graph, outputs=(name,))
        if single.data:
            last = single.data[-1]
            shape = graph.ops[last].shape or ()
            pixels = shape[1] * shape[2] if len(shape) == 4 else 0
            found.append((pixels, graph.ops[node_name(name)].floating, f"{last}:0"))
    # Sorting is stable: of equally good ones the first in the signature stays first.
    return tuple(dict.fromkeys(tensor for *_, tensor in sorted(found, key=lambda each: each[:2], reverse=True)))


def _shape(operation: Any) -> tuple[int, ...] | None:
    if not operation.outputs or not operation.outputs[0].shape.is_fully_defined():
        return None
    return tuple(operation.outputs[0].shape.as_list())


def _attributes(node: Any) -> dict[str, Any]:
    """The attributes that geometry needs: padding, and lists of whole numbers (strides, window, dilations, masks)."""
    found: dict[str, Any] = {}
    for name, value in node.attr.items():
        if name in ("padding", "data_format"):
            found[name] = value.s.decode()
        elif name in ("strides", "ksize", "dilations", "explicit_paddings"):
            found[name] = tuple(value.list.i)
        elif name in ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"):
            found[name] = value.i
    return found


def _choose(folder: Path, signatures: Mapping[str, Any], wanted: str | None) -> str:
    """The name of the signature to open: the wanted one, else `serving_default`, else the first that takes one picture.

    Raises:
        ModelError: there is none, or not the wanted one.
    """
    if not signatures:
        raise ModelError(f"{folder} has no signature: save the model with one that takes a batch of pictures.")
    if wanted is not None:
        if wanted not in signatures:
            known = ", ".join(sorted(signatures))
            raise ModelError(
                f"{folder} has no signature {wanted!r} (it has {known}){close_names(wanted, signatures) or '.'}"
            )
        return wanted
    return next((name for name in _preferred(signatures) if _takes_one_picture(folder, signatures[name])), "") or next(
        iter(_preferred(signatures))
    )


def _preferred(signatures: Mapping[str, Any]) -> list[str]:
    return sorted(signatures, key=lambda name: (name != "serving_default", name != "__call__", name))


def _takes_one_picture(folder: Path, function: Any) -> bool:
    try:
        _image_input(folder, function)
    except ModelError:
        return False
    return True
