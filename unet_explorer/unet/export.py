"""Keras network -> SavedModel folder with its card. The only file of this room that needs TensorFlow."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from unet_explorer.errors import ModelError
from unet_explorer.leftovers import HOUR_S, sweep
from unet_explorer.network.card import ModelCard, write_card
from unet_explorer.unet.weights import weight_variables


def export_network(
    model: keras.Model, out_dir: Path | str, card: ModelCard, beside: Mapping[str, str] | None = None
) -> Path:
    """Write the network as a SavedModel with one inference signature, and its card.

    The folder appears in one step: a failed export leaves what was there before.

    Args:
        model: takes float32 pictures (N, H, W, C) in the range of the card's input.
        out_dir: the model folder; one that is already there is replaced.
        card: goes into the folder as model_card.json.
        beside: further small text files by name, such as the recipe.

    Returns:
        The folder.

    Raises:
        ModelError: Keras runs without TensorFlow, or the folder cannot be written.
    """
    if keras.backend.backend() != "tensorflow":
        raise ModelError(
            f"Exporting a SavedModel needs TensorFlow, and Keras runs on {keras.backend.backend()}; run "
            "`python -m unet_explorer export --run-dir RUN --out MODEL` where TensorFlow is installed."
        )
    out = Path(out_dir)
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        # In a container every run may have the same process id.
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        _save(model, temporary)
        write_card(card, temporary)
        for name, text in (beside or {}).items():
            (temporary / name).write_text(text, encoding="utf-8")
        _replace(out, temporary)
    except OSError as error:
        raise ModelError(f"The model folder {out} cannot be written ({error.strerror}).") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    # Only now: a retired model of a killed export may have been the only one.
    sweep(out.parent.glob(f".{glob.escape(out.name)}.*"), quiet_s=HOUR_S)
    return out


def _save(model: keras.Model, folder: Path) -> None:
    import tensorflow as tf

    spec = tf.TensorSpec((None, *model.input.shape[1:]), tf.float32, name="input")
    shown = keras.models.clone_model(model, clone_function=_keep_dropout)
    infer = tf.function(lambda pictures: shown(pictures, training=False), input_signature=[spec])
    # `model.export` writes every variable twice (kitti-16: 17.4 MB instead of 8.7), so the module is ours.
    module = tf.Module()
    module.network_variables = [variable.value for variable in weight_variables(model).values()]
    tf.saved_model.save(module, str(folder), signatures={"serving_default": infer})


class _Passing(keras.layers.Layer):  # type: ignore[misc]
    """Hands its input on as an op of its own."""

    def call(self, inputs: Any) -> Any:
        return keras.ops.copy(inputs)


def _keep_dropout(layer: keras.layers.Layer) -> keras.layers.Layer:
    """Every layer as it is, its weights shared, but for dropout.

    Dropout does nothing at inference and Keras would leave it out of the graph, where readers look for it by name.
    """
    return _Passing(name=layer.name, dtype=layer.dtype_policy) if isinstance(layer, keras.layers.Dropout) else layer


def _replace(out: Path, temporary: Path) -> None:
    if not out.exists():
        temporary.rename(out)
        return
    retired = out.with_name(f".{out.name}.{os.getpid()}.old")
    shutil.rmtree(retired, ignore_errors=True)
    out.rename(retired)
    try:
        temporary.rename(out)
    except OSError:
        retired.rename(out)
        raise
    shutil.rmtree(retired, ignore_errors=True)
