"""What an address says is read strictly, and written shortly."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_explorer.ui.state import SCALINGS, SORTS, View

NONSENSE = [
    {"channel": "-1"},
    {"channel": "1.5"},
    {"channel": "seven"},
    {"channel": "9" * 40},
    {"gamma": "nan"},
    {"gamma": "0"},
    {"gamma": "inf"},
    {"overlay": "101"},
    {"low": "nan"},
    {"scaling": "Channel; DROP TABLE"},
    {"sort": ""},
    {"thresholds": "²:0.5"},
    {"thresholds": "-:0.5"},
    {"camera": "1,2"},
    {"camera": "nan,0,2"},
    {"camera": "0,0,0.5"},
    {"layer": "x" * 201},
    {"layer": "a\x00b"},
    {"unknown": "1"},
]


@pytest.mark.parametrize("query", NONSENSE)
def test_nonsense_keeps_the_default(query: dict[str, str]) -> None:
    assert View.from_query(query) == View()


def test_nonsense_does_not_spoil_what_is_sound() -> None:
    assert View.from_query({"channel": "oops", "layer": "conv2d_1"}) == View(layer="conv2d_1")


def test_an_address_says_only_what_is_not_the_default() -> None:
    assert View().to_query() == {}
    assert View(layer="conv2d_1", channel=6, gamma=0.5).to_query() == {
        "layer": "conv2d_1",
        "channel": "6",
        "gamma": "0.5",
    }


def test_uploads_stay_out_of_the_address() -> None:
    assert View(picture="upload:abc").to_query() == {}
    assert View(picture="sample:abc").to_query() == {"picture": "sample:abc"}


views = st.builds(
    View,
    model=st.text(st.characters(categories=["L", "N"]), max_size=20),
    layer=st.sampled_from(["", "conv2d_1", "block/conv:0"]),
    channel=st.integers(0, 1_000_000),
    scaling=st.sampled_from(SCALINGS),
    low=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    gamma=st.floats(0.1, 5.0),
    overlay=st.integers(0, 100),
    sort=st.sampled_from(SORTS),
    camera=st.sampled_from(["", "10.5,20.0,3.00"]),
)


@given(views)
def test_an_address_restores_its_view(view: View) -> None:
    assert View.from_query(view.to_query()) == view


@given(st.dictionaries(st.sampled_from([row.name for row in dataclasses.fields(View)]), st.text(max_size=30)))
def test_any_address_gives_a_view(query: dict[str, str]) -> None:
    assert isinstance(View.from_query(query), View)
