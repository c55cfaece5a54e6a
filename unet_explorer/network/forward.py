"""An opened network: feature maps, probabilities, edits, gradients and kernels. Nothing here imports TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unet_explorer.classes import ClassTable
from unet_explorer.errors import LayerError, close_names
from unet_explorer.network.card import ModelCard
from unet_explorer.network.geometry import Coverage
from unet_explorer.network.layers import Layer, LayerTable
from unet_explorer.network.maps import FeatureMaps, Maps, Target, as_maps, mask_for, target_weights
from unet_explorer.network.memory import bytes_available, bytes_needed, check_room
from unet_explorer.network.output import Output
from unet_explorer.pictures import FittedPicture, InputSpec, Picture, Placement, fit_picture

__all__ = ["MOST_CLASSES", "Change", "FeatureMaps", "InputTensor", "Network", "Origin", "Runner", "Target"]

# Class maps are uint8, and 255 is kept for "no class".
MOST_CLASSES = 255

Change = Callable[[Maps], Maps] | NDArray[Any]


class Runner(Protocol):
    """What a network needs of the graph's executor."""

    def run(self, feeds: Mapping[str, NDArray[Any]], fetches: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Tensors by name, in one pass."""
        ...

    def run_masked(
        self, feeds: Mapping[str, NDArray[Any]], at: str, mask: NDArray[Any], fetches: Sequence[str]
    ) -> dict[str, NDArray[Any]]:
        """The same, with one tensor multiplied by a mask on the way."""
        ...

    def gradient(
        self, feeds: Mapping[str, NDArray[Any]], target: str, weights: NDArray[np.float32], wrt: str
    ) -> NDArray[Any]:
        """Gradient of sum(target * weights)."""
        ...


@dataclass(frozen=True)
class Origin:
    """Where an opened network comes from.

    Attributes:
        path: its folder.
        digest: blake2b (32 hex digits) over its files.
        device: what it is computed on, such as "CPU".
        signature: the one that was opened.
        signatures: all there are.
        notices: sentences about what had to be assumed.
    """

    path: Path
    digest: str
    device: str
    signature: str
    signatures: tuple[str, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class InputTensor:
    """How the picture is fed: tensor name, batch size and dtype."""

    tensor: str
    batch: int
    dtype: np.dtype[Any]


@dataclass(frozen=True, eq=False)
class Network:
    """An opened network; make one with `open_network`. Safe to share between threads.

    `coverage` says where the maps of each tensor lie for an input of some height and width.

    Layers are named `layer`, or `layer:view` for another of their views, such as "conv2d_1:pre_activation".
    """

    origin: Origin
    card: ModelCard | None
    input_spec: InputSpec
    class_table: ClassTable
    table: LayerTable
    output: Output
    input: InputTensor
    runner: Runner
    coverage: Callable[[int, int], Mapping[str, Coverage]]

    @property
    def path(self) -> Path:
        """The folder it was opened from."""
        return self.origin.path

    @property
    def name(self) -> str:
        """The card's name, else the folder's."""
        return self.card.name if self.card else self.origin.path.name

    @property
    def digest(self) -> str:
        """blake2b (32 hex digits) over the model's files."""
        return self.origin.digest

    @property
    def device(self) -> str:
        """What it is computed on, such as "CPU" or "GPU NVIDIA H200"."""
        return self.origin.device

    @property
    def signature(self) -> str:
        """The signature that was opened."""
        return self.origin.signature

    @property
    def signatures(self) -> tuple[str, ...]:
        """All signatures of the SavedModel."""
        return self.origin.signatures

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences about what had to be assumed, such as the value range of a model without a card."""
        return self.origin.notices

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers in the order they can be computed, the input first."""
        return self.table.layers

    @property
    def is_u(self) -> bool:
        """Whether the layers form an encoder and a decoder with skips between them."""
        return self.table.is_u

    @cached_property
    def parameters(self) -> int:
        """Numbers in all weights, moving averages included."""
        return sum(layer.parameters for layer in self.layers)

    def layer(self, name: str) -> Layer:
        """The layer of that name (a view after a colon is ignored).

        Raises:
            LayerError: there is none; the sentence offers close names.
        """
        return self._resolve(name)[0]

    def feature_maps(self, picture: Picture, names: Iterable[str]) -> dict[str, FeatureMaps]:
        """The maps of any layers, in one forward pass that computes no more than they need.

        Args:
            picture: fitted to the network's input by `input_spec`.
            names: `layer` or `layer:view`.

        Returns:
            One entry a name, in the order asked.

        Raises:
            LayerError: no such layer or view.
            PictureError: the picture does not fit.
            ModelError: TensorFlow could not compute it.
        """
        wanted = {name: self._resolve(name) for name in names}
        fitted = fit_picture(picture, self.input_spec)
        return self._maps(picture, fitted, wanted, self._feeds(fitted))

    def probabilities(self, picture: Picture) -> FeatureMaps:
        """Class probabilities at the resolution of the network's output.

        A network that ends in bare logits gets a softmax over its channels (a sigmoid where it has only one), and
        `applied` of the result says so.

        Returns:
            (H, W, K) values in [0, 1]; K = 1 for a binary network: the probability of the object.

        Raises:
            LayerError: the network does not end in maps.
        """
        if not self.output.is_map:
            raise LayerError(f"{self.name} does not end in maps of classes: look at its layers instead.")
        name = self.output.name
        fitted = fit_picture(picture, self.input_spec)
        maps = self._maps(picture, fitted, {name: self._resolve(name)}, self._feeds(fitted))[name]
        values = self.output.to_probabilities(maps.values)
        values.setflags(write=False)
        return FeatureMaps(
            values,
            maps.layer,
            "probabilities",
            maps.picture_digest,
            maps.model_digest,
            maps.placement,
            self.output.missing,
        )

    def class_map(self, picture: Picture, threshold: float = 0.5) -> NDArray[np.uint8]:
        """The class of each pixel of the network's output.

        Args:
            picture: what to segment.
            threshold: for binary networks: class 1 where the probability reaches it.

        Returns:
            (H, W) uint8 class ids.

        Raises:
            LayerError: the network does not end in maps, or in more classes than a class map holds.
        """
        if self.output.channels > MOST_CLASSES:
            raise LayerError(
                f"{self.name} has {self.output.channels} classes; a class map holds {MOST_CLASSES} at most."
            )
        values = self.probabilities(picture).values
        classes = values[..., 0] >= threshold if values.shape[-1] == 1 else values.argmax(-1)
        return np.asarray(classes, np.uint8)

    def edit(self, picture: Picture, at: str, change: Change, names: Iterable[str]) -> dict[str, FeatureMaps]:
        """The maps of layers after the maps of one layer were changed; everything after it is computed anew.

        Args:
            picture: what the network looks at.
            at: the layer (or `layer:view`) whose maps are changed.
            change: a mask that broadcasts to (H, W, C) and is multiplied, all in one pass; or a function from a copy of
                the (H, W, C) values to new ones, which takes two.
            names: layers to return; those that do not depend on `at` are as they were.

        Raises:
            LayerError: no such layer, or the change has another shape.
        """
        wanted = {name: self._resolve(name) for name in names}
        fitted = fit_picture(picture, self.input_spec)
        feeds = self._feeds(fitted)
        layer, view = self._resolve(at)
        tensor = self.table.tensors[layer.name, view]
        if not callable(change):
            mask = mask_for(at, change, self.coverage(*fitted.batch.shape[1:3])[tensor].shape)
            return self._maps(picture, fitted, wanted, feeds, None if (mask == 1).all() else (tensor, mask))
        before = feeds[tensor] if tensor in feeds else self.runner.run(feeds, [tensor])[tensor]
        after = np.asarray(change(before[0].copy()))
        if after.shape != before.shape[1:]:
            raise LayerError(f"The change at {at} made {after.shape} of {before.shape[1:]}: keep the shape.")
        # An edit that changes nothing must change exactly nothing; cutting the graph in two can change the last bit,
        # because ops that TensorFlow would have fused are then computed one by one.
        if not np.array_equal(before[0], after, equal_nan=True):
            feeds[tensor] = np.broadcast_to(after, before.shape).astype(before.dtype)
        return self._maps(picture, fitted, wanted, feeds)

    def gradient(self, picture: Picture, target: Target, wrt: str) -> FeatureMaps:
        """How the target changes with each value of a layer's maps.

        Args:
            picture: what the network looks at.
            target: what to differentiate.
            wrt: a layer (or `layer:view`) before the target; the name of the input layer for the picture itself.

        Returns:
            (H, W, C) of the shape of `wrt`'s maps. For the input: per unit of the network's value range.

        Raises:
            LayerError: no such layer or channel, or the target does not depend on `wrt`.
        """
        of, of_view = self._resolve(target.layer)
        by, by_view = self._resolve(wrt)
        fitted = fit_picture(picture, self.input_spec)
        feeds = self._feeds(fitted)
        tensor = self.table.tensors[of.name, of_view]
        shape = self.coverage(*fitted.batch.shape[1:3])[tensor].shape
        weights = target_weights(target, shape)
        source = self.table.tensors[by.name, by_view]
        values = self.runner.gradient(feeds, tensor, np.broadcast_to(weights, (self.input.batch, *shape)), source)
        return self._wrap(picture, fitted, by, "gradient", values, source)

    def kernel(self, name: str) -> NDArray[np.float32] | None:
        """The weights of a convolution or transpose convolution.

        Returns:
            (kernel height, kernel width, input channels, output channels), or None where the layer has none. Of a
            depthwise convolution the last axis counts the outputs of each input channel.

        Raises:
            LayerError: no such layer.
        """
        layer = self.layer(name)
        if layer.name not in self.table.kernels:
            return None
        tensor = self.table.kernels[layer.name]
        values = np.asarray(self.runner.run({}, [tensor])[tensor], np.float32)
        # TensorFlow stores a transpose convolution as the convolution it undoes: outputs before inputs.
        return values.transpose(0, 1, 3, 2) if layer.kind == "transpose_conv" else values

    def _resolve(self, name: str) -> tuple[Layer, str]:
        base, _, view = name.partition(":")
        if base not in self.table.names:
            hint = close_names(base, self.table.names) or ": `python -m unet_explorer layers` lists those it has."
            raise LayerError(f"{self.name} has no layer {base!r}{hint}")
        layer = self.table.names[base]
        if view and view not in layer.views:
            raise LayerError(f"Layer {base} has no view {view!r}: it has {', '.join(layer.views)}.")
        return layer, view or layer.default_view

    def _feeds(self, fitted: FittedPicture) -> dict[str, NDArray[Any]]:
        batch = fitted.batch
        if np.issubdtype(self.input.dtype, np.integer):
            batch = np.rint(batch)
        batch = batch.astype(self.input.dtype, copy=False)
        return {self.input.tensor: np.broadcast_to(batch, (self.input.batch, *batch.shape[1:]))}

    def _maps(
        self,
        picture: Picture,
        fitted: FittedPicture,
        wanted: Mapping[str, tuple[Layer, str]],
        feeds: Mapping[str, NDArray[Any]],
        masked: tuple[str, NDArray[np.float32]] | None = None,
    ) -> dict[str, FeatureMaps]:
        tensors = {name: self.table.tensors[layer.name, view] for name, (layer, view) in wanted.items()}
        if not tensors:
            return {}
        self._check_room(picture, fitted, tensors.values())
        asked = sorted(set(tensors.values()))
        values = self.runner.run_masked(feeds, *masked, asked) if masked else self.runner.run(feeds, asked)
        return {
            name: self._wrap(picture, fitted, *wanted[name], values[tensor], tensor) for name, tensor in tensors.items()
        }

    def _check_room(self, picture: Picture, fitted: FittedPicture, asked: Iterable[str]) -> None:
        # A GPU has memory of its own, and TensorFlow says when that is full; a full machine is killed without a word.
        if self.device == "CPU":
            size = fitted.batch.shape[1], fitted.batch.shape[2]
            check_room(picture.name, size, bytes_needed(self.coverage(*size), set(asked)), bytes_available())

    def _wrap(
        self, picture: Picture, fitted: FittedPicture, layer: Layer, view: str, values: NDArray[Any], tensor: str
    ) -> FeatureMaps:
        maps = as_maps(values)
        maps.setflags(write=False)
        placement = self._placement(fitted, tensor)
        return FeatureMaps(maps, layer, view, picture.digest, self.digest, placement)

    def _placement(self, fitted: FittedPicture, tensor: str) -> Placement:
        height, width = fitted.batch.shape[1:3]
        cover = self.coverage(height, width)[tensor]
        return fitted.placement.covering(*(math.floor(value + 0.5) for value in cover.rectangle))
