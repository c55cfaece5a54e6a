"""The zoo as fixtures: each model is made and opened once a session, when a test first asks for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.zoo import BAD, MAKERS
from unet_explorer.pictures import Picture

if TYPE_CHECKING:
    from unet_explorer.network import Network

Zoo = Callable[[str], Path]
OpenZoo = Callable[[str], "Network"]


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """`zoo("keras3_unet")` is that SavedModel's folder (names: `zoo.MAKERS`, `zoo.BAD`); do not write there."""
    root = tmp_path_factory.mktemp("zoo")

    @cache
    def make(name: str) -> Path:
        (MAKERS | BAD)[name](root / name)
        return root / name

    return make


@pytest.fixture(scope="session")
def open_zoo(zoo: Zoo) -> OpenZoo:
    """`open_zoo("keras3_unet")` is that model, opened once a session."""
    from unet_explorer.network import open_network

    return cache(lambda name: open_network(zoo(name)))


@pytest.fixture(scope="session")
def street() -> Picture:
    """A made-up picture of 37 x 53 pixels, different in every corner."""
    rows, columns = np.mgrid[0:37, 0:53]
    noise = np.random.default_rng(5).integers(0, 60, (37, 53, 3))
    ramps = np.stack([rows * 5, columns * 3, (rows * columns) % 190], -1)
    return Picture.from_pixels((ramps + noise).astype(np.uint8), "street.png")
