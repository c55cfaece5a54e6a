"""The losses of a recipe, on logits, in plain Keras operations: the same code under TensorFlow and JAX.

A loss is a function of labels (N, H, W) int32 and logits (N, H, W, K) float32 and gives one number. Pixels whose label
is 255 (beyond a border, or of a void class) count in none of them. With K = 1 the network is binary: label 1 is the
object.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from unet_explorer.classes import ClassTable
from unet_explorer.errors import RecipeError
from unet_explorer.training.recipe import Loss
from unet_explorer.training.scores import crop_to
from unet_explorer.training.store import VOID

Tensor = Any
LossFunction = Callable[[Tensor, Tensor], Tensor]
# Of a pixel that counts nowhere: sorted last, and cut to 0.
NO_ERROR = -1e9


@dataclass(frozen=True)
class Term:
    """One loss with what it needs to know of the data.

    Attributes:
        how: name, weight and numbers of the recipe.
        class_weights: (K,) float32.
    """

    how: Loss
    class_weights: NDArray[np.float32]


def build_loss(losses: Sequence[Loss], shares: NDArray[np.float64], table: ClassTable) -> LossFunction:
    """The weighted sum of a recipe's losses.

    Args:
        losses: terms.
        shares: (K,) share of the training pixels of each class.
        table: names of the classes.

    Raises:
        ClassTableError: a class weight names a class that the table does not have.
        RecipeError: all classes of the training pictures have weight 0.
    """
    terms = [Term(how, class_weights(how, shares, table)) for how in losses if how.weight]

    def total(labels: Tensor, logits: Tensor) -> Tensor:
        labels = crop_to(labels, logits)
        return sum(term.how.weight * FUNCTIONS[term.how.name](labels, logits, term) for term in terms)

    return total


def class_weights(how: Loss, shares: NDArray[np.float64], table: ClassTable) -> NDArray[np.float32]:
    """Weight of each class, scaled so that the mean over the training pixels is 1.

    Args:
        how: `class_power`, `class_limit` and `class_weights` of the recipe.
        shares: (K,) share of the training pixels of each class.
        table: names of the classes.

    Raises:
        ClassTableError: a class weight names a class that the table does not have.
        RecipeError: all classes of the training pictures have weight 0.
    """
    present = shares > 0
    powers = np.where(present, np.maximum(shares, 1e-12) ** -how.class_power, 1.0)
    weights = np.minimum(powers, how.class_limit * np.median(powers[present]))
    for name, factor in how.class_weights.items():
        weights[table.by_name(name).id] *= factor
    mean = (weights * shares).sum()
    if not mean > 0:
        raise RecipeError(
            f"class_weights of the loss {how.name!r} gives every class of the training pictures the weight 0: give one "
            "of theirs a weight above 0."
        )
    scaled: NDArray[np.float32] = (weights / mean).astype(np.float32)
    return scaled


def cross_entropy(labels: Tensor, logits: Tensor, term: Term) -> Tensor:
    """Mean over the pixels of -log p(label), each pixel weighted by its class, labels smoothed over all classes."""
    loss = _surprise(labels, logits)
    smoothing = term.how.label_smoothing
    if smoothing:
        of_all = ops.logsumexp(logits, axis=-1) - ops.mean(logits, axis=-1)
        loss = (1 - smoothing) * loss + smoothing * of_all
    return _weighted_mean(loss, labels, term)


def focal(labels: Tensor, logits: Tensor, term: Term) -> Tensor:
    """Cross-entropy faded by (1 - p)^gamma (Lin et al., 2017)."""
    if logits.shape[-1] == 1:
        logits = ops.concatenate([ops.zeros_like(logits), logits], axis=-1)
    surprise = _surprise(labels, logits)
    # Clipped, because the slope of x^gamma at a rounded-to-negative 0 is NaN.
    unsure = ops.clip(1 - ops.exp(-surprise), 1e-7, 1.0)
    return _weighted_mean(unsure**term.how.gamma * surprise, labels, term)


def binary_cross_entropy(labels: Tensor, logits: Tensor, term: Term) -> Tensor:
    """Mean of the binary cross-entropy of a one-channel network."""
    counted = _counted(labels)
    x = logits[..., 0]
    true = _smoothed(ops.cast(ops.equal(labels, 1), "float32"), term.how.label_smoothing)
    loss = ops.relu(x) - x * true + ops.log1p(ops.exp(-ops.abs(x)))
    return ops.sum(loss * counted) / ops.maximum(ops.sum(counted), 1.0)


def dice(labels: Tensor, logits: Tensor, term: Term) -> Tensor:
    """1 - soft Dice coefficient, over the batch, mean over the classes that occur in its labels."""
    p, true = _probabilities(logits), _truth(labels, logits.shape[-1])
    p = p * _counted(labels)[..., None]
    both = ops.sum(p * true, axis=(0, 1, 2))
    sizes = ops.sum(p, axis=(0, 1, 2)) + ops.sum(true, axis=(0, 1, 2))
    scores = (2 * both + 1.0) / (sizes + 1.0)
    return 1 - _mean_over_present(scores, true)


def lovasz(labels: Tensor, logits: Tensor, term: Term) -> Tensor:
    """Lovasz-softmax, the convex closure of 1 - IoU, mean over the classes that occur (Berman et al., 2018).

    For one channel it is that of the object, also where there is none: its highest probability alone counts there.
    """
    step = term.how.stride
    labels, logits = labels[:, ::step, ::step], logits[:, ::step, ::step]
    # Void pixels have no error and are nobody's, so that they sort last and weigh nothing.
    errors = ops.abs(_truth(labels, logits.shape[-1]) - _probabilities(logits)) * _counted(labels)[..., None]
    true = _pixels(_truth(labels, logits.shape[-1]), term.how.per_picture)
    losses = _lovasz_sum(_pixels(errors, term.how.per_picture), true)
    if losses.shape[-1] == 1:
        return _mean_over_counted(losses[:, 0], labels)
    present = ops.cast(ops.sum(true, axis=-1) > 0, "float32")
    each = ops.sum(losses * present, axis=-1) / ops.maximum(ops.sum(present, axis=-1), 1.0)
    return _mean_over_counted(each, labels)


def lovasz_hinge(labels: Tensor, logits: Tensor, term: Term) -> Tensor:
    """Lovasz hinge of a one-channel network, the convex closure of 1 - IoU on its logits (Berman et al., 2018).

    Without any object its highest logit alone counts: it should be below -1.
    """
    step = term.how.stride
    labels, logits = labels[:, ::step, ::step, None], logits[:, ::step, ::step]
    true = ops.cast(ops.equal(labels, 1), "float32")
    errors = ops.where(ops.equal(labels, VOID), NO_ERROR, 1 - logits * (2 * true - 1))
    each = _lovasz_sum(_pixels(errors, term.how.per_picture), _pixels(true, term.how.per_picture))
    return _mean_over_counted(each[:, 0], labels)


FUNCTIONS: dict[str, Callable[[Tensor, Tensor, Term], Tensor]] = {
    "cross-entropy": cross_entropy,
    "binary-cross-entropy": binary_cross_entropy,
    "dice": dice,
    "lovasz": lovasz,
    "lovasz-hinge": lovasz_hinge,
    "focal": focal,
}


def _pixels(values: Tensor, per_picture: bool) -> Tensor:
    """(N, H, W, K) as (N, K, H * W), or all pictures together as (1, K, N * H * W)."""
    classes = values.shape[-1]
    flat = ops.reshape(values, (values.shape[0] if per_picture else 1, -1, classes))
    return ops.transpose(flat, (0, 2, 1))


def _mean_over_counted(losses: Tensor, labels: Tensor) -> Tensor:
    """Mean of (G,) losses of pictures, or of all as one, over those with a counted pixel; 0 where there is none."""
    pixels = ops.reshape(_counted(labels), (losses.shape[0], -1))
    # The pictures that fill up a last batch are void throughout: counted in, they would make its loss too small.
    counted = ops.max(pixels, axis=-1)
    return ops.sum(losses * counted) / ops.maximum(ops.sum(counted), 1.0)


def _lovasz_sum(errors: Tensor, true: Tensor) -> Tensor:
    """Errors above 0, each weighed by what the Jaccard loss grows by when it is added: (G, K, P) -> (G, K)."""
    order = ops.argsort(-ops.stop_gradient(errors), axis=-1)
    sorted_errors = ops.relu(ops.take_along_axis(errors, order, axis=-1))
    slopes = _lovasz_slopes(ops.take_along_axis(true, order, axis=-1))
    return ops.sum(sorted_errors * ops.stop_gradient(slopes), axis=-1)


def _lovasz_slopes(true: Tensor) -> Tensor:
    """Growth of the Jaccard loss along errors sorted downwards; `true` is (..., P), 0 or 1."""
    total = ops.sum(true, axis=-1, keepdims=True)
    both = total - ops.cumsum(true, axis=-1)
    either = total + ops.cumsum(1 - true, axis=-1)
    jaccard = 1 - both / either
    return ops.concatenate([jaccard[..., :1], jaccard[..., 1:] - jaccard[..., :-1]], axis=-1)


def _surprise(labels: Tensor, logits: Tensor) -> Tensor:
    """(N, H, W) of -log p(label); any number where the label is void."""
    return ops.sparse_categorical_crossentropy(_known(labels), logits, from_logits=True)


def _known(labels: Tensor) -> Tensor:
    """Void labels replaced by 0, so that they can index."""
    return ops.where(ops.equal(labels, VOID), 0, labels)


def _one_hot(labels: Tensor, classes: int) -> Tensor:
    """(N, H, W, K) float32; all zero where the label is void."""
    return ops.cast(ops.equal(labels[..., None], ops.arange(classes, dtype="int32")), "float32")


def _counted(labels: Tensor) -> Tensor:
    return ops.cast(ops.not_equal(labels, VOID), "float32")


def _probabilities(logits: Tensor) -> Tensor:
    return ops.sigmoid(logits) if logits.shape[-1] == 1 else ops.softmax(logits, axis=-1)


def _truth(labels: Tensor, classes: int) -> Tensor:
    return ops.cast(ops.equal(labels, 1), "float32")[..., None] if classes == 1 else _one_hot(labels, classes)


def _smoothed(true: Tensor, smoothing: float) -> Tensor:
    return true * (1 - smoothing) + 0.5 * smoothing if smoothing else true


def _weighted_mean(loss: Tensor, labels: Tensor, term: Term) -> Tensor:
    counted = _counted(labels)
    weights = counted
    if not np.allclose(term.class_weights, 1):
        weights = counted * ops.take(ops.convert_to_tensor(term.class_weights), _known(labels))
    return ops.sum(loss * weights) / ops.maximum(ops.sum(counted), 1.0)


def _mean_over_present(scores: Tensor, true: Tensor) -> Tensor:
    # A binary network is judged on every batch, also one without the object: predicting it there is the error.
    if scores.shape[0] == 1:
        return scores[0]
    present = ops.cast(ops.sum(true, axis=(0, 1, 2)) > 0, "float32")
    return ops.sum(scores * present) / ops.maximum(ops.sum(present), 1.0)
