"""How the channels of a layer relate to classes: where they agree with one, and what they do on each.

Only finite values count.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.analysis.channels import Maps, centred, planes_of
from unet_explorer.errors import LayerError

LEVELS = 256


def correlation_with_mask(values: Maps, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How well each channel separates a class from the rest, as the point-biserial correlation.

    Args:
        values: (H, W, C).
        mask: (H, W) where the class is.

    Returns:
        (C,) from -1 (fires everywhere else) to 1 (fires there alone); NaN for constant channels, and for all where the
        class is everywhere or nowhere.

    Example:
        >>> values = np.array([[[0.0, 1.0], [4.0, 0.0]]])
        >>> correlation_with_mask(values, np.array([[False, True]])).round(6).tolist()
        [1.0, -1.0]
    """
    inside = _check_mask(values, mask).ravel()
    return np.array([_correlation(plane, inside) for plane in planes_of(values)], np.float64)


def class_means(values: Maps, ids: NDArray[np.integer[Any]], classes: int) -> NDArray[np.float64]:
    """Mean activation of each channel on each class.

    Args:
        values: (H, W, C).
        ids: (H, W) class ids at the pixels of the maps; those of `classes` and above are no class.
        classes: number of classes K.

    Returns:
        (K, C); NaN where a class does not occur.

    Raises:
        LayerError: the sizes differ.

    Example:
        >>> class_means(np.array([[[1.0], [3.0], [7.0]]]), np.array([[1, 1, 0]]), classes=3)[:, 0].tolist()
        [7.0, 2.0, nan]
    """
    if ids.shape != values.shape[:2]:
        raise LayerError(f"The class map {ids.shape} and the maps {values.shape[:2]} differ in size: fit it first.")
    labels = np.where((ids < 0) | (ids >= classes), classes, ids).ravel().astype(np.int64)
    means = np.empty((classes, values.shape[2]))
    for channel, plane in enumerate(planes_of(values)):
        finite = np.isfinite(plane)
        weights, known = (plane, labels) if finite.all() else (plane[finite], labels[finite])
        sums = np.bincount(known, weights=weights, minlength=classes + 1)[:classes]
        counts = np.bincount(known, minlength=classes + 1)[:classes]
        means[:, channel] = np.divide(sums, counts, out=np.full(classes, np.nan), where=counts > 0)
    return means


def _check_mask(values: Maps, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    if mask.shape != values.shape[:2]:
        raise LayerError(f"The mask {mask.shape} and the maps {values.shape[:2]} differ in size: fit it first.")
    return mask


def _correlation(plane: NDArray[np.float32], inside: NDArray[np.bool_]) -> float:
    finite = np.isfinite(plane)
    if not finite.all():
        plane, inside = plane[finite], inside[finite]
    here = np.count_nonzero(inside)
    if not 0 < here < inside.size or plane.min() == plane.max():
        return float("nan")
    values, _ = centred(plane)
    spread = float(values @ values) * here * (inside.size - here) / inside.size
    return float(np.clip(float(values @ inside) / np.sqrt(spread), -1, 1)) if spread > 0 else float("nan")
