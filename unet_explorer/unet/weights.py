"""A network's weights as one small file: named arrays that every backend and every version of Keras can read."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unet_explorer.errors import ModelError

Weights = dict[str, NDArray[Any]]
SEED_STATE = "seed_generator_state"
REMEDY = "give weights of a network that was built alike"
_OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


def weight_variables(model: keras.Model) -> dict[str, Any]:
    """The variables that make the network what it is, by path such as "conv2d_1/kernel"; no random state."""
    return {variable.path: variable for variable in model.variables if SEED_STATE not in variable.path}


def get_weights(model: keras.Model) -> Weights:
    """The weights as arrays, by path."""
    return {path: np.asarray(keras.ops.convert_to_numpy(v.value)) for path, v in weight_variables(model).items()}


def set_weights(model: keras.Model, weights: Mapping[str, NDArray[Any]], source: str) -> None:
    """Give the network these weights.

    Args:
        model: the network.
        weights: an array for every path of `weight_variables`.
        source: where they come from, for the error sentence.

    Raises:
        ModelError: a weight is missing, superfluous or of another shape; nothing is changed then.
    """
    variables = weight_variables(model)
    check_weights({path: tuple(variable.shape) for path, variable in variables.items()}, weights, source)
    for path, variable in variables.items():
        variable.assign(weights[path])


def check_weights(shapes: Mapping[str, tuple[int, ...]], weights: Mapping[str, NDArray[Any]], source: str) -> None:
    """Refuse weights that are not those of a network with these shapes.

    Raises:
        ModelError: a weight is missing, superfluous or of another shape.
    """
    for path, want in shapes.items():
        if path not in weights:
            raise ModelError(f"{source} has no weights {path}: {REMEDY}.")
        have = tuple(weights[path].shape)
        if have != want:
            raise ModelError(f"{source} has {path} of shape {have}, this network needs {want}: {REMEDY}.")
    for path in weights:
        if path not in shapes:
            raise ModelError(f"{source} has weights {path}, which this network does not have: {REMEDY}.")


def save_weights(weights: Mapping[str, NDArray[Any]], path: Path) -> None:
    """Write weights as one `.npz`, in one step (a reader sees the old file or the new one)."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **weights)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_weights(path: Path) -> Weights:
    """The weights of a `.npz` of ours, or of a SavedModel folder (which needs TensorFlow).

    Raises:
        ModelError: nothing there, or not readable.
    """
    if path.is_dir():
        return _read_saved_model(path)
    if not path.exists():
        raise ModelError(f"{path} does not exist: give a weights .npz file or a SavedModel folder.")
    try:
        # NumPy leaves a file open that it took for an archive and that is none.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        why = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
        raise ModelError(
            f"{path} is not a weights file that can be read{why}: give a run's weights.npz or a SavedModel folder."
        ) from error


def _read_saved_model(folder: Path) -> Weights:
    inside = folder / "weights.npz"
    if inside.exists():
        return read_weights(inside)
    try:
        import tensorflow as tf
    except ImportError as error:
        raise ModelError(
            f"{folder} is a SavedModel, which needs TensorFlow to be read; where that is installed, run "
            f"`python -m unet_explorer weights {folder} FILE.npz` and give FILE.npz instead."
        ) from error
    if not (folder / "saved_model.pb").exists():
        raise ModelError(f"{folder} holds no saved_model.pb: give a SavedModel folder or a weights .npz file.")
    if not (folder / "variables" / "variables.index").is_file():
        raise ModelError(f"{folder} has no variables/variables.index: copy the model with its folder of variables.")
    try:
        reader = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
        keys = _variable_keys(reader.get_tensor(_OBJECT_GRAPH))
        return {name: np.asarray(reader.get_tensor(key)) for name, key in keys.items() if SEED_STATE not in name}
    except Exception as error:  # TensorFlow's reader raises anything, from IndexError to its own, on damaged files.
        raise ModelError(f"The variables of {folder} are damaged or unreadable: copy or export it again.") from error


def _variable_keys(object_graph: bytes) -> dict[str, str]:
    """Where a SavedModel's variables lie in its checkpoint, by name.

    The program beside them is neither run nor read. Our exports list their variables as `network_variables`, those of
    Keras as `variables`; of others all are taken.
    """
    from tensorflow.core.protobuf import trackable_object_graph_pb2

    graph = trackable_object_graph_pb2.TrackableObjectGraph.FromString(object_graph)
    children = {child.local_name: child.node_id for child in graph.nodes[0].children}
    listed = [graph.nodes[children[name]] for name in ("network_variables", "variables") if name in children]
    nodes = [graph.nodes[child.node_id] for child in listed[0].children] if listed else graph.nodes
    values = (value for node in nodes for value in node.attributes if value.name == "VARIABLE_VALUE")
    return {value.full_name: value.checkpoint_key for value in values}
