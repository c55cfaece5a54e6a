"""What the loop asks of a device: one training step, one validation batch, and the state to save.

Two implementations exist, one for each Keras backend. Neither waits for the device in `step`: it returns a number that
is still being computed.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from unet_explorer.errors import RecipeError
from unet_explorer.training.losses import LossFunction
from unet_explorer.training.recipe import Optimizer, Recipe
from unet_explorer.unet.builder import build_unet, to_logits
from unet_explorer.unet.presets import Preset
from unet_explorer.unet.weights import SEED_STATE

Arrays = dict[str, NDArray[Any]]
ENGINES = {
    "tensorflow": "unet_explorer.training.engine_tensorflow",
    "jax": "unet_explorer.training.engine_jax",
}


@dataclass(frozen=True)
class Networks:
    """The network in the forms that training needs; they are built alike but share no variables.

    Attributes:
        train: up to the logits.
        calibrate: the same without dropout and with batch-norm momentum 0, so that after one training-mode pass its
            moving statistics are those of the batch.
    """

    train: keras.Model
    calibrate: keras.Model


@dataclass(frozen=True)
class Parts:
    """What an engine is made of.

    Attributes:
        networks: with fresh weights.
        optimizer: not built yet.
        loss: of labels and logits.
        average: whether to keep a moving average of the weights.
        low, high: what pixel values 0 and 255 are to the network.
    """

    networks: Networks
    optimizer: keras.optimizers.Optimizer
    loss: LossFunction
    average: bool
    low: float
    high: float


class Engine(ABC):
    """A network on a device, with its optimizer and its moving average."""

    def __init__(self, parts: Parts) -> None:
        self._model = parts.networks.train
        self._judge = parts.networks.calibrate
        self._optimizer = parts.optimizer
        self._loss = parts.loss
        self._low, self._high = parts.low, parts.high
        self._optimizer.build(self._model.trainable_variables)

    def _scaled(self, images: Any) -> Any:
        """Pictures 0 to 255 as the network wants them, float32."""
        return ops.cast(images, "float32") / 255.0 * (self._high - self._low) + self._low

    @property
    @abstractmethod
    def device(self) -> str:
        """What it computes on, such as "GPU NVIDIA H200" or "CPU"."""

    @abstractmethod
    def put(self, batch: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> Any:
        """Start moving a batch to the device; safe from other threads."""

    @abstractmethod
    def step(self, batch: Any, learning_rate: float, decay: float) -> Any:
        """Train on a batch; returns the loss, which may still be being computed.

        Args:
            batch: from `put`.
            learning_rate: of this step.
            decay: of the moving average in this step.
        """

    @abstractmethod
    def validate(self, batch: Any) -> tuple[Any, Any]:
        """Loss and confusion matrix of each picture, with the weights of `use_weights`."""

    @abstractmethod
    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Class ids (N, h, w) of pictures, with the weights of `use_weights`."""

    @abstractmethod
    def use_weights(self, weights: Arrays) -> None:
        """Set what `validate` and `predict` use, without touching what is trained."""

    @abstractmethod
    def batch_statistics(self, batch: Any) -> Arrays:
        """Batch norm's means and variances of a batch, with the weights of `use_weights` and no dropout."""

    @abstractmethod
    def weights(self) -> Arrays:
        """The weights being trained, by path."""

    @abstractmethod
    def averaged(self) -> Arrays:
        """The moving average of the weights, by path; the weights themselves where the recipe has none."""

    @abstractmethod
    def state(self) -> dict[str, Arrays]:
        """Everything that changes in training: "weights", "random", "optimizer", "average"."""

    def start_from(self, weights: Arrays) -> None:
        """Begin with these weights, of this very network, instead of random ones."""
        state = self.state()
        self.restore({**state, "weights": weights, "average": weights if state["average"] else {}})

    @abstractmethod
    def restore(self, state: Mapping[str, Arrays]) -> None:
        """Go on from such a state."""


def check_backend(recipe: Recipe) -> None:
    """Whether the Keras backend in use can train a recipe; quick, so that it can be asked before anything else.

    Raises:
        RecipeError: the backend has no engine, or computes wrongly in the recipe's precision.
    """
    _backend().check_precision(recipe.precision)


def make_engine(recipe: Recipe, preset: Preset, loss: LossFunction) -> Engine:
    """The engine of the Keras backend in use, with fresh weights from the recipe's seed.

    Raises:
        RecipeError: Keras runs on a backend without an engine.
    """
    keras.utils.set_random_seed(recipe.seed)
    networks, optimizer = make_networks(recipe, preset), make_optimizer(recipe.optimizer)
    made: Engine = _backend().make(
        Parts(networks, optimizer, loss, recipe.average is not None, preset.low, preset.high)
    )
    return made


def _backend() -> ModuleType:
    backend = keras.backend.backend()
    if backend not in ENGINES:
        raise RecipeError(f"Training runs under KERAS_BACKEND={' or '.join(ENGINES)}, not {backend!r}; set it to one.")
    return importlib.import_module(ENGINES[backend])


def make_networks(recipe: Recipe, preset: Preset) -> Networks:
    """The networks of a recipe, for pictures of any size where the padding allows it."""
    free = preset.any_size() if preset.padding == "same" else preset
    still = free.changed({"dropout": {}, "norm_momentum": 0.0})
    return Networks(
        to_logits(build_unet(free, recipe.precision)),
        to_logits(build_unet(still, recipe.precision)),
    )


def make_optimizer(how: Optimizer) -> keras.optimizers.Optimizer:
    """The Keras optimizer of a recipe; the loop sets its learning rate at every step."""
    # Keras refuses whole numbers here, which a recipe may give.
    clip_norm = None if how.clip_norm is None else float(how.clip_norm)
    common = {"learning_rate": float(how.learning_rate), "global_clipnorm": clip_norm}
    decay = float(how.weight_decay)
    if how.name == "sgd":
        return keras.optimizers.SGD(momentum=float(how.momentum), weight_decay=decay or None, **common)
    if how.name == "adamw":
        optimizer = keras.optimizers.AdamW(weight_decay=decay, **common)
        # Decay is for kernels: pulling biases and batch norm's scales to zero only hurts.
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        return optimizer
    return keras.optimizers.Adam(**common)


def is_random(variable: Any) -> bool:
    """Whether a variable is the state of a dropout's random numbers."""
    return SEED_STATE in variable.path


def is_statistic(path: str) -> bool:
    """Whether a weight is one of batch norm's moving statistics."""
    return path.endswith(("/moving_mean", "/moving_variance"))


def named(variables: Sequence[Any], prefix: str) -> list[str]:
    """Names for variables by position, for those whose own paths change from run to run."""
    return [f"{prefix}_{number:04d}" for number in range(len(variables))]
