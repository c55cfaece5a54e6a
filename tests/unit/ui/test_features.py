"""Feature maps are computed once for all who ask, one forward pass at a time, and forgotten when there is no room."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from unet_explorer.pictures import Picture
from unet_explorer.ui.features import PROBABILITIES, FeatureStore

PICTURE = Picture.from_pixels(np.zeros((2, 2, 3), np.uint8), "black")


class CountingNetwork:
    """Takes a while, and notes what was asked and how many passes ran at once."""

    digest = "counting"

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.running = 0
        self.most_at_once = 0

    def feature_maps(self, _picture: Picture, names: list[str]) -> dict[str, Any]:
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        self.asked.append(tuple(names))
        time.sleep(0.02)
        self.running -= 1
        return {name: SimpleNamespace(values=np.zeros((4, 4, 1), np.float32), name=name) for name in names}

    def probabilities(self, picture: Picture) -> Any:
        return self.feature_maps(picture, [PROBABILITIES])[PROBABILITIES]


@pytest.fixture
def network() -> Any:
    return CountingNetwork()


def test_what_is_known_is_not_computed_again(network: Any) -> None:
    store = FeatureStore(10_000)
    store.maps(network, PICTURE, ["a", "b"])
    found = store.maps(network, PICTURE, ["b", "c", "b"])
    assert network.asked == [("a", "b"), ("c",)]
    assert list(found) == ["b", "c"]


def test_probabilities_have_a_place_of_their_own(network: Any) -> None:
    store = FeatureStore(10_000)
    assert store.one(network, PICTURE, PROBABILITIES).name == PROBABILITIES
    store.one(network, PICTURE, PROBABILITIES)
    assert network.asked == [(PROBABILITIES,)]


def test_other_pictures_and_networks_share_nothing(network: Any) -> None:
    store = FeatureStore(10_000)
    other = Picture.from_pixels(np.ones((2, 2, 3), np.uint8), "white")
    store.one(network, PICTURE, "a")
    store.one(network, other, "a")
    assert network.asked == [("a",), ("a",)]


def test_without_room_everything_is_still_answered(network: Any) -> None:
    store = FeatureStore(100)  # one map has 64 bytes
    assert set(store.maps(network, PICTURE, ["a", "b", "c"])) == {"a", "b", "c"}
    store.one(network, PICTURE, "a")
    assert network.asked == [("a", "b", "c"), ("a",)]


def test_eight_quick_clicks_run_one_pass_at_a_time_and_only_one_for_the_same_layer(network: Any) -> None:
    store = FeatureStore(10_000)
    names = ["a", "b", "a", "c", "a", "b", "a", "c"]
    threads = [threading.Thread(target=store.one, args=(network, PICTURE, name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert network.most_at_once == 1
    assert sorted(network.asked) == [("a",), ("b",), ("c",)]
