"""What the Classes page is sent, against the probabilities themselves."""

from __future__ import annotations

import json
import zlib
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from unet_explorer.errors import ClassTableError
from unet_explorer.metrics import threshold_curve
from unet_explorer.network import FeatureMaps
from unet_explorer.pictures import InputSpec, Picture, fit_picture
from unet_explorer.ui import class_sheets
from unet_explorer.ui.class_sheets import STEPS, between_steps, most_probable, reaching, threshold_steps
from unet_explorer.ui.offers import Offer
from unet_explorer.ui.wire import unpack

THRESHOLDS = np.arange(STEPS + 1, dtype=np.float32) / np.float32(STEPS)


def parts_of(body: bytes, *types: Any) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Header and inflated parts of an answer."""
    header, rest = unpack(body)
    lengths = header.get("bytes", [len(rest)])
    ends = np.cumsum([0, *lengths])
    inflated = [zlib.decompress(rest[start:end]) if end > start else b"" for start, end in pairwise(ends)]
    return header, [np.frombuffer(part, kind) for part, kind in zip(inflated, types, strict=True)]


def made_up(
    values: NDArray[np.float32], labels: NDArray[np.uint8] | None = None, fit: str = "stretch"
) -> tuple[FeatureMaps, Picture]:
    """Probabilities of a made-up picture of 4 x 6 pixels."""
    picture = Picture.from_pixels(np.arange(72, dtype=np.uint8).reshape(4, 6, 3), "made-up.png")
    if labels is not None:
        picture = picture.with_label_map(labels)
    height, width = values.shape[:2]
    spec = InputSpec(height, width, 3, 0.0, 1.0, fit)  # type: ignore[arg-type]
    placement = fit_picture(picture, spec).placement
    return FeatureMaps(values, None, "probabilities", picture.digest, "model", placement), picture  # type: ignore[arg-type]


@given(arrays(np.float32, st.integers(1, 60), elements=st.floats(0, 1, width=32)))
def test_a_step_is_reached_exactly_where_the_probability_reaches_its_threshold(
    probability: NDArray[np.float32],
) -> None:
    steps = threshold_steps(probability)
    for step in range(STEPS + 1):
        np.testing.assert_array_equal(steps >= step, probability >= THRESHOLDS[step])


def test_thresholds_themselves_and_their_neighbours_are_on_the_right_side() -> None:
    below = np.nextafter(THRESHOLDS[1:], np.float32(0))
    assert threshold_steps(THRESHOLDS).tolist() == list(range(STEPS + 1))
    assert threshold_steps(below).tolist() == list(range(STEPS))


@given(arrays(np.float32, st.integers(1, 60), elements=st.floats(0, 1, width=32)))
def test_step_and_fraction_give_the_probability_back_to_four_digits(probability: NDArray[np.float32]) -> None:
    steps = threshold_steps(probability).astype(np.float64)
    known = np.minimum(1, (steps + (between_steps(probability) + 0.5 * (steps < STEPS)) / 256) / STEPS)
    assert np.abs(known - probability).max() <= 1.1e-5


def test_nan_reaches_nothing() -> None:
    values = np.array([np.nan, 0.7], np.float32)
    assert threshold_steps(values).tolist() == [255, 140]
    assert reaching(threshold_steps(values))[[0, 140, 141]].tolist() == [1, 1, 0]
    assert between_steps(values)[0] == 0


def test_counts_give_the_curve_of_the_metrics() -> None:
    random = np.random.default_rng(3)
    values = random.dirichlet(np.ones(3), (4, 6)).astype(np.float32)
    labels = random.integers(0, 3, (4, 6)).astype(np.uint8)
    maps, picture = made_up(values, labels)
    header, _ = unpack(class_sheets.levels_sheet(maps, picture, 1))
    reach, hits = np.array(header["reach"]), np.array(header["hits"])
    union = reach + header["labelled"] - hits
    # The metrics predict what lies above a threshold, this page what reaches it; no value lies on one here.
    curve = threshold_curve(values[..., 1], labels == 1, THRESHOLDS)
    expected = np.where(union > 0, hits / np.maximum(union, 1), np.nan)
    assert not np.isin(values, THRESHOLDS).any()
    np.testing.assert_allclose(curve.iou, expected)


def test_the_overview_by_hand() -> None:
    values = np.zeros((4, 6, 3), np.float32)
    values[:, :3, 0] = 1
    values[:, 3:, 2] = 1
    labels = np.full((4, 6), 2, np.uint8)
    labels[0, 0] = 255
    maps, picture = made_up(values, labels)
    header, (ids, sent) = parts_of(class_sheets.overview_sheet(maps, picture), np.uint8, np.uint8)
    assert ids.reshape(4, 6)[0].tolist() == [0, 0, 0, 2, 2, 2]
    assert sent.reshape(4, 6)[0, :2].tolist() == [255, 2]
    assert header["shares"] == [0.5, 0, 0.5]
    assert header["iou"] == [0, None, pytest.approx(12 / 23)]
    assert header["accuracy"] == pytest.approx(12 / 23)
    assert [region["id"] for region in header["regions"]] == [0, 2]


def test_padding_belongs_to_no_class() -> None:
    values = np.zeros((6, 8, 2), np.float32)
    values[..., 1] = 1
    maps, picture = made_up(values, fit="pad")
    header, (ids, labels) = parts_of(class_sheets.overview_sheet(maps, picture), np.uint8, np.uint8)
    assert (ids.reshape(6, 8)[:4, :6] == 1).all()
    assert (ids.reshape(6, 8)[4:] == 255).all()
    assert (ids.reshape(6, 8)[:, 6:] == 255).all()
    assert (header["shares"], header["iou"], labels.size) == ([0, 1], None, 0)
    levels, _ = unpack(class_sheets.levels_sheet(maps, picture, 1))
    assert (levels["reach"][0], levels["reach"][200], levels["pixels"]) == (24, 24, 24)
    assert "hits" not in levels


def test_pixels_without_a_number_are_marked_and_counted_as_wrong() -> None:
    values = np.zeros((4, 6, 2), np.float32)
    values[..., 1] = 1
    values[0, 0] = np.nan
    values[1, 1, 0] = np.inf
    labels = np.ones((4, 6), np.uint8)
    maps, picture = made_up(values, labels)
    header, (ids, _) = parts_of(class_sheets.overview_sheet(maps, picture), np.uint8, np.uint8)
    assert np.argwhere(ids.reshape(4, 6) == class_sheets.NO_NUMBER).tolist() == [[0, 0], [1, 1]]
    assert header["odd"] == pytest.approx(2 / 24)
    assert header["shares"] == pytest.approx([0, 22 / 24])
    assert header["iou"] == [None, pytest.approx(22 / 24)]
    assert header["accuracy"] == pytest.approx(22 / 24)
    assert {region["id"] for region in header["regions"]} == {1}


def test_a_class_map_without_any_number_has_no_class() -> None:
    maps, picture = made_up(np.full((4, 6, 2), np.nan, np.float32), np.ones((4, 6), np.uint8))
    header, _ = unpack(class_sheets.overview_sheet(maps, picture))
    assert (header["odd"], header["shares"], header["iou"], header["regions"]) == (1, [0, 0], [None, 0], [])


def test_the_ranking_is_the_sorted_probabilities() -> None:
    values = np.random.default_rng(7).dirichlet(np.ones(5), (4, 6)).astype(np.float32)
    ids, shares = most_probable(values, 3)
    order = np.argsort(-values, axis=-1)[..., :3]
    np.testing.assert_array_equal(np.moveaxis(ids, 0, -1), order)
    expected = np.take_along_axis(values, order, -1)
    np.testing.assert_allclose(np.moveaxis(shares, 0, -1) / 65535, expected, atol=1e-5)


def test_a_single_probability_makes_two_classes() -> None:
    values = np.full((4, 6, 1), 0.25, np.float32)
    maps, picture = made_up(values)
    header, (ids, shares) = parts_of(class_sheets.ranked_sheet(maps), np.uint8, np.uint16)
    assert header["ranks"] == 2
    assert ids.reshape(2, 24)[:, 0].tolist() == [0, 1]
    assert shares.reshape(2, 24)[:, 0].tolist() == [49151, 16384]
    _, (steps,) = parts_of(class_sheets.levels_sheet(maps, picture, 0), np.uint8)
    assert set(steps.tolist()) == {150}


def test_doubt_by_hand() -> None:
    values = np.zeros((4, 6, 2), np.float32)
    values[..., 0] = 1
    values[0, 0] = 0.5
    maps, _ = made_up(values)
    _, (entropy, margin) = parts_of(class_sheets.doubt_sheet(maps), np.uint8, np.uint8)
    assert (entropy[0], entropy[1], margin[0], margin[1]) == (255, 0, 0, 255)


def test_unknown_and_too_many_classes_are_refused_in_a_sentence() -> None:
    maps, picture = made_up(np.full((4, 6, 3), 1 / 3, np.float32))
    with pytest.raises(ClassTableError, match="no class 3"):
        class_sheets.levels_sheet(maps, picture, 3)
    many, picture = made_up(np.zeros((4, 6, 251), np.float32))
    with pytest.raises(ClassTableError, match="251 classes"):
        class_sheets.overview_sheet(many, picture)


def test_the_questions_answer_for_an_opened_network(offer: Offer) -> None:
    from unet_explorer.ui.answers import ANSWERS, Query

    values = offer.network.probabilities(offer.picture).values
    header, (ids, _) = parts_of(ANSWERS["overview"].answer(offer, Query({})), np.uint8, np.uint8)
    np.testing.assert_array_equal(ids.reshape(values.shape[:2]), offer.network.class_map(offer.picture))
    assert len(header["shares"]) == 5
    _, (steps,) = parts_of(ANSWERS["levels"].answer(offer, Query({"class": "2"})), np.uint8)
    np.testing.assert_array_equal(steps.reshape(values.shape[:2]) >= 40, values[..., 2] >= np.float32(0.2))
    body = ANSWERS["magnitude"].answer(offer, Query({"layer": "conv2d_3"}))
    header, rest = unpack(body)
    maps = offer.network.feature_maps(offer.picture, ["conv2d_3"])["conv2d_3"].values
    found = np.frombuffer(rest, np.float32).reshape(header["height"], header["width"])
    np.testing.assert_allclose(found, np.abs(maps).mean(-1), rtol=1e-6)
    assert json.dumps(header)
