"""Properties of names, stages, endings and cards that hold for any network."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from unet_explorer.network.card import ModelCard
from unet_explorer.network.names import layer_names
from unet_explorer.network.output import sigmoid, softmax
from unet_explorer.network.stages import find_meetings, find_stages
from unet_explorer.pictures import InputSpec

PART = st.sampled_from(["conv", "conv_1", "conv_1_1", "up", "model"])
KEYS = st.lists(st.tuples(st.lists(PART, max_size=3).map(tuple), PART), min_size=1, max_size=12)


@given(KEYS, st.booleans())
def test_names_are_unique_whatever_the_scopes(keys: list[tuple[tuple[str, ...], str]], numbered: bool) -> None:
    names = layer_names(keys, numbered)
    assert len(set(names)) == len(names) == len(keys)
    assert all(names)


@given(arrays.arrays(np.float32, (3, 4), elements=st.floats(-80, 80, width=32)))
def test_softmax_is_a_distribution_that_keeps_the_order(values: np.ndarray) -> None:
    found = softmax(values)
    np.testing.assert_allclose(found.sum(-1), 1, rtol=1e-5)
    np.testing.assert_allclose(found, softmax(values + np.float32(7)), rtol=1e-3, atol=1e-6)
    best = np.take_along_axis(found, values.argmax(-1)[:, None], -1)[:, 0]
    np.testing.assert_array_equal(best, found.max(-1))


@given(arrays.arrays(np.float32, 5, elements=st.floats(-1e4, 1e4, width=32)))
def test_sigmoid_is_odd_around_one_half(values: np.ndarray) -> None:
    found = sigmoid(values)
    assert ((found >= 0) & (found <= 1)).all()
    np.testing.assert_allclose(found + sigmoid(-values), 1, rtol=1e-6)
    two = softmax(np.stack([np.zeros_like(values), values], -1))[:, 1]
    np.testing.assert_allclose(found, two, rtol=1e-4, atol=1e-7)


@given(st.integers(1, 6), st.integers(1, 3))
def test_a_u_of_any_depth_has_mirrored_stages(depth: int, repeats: int) -> None:
    """`depth` levels above the bottleneck, `repeats` convolutions each; skips join the same level of both sides."""
    inputs: list[list[int]] = [[]]
    kinds, scales, ends = ["input"], [1.0], []

    def add(kind: str, scale: float, *read: int) -> int:
        inputs.append(list(read))
        kinds.append(kind)
        scales.append(scale)
        return len(kinds) - 1

    at = 0
    for level in range(depth):
        for _ in range(repeats):
            at = add("conv", 2**level, at)
        ends.append(at)
        at = add("pool", 2 ** (level + 1), at)
    at = add("conv", 2**depth, at)
    joins = {}
    for level in reversed(range(depth)):
        at = add("upsample", 2**level, at)
        joins[level] = at = add("concat", 2**level, ends[level], at)
        for _ in range(repeats):
            at = add("conv", 2**level, at)
    stages, meetings = find_stages(inputs, kinds, scales), find_meetings(inputs, kinds, scales)
    assert set(stages) == {"bottleneck"} | {f"{side} {n + 1}" for side in ("encoder", "decoder") for n in range(depth)}
    assert set(meetings) == set(joins.values())
    for level, join in joins.items():
        assert stages[join] == f"decoder {level + 1}"
        assert stages[ends[level]] == f"encoder {level + 1}"
        assert meetings[join].roles == {ends[level]: "encoder", join - 1: "below"}


TEXT = st.text(max_size=20)
JSON = st.dictionaries(TEXT, st.recursive(st.none() | st.booleans() | st.integers() | TEXT, st.lists, max_leaves=5))


@given(TEXT.filter(str.strip), TEXT, JSON, st.integers(1, 2000), st.sampled_from(["stretch", "letterbox", "pad"]))
def test_a_card_survives_json(name: str, title: str, data: dict[str, object], size: int, fit: str) -> None:
    card = ModelCard(name, InputSpec(size, None, 1, -1.0, 1.0, fit, 8), title=title, data=data)  # type: ignore[arg-type]
    assert ModelCard.from_dict(json.loads(json.dumps(card.to_dict()))) == card
