"""Every figure of article A, with the shipped network and a shipped picture, a click from the start page."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import REPOSITORY, SHIFTS, Server, free_port, nothing_jumped
from tests.browser.test_explore import eventually, pixels

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
    expect(page.locator(".meta")).to_contain_text(f"{channels} channels · sees ")
    assert np.ptp(drawn(page, 0)) > 0


def drawn(page: Page, channel: int) -> NDArray[np.int64]:
    """(H, W, 3) of a tile."""
    return pixels(page, f'.tile[data-channel="{channel}"] .frame canvas').astype(np.int64)


@pytest.mark.parametrize("stage", STAGES)
def test_one_click_on_the_map(start_page: Page, stage: str) -> None:
    start_page.locator(f'.node[data-stage="{stage}"]').click()
    shown(start_page, *STAGES[stage])


@pytest.mark.parametrize("layer", BY_NAME)
def test_one_click_in_the_list(start_page: Page, layer: str) -> None:
    start_page.locator(".u_map .row", has_text=layer).first.click()
    shown(start_page, layer, BY_NAME[layer])


def test_conv2d_transpose_3_against_what_the_skip_brings_in_one_click(start_page: Page) -> None:
    start_page.locator(".u_map .row", has_text="conv2d_transpose_3").first.click()
    shown(start_page, "conv2d_transpose_3", 16)
    alone = drawn(start_page, 0)
    start_page.locator(".u_map .row", has_text="concatenate_3").first.click()
    shown(start_page, "concatenate_3", 32)
    halves = start_page.locator(".half")
    expect(halves.nth(0)).to_contain_text("From the encoder")
    expect(halves.nth(0)).to_contain_text("channels 1–16")
    expect(halves.nth(1)).to_contain_text("From below conv2d_transpose_3 · channels 17–32")
    left, right = (start_page.locator(f'.tile[data-channel="{channel}"]').bounding_box() for channel in (15, 16))
    assert left
    assert right
    assert left["x"] < right["x"]
    # The same map, smaller now that there are twice as many.
    joined = drawn(start_page, 16)
    rows, columns = (
        (np.arange(24) + 0.5) / 24 * np.array([[alone.shape[0]], [joined.shape[0]]]),
        (np.arange(48) + 0.5) / 48 * np.array([[alone.shape[1]], [joined.shape[1]]]),
    )
    samples = [
        picture[np.ix_(row.astype(int), column.astype(int))].sum(-1)
        for picture, row, column in zip((alone, joined), rows, columns, strict=True)
    ]
    assert np.corrcoef(samples[0].ravel(), samples[1].ravel())[0, 1] > 0.9


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


@pytest.mark.parametrize("width", [1440, 390])
def test_the_salt_article_looks_at_a_section_and_keeps_its_places(
    shipped: Server, contexts: dict[bool, BrowserContext], width: int
) -> None:
    page = contexts[False].new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.set_default_timeout(120_000)
    page.add_init_script(SHIFTS)
    page.goto(f"{shipped.url}articles?article=D")
    figure = page.get_by_role("img", name="The threshold is a choice: tgs-salt, dome_")
    figure.wait_for()
    eventually(page, lambda: is_drawn(figure, least=100))
    nothing_jumped(page)
    page.close()


def test_the_articles_page_shows_a_figure_and_leads_to_it(start_page: Page) -> None:
    """Two clicks from the start page; the last test here, for it leaves that page."""
    start_page.get_by_role("navigation").get_by_role("link", name="Articles").click()
    figure = start_page.get_by_role("img", name="Encoder, step 5: the bottleneck: kitti-16-scenes")
    figure.wait_for()
    figure.scroll_into_view_if_needed()
    eventually(start_page, lambda: is_drawn(figure))
    start_page.locator(".st-key-figure_A_5").get_by_role("button").click()
    shown(start_page, "conv2d_9", 256)


def is_drawn(image: Locator, least: int = 600) -> None:
    """The picture has come, and is at least so many pixels wide."""
    assert image.evaluate("image => image.complete && image.naturalWidth") >= least
    colours = image.evaluate(
        """image => {
          const canvas = new OffscreenCanvas(64, 64), context = canvas.getContext("2d");
          context.drawImage(image, 0, 0, 64, 64);
          return [...context.getImageData(0, 0, 64, 64).data];
        }"""
    )
    assert np.ptp(np.reshape(colours, (-1, 4))[:, 1]) > 50
