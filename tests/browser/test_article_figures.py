"""Every figure of article A, with the shipped network and a shipped picture, a click from the start page."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import REPOSITORY, Server, free_port

pytestmark = pytest.mark.browser

# Figure -> what is clicked, and how many channels the article shows.
ENCODER = {f"encoder {step}": (f"conv2d_{2 * step - 1}", 16 * 2 ** (step - 1)) for step in range(1, 5)}
DECODER = {f"decoder {5 - step}": (f"conv2d_{9 + 2 * step}", 16 * 2 ** (4 - step)) for step in range(1, 5)}
STAGES = {**ENCODER, "bottleneck": ("conv2d_9", 256), **DECODER, "head": ("activation", 30)}
BY_NAME = {"conv2d_transpose_3": 16, "concatenate_3": 32, "conv2d_18": 30}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app as it is shipped."""
    server = Server(tmp_path_factory.mktemp("shipped"), free_port(), shipped=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def start_page(shipped: Server, contexts: dict[bool, BrowserContext]) -> Iterator[Page]:
    page = contexts[False].new_page()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.set_default_timeout(120_000)
    page.goto(shipped.url)
    page.locator(".channel_grid[data-ready]").wait_for()
    yield page
    page.close()


def shown(page: Page, layer: str, channels: int) -> None:
    """The layer is drawn with all its channels, and says so."""
    page.locator(f'.channel_grid[data-ready$="/{layer}/"]').wait_for()
    expect(page.locator(".title h2")).to_have_text(layer)
    expect(page.locator(".meta")).to_contain_text(f"{channels} channels")
    tile = page.locator(".tile .frame canvas").first
    drawn = tile.evaluate(
        "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)"
    )
    assert np.ptp(drawn) > 0


@pytest.mark.parametrize("stage", STAGES)
def test_one_click_on_the_map(start_page: Page, stage: str) -> None:
    start_page.locator(f'.node[data-stage="{stage}"]').click()
    shown(start_page, *STAGES[stage])


@pytest.mark.parametrize("layer", BY_NAME)
def test_one_click_in_the_list(start_page: Page, layer: str) -> None:
    start_page.locator(".u_map .row", has_text=layer).first.click()
    shown(start_page, layer, BY_NAME[layer])


def test_channel_7_of_the_softmax_is_car(start_page: Page) -> None:
    start_page.locator('.node[data-stage="head"]').click()
    shown(start_page, "activation", 30)
    start_page.locator('.tile[data-channel="6"]').click()
    expect(start_page.locator(".badge")).to_have_text("Channel 7 · Car")


def test_the_start_page_shows_a_shipped_picture(start_page: Page) -> None:
    titles = [
        row["title"] for row in json.loads((REPOSITORY / "sample_images" / "manifest.json").read_text())["pictures"]
    ]
    chosen = start_page.get_by_role("combobox", name="Picture").input_value()
    assert chosen.split("  ·  ")[0] in titles
