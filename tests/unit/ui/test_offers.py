"""Tokens: the same for the same contents, unguessable for others, and dead with the session's picture."""

from __future__ import annotations

import functools
import gc
from typing import Any

import numpy as np

from unet_explorer.pictures import Picture
from unet_explorer.ui.offers import Offers


def picture(seed: int = 0, name: str = "a.png") -> Picture:
    return Picture.from_pixels(np.random.default_rng(seed).integers(0, 256, (4, 6, 3)).astype(np.uint8), name)


class Network:
    def __init__(self, digest: str) -> None:
        self.digest = digest


@functools.cache
def network(digest: str = "n") -> Any:
    return Network(digest)


def test_the_same_contents_have_the_same_token_in_one_process_only() -> None:
    offers, other_process = Offers(b"secret"), Offers(b"other")
    kept = picture()
    token = offers.offer(network(), kept)
    assert offers.offer(network(), kept) == token
    assert other_process.offer(network(), kept) != token
    assert len(token) == 40


def test_any_difference_makes_another_token() -> None:
    offers = Offers(b"secret")
    base = picture()
    labelled = base.with_label_map(np.zeros((4, 6), np.uint8))
    other_labels = base.with_label_map(np.ones((4, 6), np.uint8))
    subjects = [(network(), base), (network("m"), base), (network(), picture(1)), (network(), labelled)]
    subjects += [(network(), other_labels), (network(), picture(name="b.png"))]
    assert len({offers.offer(*subject) for subject in subjects}) == len(subjects)


def test_an_unknown_token_finds_nothing() -> None:
    assert Offers(b"secret").find("0" * 40) is None


def test_an_offer_ends_with_its_picture() -> None:
    offers = Offers(b"secret")
    upload = picture()
    token = offers.offer(network(), upload)
    found = offers.find(token)
    assert found is not None
    assert found.picture is upload
    del upload, found
    gc.collect()
    assert offers.find(token) is None


def test_an_offer_keeps_no_network_open() -> None:
    offers = Offers(b"secret")
    kept, opened = picture(), Network("m")
    token = offers.offer(opened, kept)  # type: ignore[arg-type]
    assert offers.find(token) is not None
    del opened
    gc.collect()
    assert offers.find(token) is None


def test_only_the_latest_offers_are_kept() -> None:
    offers = Offers(b"secret", limit=2)
    pictures = [picture(seed) for seed in range(3)]
    tokens = [offers.offer(network(), each) for each in pictures]
    assert [offers.find(token) is not None for token in tokens] == [False, True, True]
