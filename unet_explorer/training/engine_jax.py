"""The engine under JAX: pure jitted functions over lists of arrays, whose buffers are reused from step to step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from unet_explorer.errors import ModelError, RecipeError
from unet_explorer.training.engine import Arrays, Engine, Parts, is_random, is_statistic, named
from unet_explorer.training.scores import confusion_of_each, predicted_ids

Values = list[jax.Array]


def make(parts: Parts) -> Engine:
    """The engine; see `Engine`."""
    return JaxEngine(parts)


def check_precision(precision: str) -> None:
    """Whether this device computes rightly in a recipe's precision.

    Raises:
        RecipeError: bfloat16 on the CPU, where XLA's compiled forward pass gave values near 1e38 (JAX 0.11.2).
    """
    if jax.default_backend() == "cpu" and precision != "float32":
        raise RecipeError(
            "mixed_bfloat16 gives wrong numbers under JAX on a CPU: set precision=float32, or train with "
            "KERAS_BACKEND=tensorflow."
        )


class JaxEngine(Engine):
    """See `Engine`. `_trained` and `_rest` follow the order of the model's trainable and other variables."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._trained = _values(self._model.trainable_variables)
        self._rest = _values(self._model.non_trainable_variables)
        self._slots = _values(self._optimizer.variables)
        self._average = [jnp.array(value) for value in self._averaged_values()] if parts.average else []
        self._judged = (_values(self._judge.trainable_variables), _values(self._judge.non_trainable_variables))
        self._train = jax.jit(self._train_step, donate_argnums=(0, 1, 2, 3))
        self._validate = jax.jit(self._validate_step)
        self._predict = jax.jit(self._predict_step)
        self._calibrate = jax.jit(self._calibrate_step)

    @property
    def device(self) -> str:
        first = jax.devices()[0]
        return "CPU" if first.platform == "cpu" else f"{first.platform.upper()} {first.device_kind}"

    def put(self, batch: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> Any:
        return jax.device_put(batch)

    def step(self, batch: Any, learning_rate: float, decay: float) -> Any:
        rates = np.array([learning_rate, decay], np.float32)
        self._trained, self._rest, self._slots, self._average, loss = self._train(
            self._trained, self._rest, self._slots, self._average, *batch, rates
        )
        return loss

    def validate(self, batch: Any) -> tuple[Any, Any]:
        loss, confusion = self._validate(*self._judged, *batch)
        return loss, confusion

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(self._predict(*self._judged, images))

    def use_weights(self, weights: Arrays) -> None:
        self._judged = (
            _from_paths(self._judge.trainable_variables, weights),
            _from_paths(self._judge.non_trainable_variables, weights),
        )

    def batch_statistics(self, batch: Any) -> Arrays:
        rest = jax.device_get(self._calibrate(*self._judged, batch[0]))
        paths = [variable.path for variable in self._judge.non_trainable_variables]
        return {path: value for path, value in zip(paths, rest, strict=True) if is_statistic(path)}

    def weights(self) -> Arrays:
        values = jax.device_get(self._averaged_values())
        return dict(zip(self._averaged_paths(), values, strict=True))

    def averaged(self) -> Arrays:
        if not self._average:
            return self.weights()
        return dict(zip(self._averaged_paths(), jax.device_get(self._average), strict=True))

    def state(self) -> dict[str, Arrays]:
        random = [value for value, kept in zip(self._rest, self._rest_is_random(), strict=True) if kept]
        return {
            "weights": self.weights(),
            "random": _read(random, "random"),
            "optimizer": _read(self._slots, "optimizer"),
            "average": self.averaged() if self._average else {},
        }

    def restore(self, state: Mapping[str, Arrays]) -> None:
        random = iter(state["random"].values())
        self._trained = _from_paths(self._model.trainable_variables, state["weights"])
        self._rest = [
            jnp.array(next(random) if is_random(variable) else _look_up(variable, state["weights"]))
            for variable in self._model.non_trainable_variables
        ]
        self._slots = [jnp.array(value) for value in state["optimizer"].values()]
        if self._average:
            self._average = [jnp.array(state["average"][path]) for path in self._averaged_paths()]

    def _train_step(
        self, trained: Values, rest: Values, slots: Values, average: Values, images: Any, labels: Any, rates: Any
    ) -> tuple[Values, Values, Values, Values, Any]:
        labels = labels.astype(jnp.int32)

        def objective(trained: Values) -> tuple[Any, Values]:
            logits, new_rest = self._model.stateless_call(trained, rest, self._scaled(images), training=True)
            return self._loss(labels, logits), new_rest

        (loss, rest), gradients = jax.value_and_grad(objective, has_aux=True)(trained)
        slots = self._set_learning_rate(slots, rates[0])
        trained, slots = self._optimizer.stateless_apply(slots, gradients, trained)
        current = self._weights_of(trained, rest)
        moved = [mean - (1 - rates[1]) * (mean - now) for mean, now in zip(average, current, strict=bool(average))]
        return trained, rest, slots, moved, loss

    def _validate_step(self, trained: Values, rest: Values, images: Any, labels: Any) -> tuple[Any, Any]:
        labels = labels.astype(jnp.int32)
        logits, _ = self._judge.stateless_call(trained, rest, self._scaled(images), training=False)
        return self._loss(labels, logits), confusion_of_each(labels, logits)

    def _predict_step(self, trained: Values, rest: Values, images: Any) -> Any:
        logits, _ = self._judge.stateless_call(trained, rest, self._scaled(images), training=False)
        return predicted_ids(logits).astype(jnp.uint8)

    def _calibrate_step(self, trained: Values, rest: Values, images: Any) -> Values:
        _, new_rest = self._judge.stateless_call(trained, rest, self._scaled(images), training=True)
        return list(new_rest)

    def _set_learning_rate(self, slots: Values, rate: Any) -> Values:
        own = self._optimizer.learning_rate
        return [
            rate.astype(value.dtype) if variable is own else value
            for variable, value in zip(self._optimizer.variables, slots, strict=True)
        ]

    def _rest_is_random(self) -> list[bool]:
        return [is_random(variable) for variable in self._model.non_trainable_variables]

    def _averaged_values(self) -> Values:
        return self._weights_of(self._trained, self._rest)

    def _weights_of(self, trained: Sequence[Any], rest: Sequence[Any]) -> Values:
        kept = zip(rest, self._rest_is_random(), strict=True)
        return [*trained, *(value for value, random in kept if not random)]

    def _averaged_paths(self) -> list[str]:
        rest = [variable.path for variable in self._model.non_trainable_variables if not is_random(variable)]
        return [*(variable.path for variable in self._model.trainable_variables), *rest]


def _values(variables: Sequence[Any]) -> Values:
    return [jnp.array(variable.value) for variable in variables]


def _read(values: Values, prefix: str) -> Arrays:
    return dict(zip(named(values, prefix), jax.device_get(values), strict=True))


def _from_paths(variables: Sequence[Any], weights: Arrays) -> Values:
    return [jnp.array(_look_up(variable, weights)) for variable in variables]


def _look_up(variable: Any, weights: Arrays) -> NDArray[Any]:
    value = weights.get(variable.path)
    if value is None or tuple(value.shape) != tuple(variable.shape):
        raise ModelError(f"The trained state has no weights {variable.path} of shape {tuple(variable.shape)}.")
    return value
