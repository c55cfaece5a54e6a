"""The body of an answer can be taken apart again, and says nothing that JSON cannot."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unet_explorer.ui.wire import pack, unpack


def test_a_body_by_hand() -> None:
    body = pack({"a": 1}, np.array([[1, 2], [3, 4]], np.uint8), np.array([1.0], "<f4"))
    assert body == b'\x08\0\0\0{"a":1} ' + bytes([1, 2, 3, 4]) + b"\0\0\x80?"


def test_what_json_cannot_say_becomes_null() -> None:
    header, rest = unpack(pack({"low": np.array([np.nan, np.inf, 1.5], np.float32), "n": np.int64(3)}))
    assert (header, rest) == ({"low": [None, None, 1.5], "n": 3}, b"")


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=4), st.binary(max_size=40))
def test_unpack_undoes_pack_and_pixels_start_aligned(header: dict[str, str], pixels: bytes) -> None:
    body = pack(header, np.frombuffer(pixels, np.uint8))
    assert unpack(body) == (header, pixels)
    assert (len(body) - len(pixels)) % 4 == 0
    json.loads(body[4 : len(body) - len(pixels)])
