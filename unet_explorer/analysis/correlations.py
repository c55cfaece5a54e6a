"""How the channels of a layer relate to each other, and to those they are computed from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.analysis.channels import Maps, planes_of
from unet_explorer.errors import LayerError


def channel_correlations(values: Maps) -> NDArray[np.float32]:
    """Pearson correlation of every two channels.

    Args:
        values: (H, W, C).

    Returns:
        (C, C) float32 from -1 to 1; NaN for channels that are constant or not finite everywhere.

    Example:
        >>> channel_correlations(np.array([[[1.0, 2.0, -1.0], [2.0, 4.0, -2.0]]])).round(3).tolist()
        [[1.0, 1.0, -1.0], [1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]]
    """
    with np.errstate(invalid="ignore", over="ignore"):
        centred = planes_of(values)
        centred -= centred.mean(axis=1, dtype=np.float64, keepdims=True).astype(np.float32)
        length = np.sqrt(np.einsum("cn,cn->c", centred, centred, dtype=np.float64))
        usable = np.isfinite(length) & (length > 0)
        centred[usable] /= length[usable, None].astype(np.float32)
    centred[~usable] = 0
    result = np.asarray((centred @ centred.T).clip(-1, 1), np.float32)
    result[~usable] = np.nan
    result[:, ~usable] = np.nan
    return result


def most_similar(correlations: NDArray[np.float32], channel: int, count: int = 5) -> list[tuple[int, float]]:
    """The channels most correlated with one, in either direction, without itself.

    Args:
        correlations: what `channel_correlations` gives.
        channel: its number.
        count: at most so many.

    Returns:
        (channel number, correlation), strongest first.

    Raises:
        LayerError: there is no such channel.
    """
    if not 0 <= channel < len(correlations):
        raise LayerError(f"There is no channel {channel}: the layer has channels 0 to {len(correlations) - 1}.")
    row = correlations[channel].astype(np.float64)
    row[channel] = np.nan
    strength = np.nan_to_num(np.abs(row), nan=-1)
    ranked = np.argsort(-strength, kind="stable")[:count]
    return [(int(other), float(row[other])) for other in ranked if strength[other] >= 0]


def input_strengths(kernel: NDArray[np.floating[Any]], channel: int) -> NDArray[np.float64]:
    """How much each input channel weighs in one channel of a convolution: the Euclidean norm of its kernel slice.

    Args:
        kernel: (kh, kw, in, out).
        channel: number of the output channel.

    Returns:
        (in,) norms.

    Raises:
        LayerError: there is no such channel.

    Example:
        >>> input_strengths(np.array([[[[3.0]], [[0.0]]], [[[4.0]], [[1.0]]]]).reshape(2, 1, 2, 1), 0).tolist()
        [5.0, 1.0]
    """
    if not 0 <= channel < kernel.shape[3]:
        raise LayerError(f"There is no channel {channel}: the layer has channels 0 to {kernel.shape[3] - 1}.")
    return np.asarray(np.linalg.norm(kernel[:, :, :, channel].astype(np.float64), axis=(0, 1)))
