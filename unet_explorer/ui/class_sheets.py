"""What the Classes page asks for: the class map and single probabilities, small enough to be sent whole.

A probability travels as the highest of 200 threshold steps that it reaches, so that a threshold moved in the browser
gives exactly the mask that comparing the float32 would give; a second byte, sent when somebody looks closer, says
where between two steps it lies. Maps of confident networks are mostly constant, so they travel deflated.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.analysis.probabilities import (
    class_ids,
    class_probability,
    class_shares,
    entropy_map,
    every_class,
    margin_map,
)
from unet_explorer.errors import ClassTableError
from unet_explorer.metrics import confusion_matrix, intersection_over_union
from unet_explorer.pictures import fit_label_map
from unet_explorer.rendering.regions import largest_regions
from unet_explorer.ui.wire import pack

if TYPE_CHECKING:
    from unet_explorer.network import FeatureMaps
    from unet_explorer.pictures import Picture

STEPS = 200
"""Thresholds the browser offers: 0, 0.005, ... 1."""

NOT_A_NUMBER = 255
OUTSIDE = 255
NO_NUMBER = 254
"""In class maps: a pixel that got something else than a number for some class, and so no class."""

RANKED = 6
MOST_CLASSES = 250

_THRESHOLDS = (np.arange(STEPS + 2) / STEPS).astype(np.float32)
_THRESHOLDS.flags.writeable = False


def overview_sheet(maps: FeatureMaps, picture: Picture) -> bytes:
    """The class map, what it covers, and the labels of the picture where it has some.

    The header has `height`, `width`, `extent`, `shares` (of the picture, for each class), `odd` (the share that got NaN
    or infinity), `regions` (where to write the names), `iou` (of each class, in this picture; null without labels),
    `accuracy`, `bytes` (lengths of the parts). Behind it two deflated uint8 (H, W): class ids, and label ids (nothing
    where there are none); 255 lies outside the picture, 254 got no number and counts as wrong.

    Raises:
        ClassTableError: more classes than the page can tell apart.
    """
    classes = class_count(maps.values)
    if classes > MOST_CLASSES:
        raise ClassTableError(
            f"This network tells {classes} classes apart and this page shows at most {MOST_CLASSES}: look at single "
            "channels of its last layer on the Explore page."
        )
    ids, labels = numbered_ids(maps), labels_of(maps, picture)
    inside = int((ids != OUTSIDE).sum())
    odd = int((ids == NO_NUMBER).sum()) / max(1, inside)
    parts = [deflate(ids), b"" if labels is None else deflate(labels)]
    header = {
        **frame(maps),
        "shares": class_shares(ids, classes) * (1 - odd),
        "odd": odd,
        "regions": largest_regions(ids, classes),
        "iou": None if labels is None else picture_iou(ids, labels, classes),
        "accuracy": None if labels is None else accuracy(ids, labels),
        "bytes": [len(part) for part in parts],
    }
    return pack(header, *(np.frombuffer(part, np.uint8) for part in parts))


def levels_sheet(maps: FeatureMaps, picture: Picture, class_id: int) -> bytes:
    """The probability of one class as threshold steps, and what each threshold means for this picture.

    The header counts, for each of the 201 thresholds, the pixels that reach it: `reach`; and with labels those of them
    that are labelled so: `hits`, of `labelled` pixels. Behind it deflated uint8 (H, W): 0 to 200, or 255 for NaN.
    """
    steps = threshold_steps(class_probability(maps.values, class_id).astype(np.float32))
    inside, labels = covered(maps), labels_of(maps, picture)
    header: dict[str, Any] = {**frame(maps), "reach": reaching(steps[inside]), "pixels": int(inside.sum())}
    if labels is not None:
        header |= {"hits": reaching(steps[labels == class_id]), "labelled": int((labels == class_id).sum())}
        header |= {"reach": reaching(steps[labels != OUTSIDE])}
    return pack(header, np.frombuffer(deflate(steps), np.uint8))


def fine_sheet(maps: FeatureMaps, class_id: int) -> bytes:
    """Where between two threshold steps the probability of one class lies, in 256ths; deflated uint8 (H, W)."""
    probability = class_probability(maps.values, class_id).astype(np.float32)
    return pack(frame(maps), np.frombuffer(deflate(between_steps(probability)), np.uint8))


def ranked_sheet(maps: FeatureMaps) -> bytes:
    """The most probable classes of each pixel; `ranks` in the header says how many.

    Behind it deflated: uint8 (ranks, H, W) class ids, best first, then uint16 (ranks, H, W) their probabilities in
    65535ths.
    """
    ids, shares = most_probable(maps.values, RANKED)
    parts = [deflate(ids), deflate(shares)]
    header = {**frame(maps), "ranks": len(ids), "bytes": [len(part) for part in parts]}
    return pack(header, *(np.frombuffer(part, np.uint8) for part in parts))


def doubt_sheet(maps: FeatureMaps) -> bytes:
    """How sure the network is: normalised entropy and margin, two deflated uint8 (H, W) in 255ths behind the header."""
    doubts = (entropy_map(maps.values), margin_map(maps.values))
    parts = [deflate(np.round(255 * np.nan_to_num(values)).astype(np.uint8)) for values in doubts]
    return pack(
        {**frame(maps), "bytes": [len(part) for part in parts]}, *(np.frombuffer(part, np.uint8) for part in parts)
    )


def numbered_ids(maps: FeatureMaps) -> NDArray[np.uint8]:
    """(H, W) the class map; `NO_NUMBER` where a probability is NaN or infinite, `OUTSIDE` in padding."""
    ids = np.asarray(class_ids(maps.values), np.uint8)
    ids[~np.isfinite(maps.values).all(-1)] = NO_NUMBER
    return np.where(covered(maps), ids, np.uint8(OUTSIDE))


def class_count(values: NDArray[np.float32]) -> int:
    """Classes that probabilities (H, W, K) tell apart: K, or two where there is one probability."""
    return max(2, int(values.shape[-1]))


def threshold_steps(probability: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The highest step whose threshold the probability reaches, 0 to 200; 255 for NaN.

    Example:
        >>> threshold_steps(np.array([0.0, 0.0049, 0.005, 0.5, 1.0, np.nan], np.float32)).tolist()
        [0, 0, 1, 100, 200, 255]
    """
    safe = np.nan_to_num(probability, nan=0.0).clip(0, 1)
    steps = (safe * np.float32(STEPS)).astype(np.int16)
    # The product rounds; the comparison with the thresholds themselves decides.
    steps -= safe < _THRESHOLDS[steps]
    steps += (safe >= _THRESHOLDS[steps + 1]) & (steps < STEPS)
    steps[np.isnan(probability)] = NOT_A_NUMBER
    return steps.astype(np.uint8)


def between_steps(probability: NDArray[np.float32]) -> NDArray[np.uint8]:
    """256ths of the way from the step reached to the next; 0 for NaN."""
    steps = threshold_steps(probability)
    low = _THRESHOLDS[np.where(steps > STEPS, 0, steps)]
    parts = np.nan_to_num((probability.clip(0, 1) - low) * np.float32(STEPS * 256))
    between: NDArray[np.uint8] = np.clip(parts, 0, 255).astype(np.uint8)
    return between


def reaching(steps: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(201,) how many pixels reach each threshold.

    Example:
        >>> reaching(np.array([0, 0, 200, 255], np.uint8))[[0, 1, 200]].tolist()
        [3, 1, 1]
    """
    counts = np.bincount(steps.ravel(), minlength=256)[: STEPS + 1]
    return counts[::-1].cumsum()[::-1]


def most_probable(values: NDArray[np.float32], ranks: int) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Ids and probabilities (in 65535ths) of each pixel's best classes, best first; each (ranks, H, W)."""
    both = every_class(values)
    shares = np.round(np.nan_to_num(both).clip(0, 1) * np.float32(65535)).astype(np.uint32)
    # One number holds the probability and, below it, the class, so that sorting it ranks both; low ids win ties.
    codes = shares << 8 | (255 - np.arange(both.shape[-1], dtype=np.uint32))
    ranks = min(ranks, both.shape[-1])
    best = np.sort(np.partition(codes, -ranks, axis=-1)[..., -ranks:], axis=-1)[..., ::-1]
    best = np.moveaxis(best, -1, 0)
    return (255 - (best & 255)).astype(np.uint8), (best >> 8).astype(np.uint16)


def covered(maps: FeatureMaps) -> NDArray[np.bool_]:
    """(H, W) which pixels of the map lie on the picture, not in padding."""
    height, width = maps.values.shape[:2]
    rows, columns = maps.placement.rows, maps.placement.columns
    y, x = rows.picture_pixels(height), columns.picture_pixels(width)
    return np.logical_and.outer((y >= 0) & (y < rows.picture), (x >= 0) & (x < columns.picture))


def labels_of(maps: FeatureMaps, picture: Picture) -> NDArray[np.uint8] | None:
    """(H, W) label ids at the map's pixels, as the evaluation resizes them; None where the picture has no labels."""
    if picture.label_map is None:
        return None
    return fit_label_map(picture.label_map, maps.placement, *maps.values.shape[:2])


def picture_iou(ids: NDArray[np.uint8], labels: NDArray[np.uint8], classes: int) -> NDArray[np.float64]:
    """(K,) IoU of each class in this picture; NaN where it is in neither. A pixel without a number is missed."""
    known = labels < classes
    # One class more than there are, so that what is no class is found, but never labelled.
    found = np.minimum(ids[known], classes)
    return intersection_over_union(confusion_matrix(labels[known], found, classes + 1))[:classes]


def accuracy(ids: NDArray[np.uint8], labels: NDArray[np.uint8]) -> float:
    """Share of the labelled pixels that are right."""
    known = labels != OUTSIDE
    return float((ids[known] == labels[known]).mean()) if known.any() else float("nan")


def frame(maps: FeatureMaps) -> dict[str, Any]:
    """Size of the maps and where on the picture they lie."""
    height, width = maps.values.shape[:2]
    return {"height": height, "width": width, "extent": maps.placement.extent()}


def deflate(array: NDArray[Any]) -> bytes:
    """The array's bytes, deflated fast."""
    return zlib.compress(np.ascontiguousarray(array).tobytes(), 1)
