"""Feature maps, and what may be done to them: masks and gradient targets. No TensorFlow here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.errors import LayerError
from unet_explorer.network.layers import Layer
from unet_explorer.pictures import Placement

Maps = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """What one layer of a network makes of one picture.

    Attributes:
        values: (H, W, C) float32, read-only.
        layer: the layer they are of.
        view: one of the layer's views; "gradient" for a gradient, "probabilities" for probabilities.
        picture_digest: of the picture's pixels.
        model_digest: of the model's files.
        placement: where they lie on the picture.
        applied: what was computed on top of the layer's own values: "softmax", "sigmoid" or "".
    """

    values: Maps
    layer: Layer
    view: str
    picture_digest: str
    model_digest: str
    placement: Placement
    applied: str = ""

    @property
    def not_finite(self) -> int:
        """How many values are NaN or infinite."""
        return int(self.values.size - np.count_nonzero(np.isfinite(self.values)))


@dataclass(frozen=True, eq=False)
class Target:
    """A number to take the gradient of: the sum of one layer's values, over some channels and pixels.

    Attributes:
        layer: name, or `name:view`.
        channel: which channel counts, from 0; None: all.
        mask: (h, w) weights of the pixels of its maps; None: all count 1.
    """

    layer: str
    channel: int | None = None
    mask: NDArray[Any] | None = None


def as_maps(values: NDArray[Any]) -> Maps:
    """The first of a batch as (H, W, C) float32; a vector is one pixel, a sequence one row."""
    first: Maps = values[0].astype(np.float32, copy=False)
    rows = 1 if first.ndim < 3 else first.shape[0]
    return first if first.ndim == 3 else first.reshape(rows, -1, first.shape[-1] if first.ndim else 1)


def mask_for(at: str, change: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """A mask with an axis for the batch, of no more values than were given."""
    mask = np.asarray(change, np.float32)
    try:
        np.broadcast_to(mask, shape)
    except ValueError as error:
        raise LayerError(
            f"A mask of shape {mask.shape} does not fit the maps {shape} of {at}: "
            "give one that broadcasts to (height, width, channels)."
        ) from error
    return mask.reshape(1, *(1,) * (len(shape) - mask.ndim), *mask.shape)


def target_weights(target: Target, shape: tuple[int, ...]) -> NDArray[np.float32]:
    weights = np.zeros(shape, np.float32)
    mask = 1.0 if target.mask is None else np.asarray(target.mask, np.float32)
    if target.mask is not None and np.shape(mask) != shape[:2]:
        raise LayerError(f"The mask is {np.shape(mask)} and the maps of {target.layer} are {shape[:2]}: match them.")
    if target.channel is not None and not 0 <= target.channel < shape[-1]:
        raise LayerError(f"{target.layer} has no channel {target.channel}: its channels are 0 to {shape[-1] - 1}.")
    channels = slice(None) if target.channel is None else slice(target.channel, target.channel + 1)
    weights[..., channels] = mask if target.mask is None else np.asarray(mask)[..., None]
    return weights
