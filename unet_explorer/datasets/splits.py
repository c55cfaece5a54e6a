"""Who learns and who judges: deterministic splits that do not depend on the machine or the order of files.

Everything here works on names, so the same picture lands in the same part wherever the folder is. The one exception,
`similar_groups`, looks at small thumbnails to find pictures that are too alike to stand on both sides of a split.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def shuffled_hold_out(names: Iterable[str], fraction: float, seed: int) -> frozenset[str]:
    """The names held out by article A's rule: sort, shuffle with the seed, the first round((1 - fraction) n) train.

    Example:
        >>> sorted(shuffled_hold_out([f"{i:06d}_10" for i in range(200)], 0.3, 123))[:3]
        ['000000_10', '000001_10', '000003_10']
    """
    order = sorted(names)
    random.Random(seed).shuffle(order)
    return frozenset(order[round(len(order) * (1 - fraction)) :])


def grouped_hold_out(groups: Mapping[str, str], fraction: float, seed: int) -> frozenset[str]:
    """Names held out such that no group has members on both sides.

    Whole groups are taken in an order shuffled with the seed, as long as they fit into the share.

    Args:
        groups: name of each sample -> name of its group.
        fraction: share of the samples to hold out, in (0, 1).
        seed: of the shuffle.

    Returns:
        At most round(fraction * n) names, or one smallest group where none fits. Something is left on both sides
        wherever there are two groups.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for name, group in groups.items():
        members[group].append(name)
    if len(members) < 2:
        return frozenset()
    order = sorted(members)
    random.Random(seed).shuffle(order)
    wanted = min(round(len(groups) * fraction), len(groups) - 1)
    chosen: set[str] = set()
    for group in order:
        if len(chosen) + len(members[group]) <= wanted:
            chosen.update(members[group])
    return frozenset(chosen or members[min(order, key=lambda group: len(members[group]))])


def stratified_hold_out(strata: Mapping[str, Hashable], fraction: float, seed: int) -> frozenset[str]:
    """Names held out such that every stratum gives up about the same share of its members.

    Args:
        strata: name of each sample -> the stratum it belongs to.
        fraction: share to hold out, in (0, 1).
        seed: of the shuffle inside each stratum.

    Returns:
        About fraction * n names: the samples are laid out stratum after stratum, each shuffled, and one is taken at
        every 1 / fraction places.
    """
    shuffled = sorted(strata)
    random.Random(seed).shuffle(shuffled)
    laid_out = sorted(shuffled, key=lambda name: repr(strata[name]))
    marks = np.floor(np.arange(len(laid_out) + 1) * fraction)
    return frozenset(name for place, name in enumerate(laid_out) if marks[place + 1] > marks[place])


def similar_groups(
    thumbnails: NDArray[np.uint8], positions: Sequence[int], alike: float = 0.5, neighbours: float = 0.8, reach: int = 3
) -> list[int]:
    """Groups of near-duplicate pictures: chains of pictures that look alike.

    Two pictures are linked when their thumbnails, each brought to mean 0 and variance 1, differ by a mean square of
    less than `alike`; pictures at most `reach` positions apart in the recording are linked up to `neighbours` already,
    for they are likely to show one place. The mean square is 2 (1 - correlation): 0 for equal pictures, 2 for
    unrelated ones.

    Args:
        thumbnails: (N, h, w, 3) small pictures of one size.
        positions: (N,) place of each picture in the recording, such as the KITTI number.
        alike: threshold between any two pictures.
        neighbours: threshold between pictures recorded close to each other.
        reach: how far apart counts as close.

    Returns:
        For each picture the lowest index of its group.
    """
    flat = thumbnails.reshape(len(thumbnails), -1).astype(np.float32)
    spread = flat.std(axis=1, keepdims=True)
    flat = (flat - flat.mean(axis=1, keepdims=True)) / np.where(spread == 0, 1, spread)
    place = np.asarray(positions, dtype=np.int64)
    links: list[tuple[int, int]] = []
    for index in range(len(flat) - 1):
        later = slice(index + 1, None)
        distance = 2 - 2 * (flat[later] @ flat[index]) / flat.shape[1]
        linked = distance < np.where(np.abs(place[later] - place[index]) <= reach, neighbours, alike)
        links += [(index, index + 1 + int(other)) for other in np.flatnonzero(linked)]
    return merge_links(len(flat), links)


def merge_links(count: int, links: Iterable[tuple[int, int]]) -> list[int]:
    """The lowest index reachable from each of `count` items over undirected links.

    Example:
        >>> merge_links(5, [(1, 3), (3, 4)])
        [0, 1, 2, 1, 1]
    """
    root = list(range(count))

    def find(item: int) -> int:
        while root[item] != item:
            item = root[item]
        return item

    for one, other in links:
        low, high = sorted((find(int(one)), find(int(other))))
        root[high] = low
    return [find(item) for item in range(count)]
