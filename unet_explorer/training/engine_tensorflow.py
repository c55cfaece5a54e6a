"""The engine under TensorFlow: graph functions over the Keras variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from unet_explorer.training.engine import Arrays, Engine, Parts, is_random, is_statistic, named
from unet_explorer.training.scores import confusion_of_each, predicted_ids
from unet_explorer.unet.weights import get_weights, set_weights, weight_variables


def make(parts: Parts) -> Engine:
    """The engine; see `Engine`."""
    return TensorFlowEngine(parts)


def check_precision(precision: str) -> None:
    """Every precision of a recipe is computed rightly here."""


class TensorFlowEngine(Engine):
    """See `Engine`."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._variables = weight_variables(self._model)
        averaged = self._variables if parts.average else {}
        self._average = {path: tf.Variable(variable.value) for path, variable in averaged.items()}
        self._random = [variable for variable in self._model.variables if is_random(variable)]
        self._learning_rate = tf.Variable(0.0)
        self._decay = tf.Variable(0.0)
        self._train = tf.function(self._train_step, reduce_retracing=False)
        self._validate = tf.function(self._validate_step)
        self._predict = tf.function(self._predict_step)
        self._calibrate = tf.function(self._calibrate_step)

    @property
    def device(self) -> str:
        gpus = tf.config.list_physical_devices("GPU")
        details = tf.config.experimental.get_device_details(gpus[0]) if gpus else {}
        return f"GPU {details.get('device_name', '')}".strip() if gpus else "CPU"

    def put(self, batch: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> Any:
        return tf.constant(batch[0]), tf.constant(batch[1])

    def step(self, batch: Any, learning_rate: float, decay: float) -> Any:
        self._learning_rate.assign(learning_rate)
        self._decay.assign(decay)
        return self._train(*batch)

    def validate(self, batch: Any) -> tuple[Any, Any]:
        loss, confusion = self._validate(*batch)
        return loss, confusion

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(self._predict(tf.constant(images)).numpy(), np.uint8)

    def use_weights(self, weights: Arrays) -> None:
        set_weights(self._judge, weights, "The trained state")

    def batch_statistics(self, batch: Any) -> Arrays:
        # The pass leaves the batch's statistics in the moving ones (momentum 0): read them, then put the old ones back.
        moving = {path: v for path, v in weight_variables(self._judge).items() if is_statistic(path)}
        before = {path: variable.numpy() for path, variable in moving.items()}
        self._calibrate(batch[0])
        measured = {path: variable.numpy() for path, variable in moving.items()}
        for path, variable in moving.items():
            variable.assign(before[path])
        return measured

    def weights(self) -> Arrays:
        return get_weights(self._model)

    def averaged(self) -> Arrays:
        return {path: variable.numpy() for path, variable in self._average.items()} or self.weights()

    def state(self) -> dict[str, Arrays]:
        return {
            "weights": self.weights(),
            "random": _read(self._random, "random"),
            "optimizer": _read(self._optimizer.variables, "optimizer"),
            "average": self.averaged() if self._average else {},
        }

    def restore(self, state: Mapping[str, Arrays]) -> None:
        set_weights(self._model, state["weights"], "The checkpoint")
        _write(self._random, "random", state["random"])
        _write(self._optimizer.variables, "optimizer", state["optimizer"])
        for path, variable in self._average.items():
            variable.assign(state["average"][path])

    def _train_step(self, images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        labels = tf.cast(labels, tf.int32)
        with tf.GradientTape() as tape:
            loss = self._loss(labels, self._model(self._scaled(images), training=True))
        variables = self._model.trainable_variables
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        self._optimizer.learning_rate.assign(self._learning_rate)
        self._optimizer.apply(gradients, variables)
        for path, mean in self._average.items():
            mean.assign_sub((1 - self._decay) * (mean - self._variables[path].value))
        return loss

    def _validate_step(self, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        labels = tf.cast(labels, tf.int32)
        logits = self._judge(self._scaled(images), training=False)
        return self._loss(labels, logits), confusion_of_each(labels, logits)

    def _predict_step(self, images: tf.Tensor) -> tf.Tensor:
        return tf.cast(predicted_ids(self._judge(self._scaled(images), training=False)), tf.uint8)

    def _calibrate_step(self, images: tf.Tensor) -> None:
        self._judge(self._scaled(images), training=True)


def _read(variables: list[Any], prefix: str) -> Arrays:
    return {name: np.asarray(v.numpy()) for name, v in zip(named(variables, prefix), variables, strict=True)}


def _write(variables: list[Any], prefix: str, values: Arrays) -> None:
    for name, variable in zip(named(variables, prefix), variables, strict=True):
        variable.assign(values[name])
