"""Encoder, bottleneck, decoder and skips, read off the resolutions and the places where maps meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

UPWARD = frozenset({"transpose_conv", "upsample"})
_SAME = 1.2  # resolutions closer than this factor are one level; unpadded layers and odd sizes make them uneven


@dataclass(frozen=True)
class Meeting:
    """Where maps from the encoder meet maps from below.

    Attributes:
        roles: "encoder" or "below" for each layer that is read.
        origin: the layer that made the maps, behind crops and paddings.
    """

    roles: Mapping[int, str]
    origin: Mapping[int, int]


def find_meetings(inputs: Sequence[Sequence[int]], kinds: Sequence[str], scales: Sequence[float]) -> dict[int, Meeting]:
    """The layers where a skip arrives.

    Args:
        inputs: which layers each layer reads; layers are in an order in which they can be computed.
        kinds: of each layer.
        scales: input pixels per map pixel of each layer.
    """
    below = _just_upsampled(inputs, kinds, scales)
    found = {}
    for at, read in enumerate(inputs):
        if kinds[at] not in ("concat", "other") or len(read) < 2:
            continue
        roles = {each: "below" if below[each] else "encoder" for each in read}
        if set(roles.values()) == {"below", "encoder"}:
            found[at] = Meeting(roles, {each: _behind_crops(each, inputs, kinds) for each in read})
    return found


def _just_upsampled(inputs: Sequence[Sequence[int]], kinds: Sequence[str], scales: Sequence[float]) -> list[bool]:
    """Whether a layer's maps were last brought to their resolution from a coarser one, with no meeting since."""
    found: list[bool] = []
    for at, read in enumerate(inputs):
        if len(read) != 1:
            found.append(False)
        else:
            (before,) = read
            found.append(scales[before] > scales[at] * _SAME or (found[before] and not _coarser(at, before, scales)))
    return found


def _coarser(at: int, before: int, scales: Sequence[float]) -> bool:
    return scales[at] > scales[before] * _SAME


def _behind_crops(at: int, inputs: Sequence[Sequence[int]], kinds: Sequence[str]) -> int:
    while kinds[at] == "crop" and len(inputs[at]) == 1:
        at = inputs[at][0]
    return at


def find_stages(inputs: Sequence[Sequence[int]], kinds: Sequence[str], scales: Sequence[float]) -> list[str]:
    """The stage of each layer.

    Levels count the resolutions from the finest, 1. Before anything was upsampled a layer is of the encoder; the
    coarsest level of a network that comes back up is the bottleneck; the rest is the decoder.
    """
    level = _levels(scales)
    rising: list[bool] = []
    for at, read in enumerate(inputs):
        here = any(scales[each] > scales[at] * _SAME for each in read)
        rising.append(here or any(rising[each] for each in read))
    deepest = max(level)
    if not any(rising) or deepest == 1:
        return [f"encoder {each}" for each in level]
    return [
        "bottleneck" if each == deepest else f"{'decoder' if up else 'encoder'} {each}"
        for each, up in zip(level, rising, strict=True)
    ]


def _levels(scales: Sequence[float]) -> list[int]:
    distinct: list[float] = []
    for scale in sorted(scales):
        if not distinct or scale > distinct[-1] * _SAME:
            distinct.append(scale)
    return [sum(scale > each * _SAME for each in distinct) + 1 for scale in scales]
