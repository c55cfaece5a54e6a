"""What the probabilities of a network say: how sure it is, of what, and where it is right.

Probabilities are float (H, W, K). A network with a single probability (K = 1, a sigmoid) tells two classes apart: class
1 with that probability, class 0 with the rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.errors import ClassTableError

Probabilities = NDArray[np.floating[Any]]


def every_class(probabilities: Probabilities) -> Probabilities:
    """One channel a class: (H, W, K) as it is, (H, W, 1) -> (H, W, 2).

    Example:
        >>> every_class(np.array([[[0.25]]])).tolist()
        [[[0.75, 0.25]]]
    """
    if probabilities.shape[-1] > 1:
        return probabilities
    return np.concatenate([1 - probabilities, probabilities], axis=-1)


def class_probability(probabilities: Probabilities, class_id: int) -> Probabilities:
    """(H, W) probability of one class.

    Raises:
        ClassTableError: there is no such class.
    """
    classes = max(2, probabilities.shape[-1])
    if not 0 <= class_id < classes:
        raise ClassTableError(f"There is no class {class_id}: the network tells classes 0 to {classes - 1} apart.")
    if probabilities.shape[-1] > 1:
        return probabilities[..., class_id]
    return probabilities[..., 0] if class_id else 1 - probabilities[..., 0]


def class_ids(probabilities: Probabilities, threshold: float = 0.5) -> NDArray[np.unsignedinteger[Any]]:
    """The class map: the most probable class of each pixel; of a single probability, whether it reaches the threshold.

    Args:
        probabilities: (H, W, K).
        threshold: for K = 1 only.

    Returns:
        (H, W) uint8; uint16 where there are more than 255 classes.

    Example:
        >>> class_ids(np.array([[[0.5], [0.4]]])).tolist(), class_ids(np.array([[[0.2, 0.8]]])).tolist()
        ([[1, 0]], [[1]])
    """
    single = probabilities.shape[-1] == 1
    chosen = probabilities[..., 0] >= threshold if single else probabilities.argmax(axis=-1)
    return np.asarray(chosen, np.uint8 if probabilities.shape[-1] <= 255 else np.uint16)


def entropy_map(probabilities: Probabilities) -> NDArray[np.float32]:
    """How undecided the network is at each pixel.

    Returns:
        (H, W) float32 entropy as a share of the highest possible, log K: 0 sure of one class, 1 all alike; NaN where a
        probability is NaN.

    Example:
        >>> entropy_map(np.array([[[1.0, 0.0], [0.5, 0.5]]])).tolist()
        [[0.0, 1.0]]
    """
    every = every_class(probabilities).astype(np.float32)
    information = every * np.log(np.maximum(every, np.finfo(np.float32).tiny))
    entropy = -information.sum(axis=-1) / np.float32(np.log(every.shape[-1]))
    # A certain pixel sums to minus zero, or to less by rounding.
    return np.asarray(entropy.clip(0, 1) + np.float32(0), np.float32)


def margin_map(probabilities: Probabilities) -> NDArray[np.float32]:
    """How far the most probable class is ahead of the second, (H, W) float32: 0 a tie, 1 certain; NaN where one is.

    Example:
        >>> margin_map(np.array([[[0.5, 0.25, 0.25], [0.0, 0.0, 1.0]]])).tolist()
        [[0.25, 1.0]]
    """
    every = every_class(probabilities).astype(np.float32)
    best = np.partition(every, -2, axis=-1)[..., -2:]
    margin = best[..., 1] - best[..., 0]
    # Partitioning moves NaN to the end; one that is not among the two best would go unseen.
    return np.where(np.isnan(every).any(axis=-1), np.float32(np.nan), margin)


def class_shares(ids: NDArray[np.integer[Any]], classes: int) -> NDArray[np.float64]:
    """Share of a picture that each class covers.

    Args:
        ids: (H, W) class map; ids of `classes` and above are no class and count nowhere.
        classes: number of classes K.

    Returns:
        (K,) shares that add up to 1; all 0 where no pixel has a class.

    Example:
        >>> class_shares(np.array([[0, 0, 2, 255]]), classes=3).round(3).tolist()
        [0.667, 0.0, 0.333]
    """
    known = ids[(ids >= 0) & (ids < classes)].astype(np.int64)
    return np.bincount(known, minlength=classes) / max(1, known.size)
