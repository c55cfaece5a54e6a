"""The compare tray's pins, in and out of an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_explorer.errors import UserError
from unet_explorer.ui.pins import KINDS, Pin, read
from unet_explorer.ui.state import View

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


@given(texts, texts, st.sampled_from(KINDS), texts, st.integers(0, 10**6))
def test_any_pin_survives_an_address(model: str, picture: str, kind: str, layer: str, number: int) -> None:
    one = Pin(model, picture, kind, layer, number)
    written = one.written()
    assert read(written) == one
    assert ";" not in written


@pytest.mark.parametrize("text", ["", "a~b", "a~b~map~~", "a~b~map~~-1", "a~b~map~~1~2", "a~b~x-ray~~0"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        read(text)


def test_titles_count_channels_from_one_and_name_classes() -> None:
    assert Pin("m", "p", "channel", "conv2d_1", 0).title() == "conv2d_1, channel 1"
    assert Pin("m", "p", "class", "", 1).title(("Road", "Car")) == "Car"
    assert Pin("m", "p", "class", "", 7).title(("Road",)) == "Class 7"
    assert Pin("m", "p", "layer", "pool").title() == "pool, mean magnitude"


def test_pins_of_uploads_stay_out_of_the_address() -> None:
    mine, shared = Pin("m", "upload:0123", "map"), Pin("m", "sample:a", "map")
    view = View(pins=f"{mine.written()};{shared.written()}")
    assert view.to_query() == {"pins": shared.written()}
    assert View(pins=mine.written()).to_query() == {}
