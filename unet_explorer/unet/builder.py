"""One builder for every U-Net of the articles; backend-agnostic Keras."""

from __future__ import annotations

from collections import Counter
from typing import Any

import keras

from unet_explorer.errors import PresetError
from unet_explorer.unet.presets import Preset
from unet_explorer.unet.transpose_conv import transpose_conv_class

HEAD_PRECISION = "float32"


def build_unet(preset: Preset, precision: str = "float32") -> keras.Model:
    """The network of a preset, with random weights.

    Layers carry the names that Keras gave the articles' networks: conv2d, conv2d_1, ..., conv2d_transpose,
    concatenate, ..., and the last one, softmax or sigmoid, is an activation layer of its own. The head always
    computes in float32.

    Args:
        preset: what to build; without a size the network takes pictures of any size (N, H, W, C).
        precision: Keras dtype policy of everything but the head, such as "mixed_bfloat16".

    Returns:
        A model from float pictures (N, H, W, C) in [`low`, `high`] of the preset to probabilities (N, H', W', outputs).

    Raises:
        PresetError: the input is too small for an unpadded network of that depth.
    """
    return _Builder(preset, precision).build()


def logits_layer(model: keras.Model) -> str:
    """Name of the last convolution, whose outputs are the logits."""
    names = [layer.name for layer in model.layers if isinstance(layer, keras.layers.Conv2D) and _is_forward(layer)]
    return str(names[-1])


def to_logits(model: keras.Model) -> keras.Model:
    """The same network (shared weights) up to its logits, which is what training needs for stable losses."""
    return keras.Model(model.input, model.get_layer(logits_layer(model)).output, name="logits")


def _is_forward(layer: keras.layers.Layer) -> bool:
    return not isinstance(layer, keras.layers.Conv2DTranspose)


class _Builder:
    """Adds layers one after the other and numbers their names as Keras does in a fresh session."""

    def __init__(self, preset: Preset, precision: str) -> None:
        self.preset = preset
        self.precision = precision
        self.numbers: Counter[str] = Counter()

    def build(self) -> keras.Model:
        preset = self.preset
        picture = keras.Input((preset.height, preset.width, preset.channels), name="input")
        x, skips = self._encoder(picture)
        for stage in reversed(range(preset.depth - 1)):
            x = self._up(x, skips[stage], preset.filters * 2**stage)
        logits = self._add(self._conv(preset.outputs, preset.head_kernel, None, HEAD_PRECISION), x)
        named = {"name": self._name("activation"), "dtype": HEAD_PRECISION}
        return keras.Model(picture, keras.layers.Activation(preset.head, **named)(logits), name="unet")

    def _encoder(self, x: Any) -> tuple[Any, list[Any]]:
        skips = []
        for stage in range(self.preset.depth):
            x = self._stage(x, self.preset.filters * 2**stage)
            if stage == self.preset.depth - 1:
                break
            skips.append(x)
            x = keras.layers.MaxPooling2D(2, **self._named("max_pooling2d"))(x)
            rates = self.preset.dropout
            x = self._drop(x, rates.first_pool if stage == 0 else rates.pool)
        return x, skips

    def _up(self, x: Any, skip: Any, filters: int) -> Any:
        x = transpose_conv_class()(
            filters,
            self.preset.up_kernel,
            strides=2,
            padding="same",
            kernel_initializer=self.preset.initializer,
            **self._named("conv2d_transpose"),
        )(x)
        if self.preset.padding == "valid":
            skip = self._crop(skip, x)
        x = keras.layers.Concatenate(**self._named("concatenate"))([skip, x])
        return self._stage(self._drop(x, self.preset.dropout.concatenate), filters)

    def _stage(self, x: Any, filters: int) -> Any:
        for _ in range(2):
            x = self._block(x, filters)
        return x

    def _block(self, x: Any, filters: int) -> Any:
        parts = list(self.preset.block)
        while parts:
            part = parts.pop(0)
            if part == "conv":
                fused = bool(parts) and parts[0] == "relu"
                x = self._add(self._conv(filters, self.preset.conv_kernel, parts.pop(0) if fused else None), x)
            elif part == "relu":
                x = keras.layers.Activation("relu", **self._named("activation"))(x)
            elif part == "norm":
                norm = keras.layers.BatchNormalization
                x = norm(momentum=self.preset.norm_momentum, **self._named("batch_normalization"))(x)
            else:
                x = self._drop(x, self.preset.dropout.block)
        return x

    def _conv(self, filters: int, kernel: int, activation: str | None, precision: str | None = None) -> Any:
        return keras.layers.Conv2D(
            filters,
            kernel,
            padding=self.preset.padding if kernel > 1 else "same",
            activation=activation,
            kernel_initializer=self.preset.initializer,
            name=self._name("conv2d"),
            dtype=precision or self.precision,
        )

    def _add(self, layer: Any, x: Any) -> Any:
        smallest = [side for side in x.shape[1:3] if side is not None]
        if layer.padding == "valid" and smallest and min(smallest) < layer.kernel_size[0]:
            raise PresetError(
                f"Preset {self.preset.name!r} shrinks a {self.preset.height}x{self.preset.width} picture to nothing "
                f"before {layer.name}; use a larger input or a smaller depth."
            )
        return layer(x)

    def _drop(self, x: Any, rate: float) -> Any:
        return keras.layers.Dropout(rate, **self._named("dropout"))(x) if rate else x

    def _crop(self, skip: Any, target: Any) -> Any:
        if None in skip.shape[1:3]:
            raise PresetError(f"Preset {self.preset.name!r} crops its skips, so it needs a fixed height and width.")
        sides = []
        for have, want in zip(skip.shape[1:3], target.shape[1:3], strict=True):
            before = (have - want) // 2
            sides.append((before, have - want - before))
        return keras.layers.Cropping2D(tuple(sides), **self._named("cropping2d"))(skip)

    def _named(self, kind: str) -> dict[str, Any]:
        return {"name": self._name(kind), "dtype": self.precision}

    def _name(self, kind: str) -> str:
        number = self.numbers[kind]
        self.numbers[kind] += 1
        return f"{kind}_{number}" if number else kind
