"""The Explore page in a real browser: what is drawn is what was computed, and only what must be asked is asked."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Open, Server, nothing_jumped
from tests.zoo_fixtures import OpenZoo
from unet_explorer.pictures import Picture
from unet_explorer.rendering.colormaps import COLORMAPS

if TYPE_CHECKING:
    from unet_explorer.network import Network

pytestmark = pytest.mark.browser

MODEL = "keras3_unet"


@pytest.fixture(scope="module")
def open_wide(server: Server) -> Network:
    """The network with a layer of 1024 channels, opened."""
    from unet_explorer.network import open_network

    return open_network(server.folder / "models" / "wide")


def ready(page: Page, layer: str, view: str = "") -> None:
    """Wait until a layer is drawn."""
    page.locator(f'.channel_grid[data-ready$="/{layer}/{view}"]').wait_for()
    page.wait_for_timeout(150)


READ = """canvas => {
  const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let text = "";
  for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
  return [width, height, btoa(text)];
}"""


def pixels(page: Page, selector: str) -> NDArray[np.uint8]:
    """(H, W, 3) of a canvas, through Streamlit's shadow roots."""
    width, height, data = page.locator(selector).first.evaluate(READ)
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)[..., :3]


def requests_of(page: Page) -> list[str]:
    """A list that fills with the addresses of our own routes as they are asked."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/unet/maps/" in request.url else None)
    return asked


def asked_by_moves(asked: list[str]) -> list[str]:
    """Without what a page asks for by itself once its first view is drawn."""
    return [address for address in asked if not re.search("/(overview|thumbs|statistics|picture)", address)]


def expected(values: NDArray[np.float32], low: float, high: float, colours: str, gamma: float = 1.0) -> Any:
    """Colours of a map, by the definition: level, value of the level, share of the range, colour."""
    own_low, own_high = float(values.min()), float(values.max())
    level = np.rint((values - own_low) / (own_high - own_low) * 255)
    shown = own_low + level / 255 * (own_high - own_low)
    share = ((shown - low) / (high - low)).clip(0, 1) ** gamma
    return COLORMAPS[colours][np.rint(share * 255).astype(int)]


def centres(drawn: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The drawn colour at the centre of each map pixel."""
    rows = ((np.arange(shape[0]) + 0.5) / shape[0] * drawn.shape[0]).astype(int)
    columns = ((np.arange(shape[1]) + 0.5) / shape[1] * drawn.shape[1]).astype(int)
    return drawn[rows][:, columns]


def maps_of(open_zoo: OpenZoo, picture: Picture, layer: str) -> NDArray[np.float32]:
    return open_zoo(MODEL).feature_maps(picture, [layer])[layer].values


def near(drawn: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> None:
    """The same colours, up to one level where a value lies on the edge between two."""
    difference = np.abs(drawn.astype(int) - wanted.astype(int)).max(-1)
    assert np.mean(difference > 4) < 0.001, f"{np.mean(difference > 4):.1%} of the pixels differ"


def eventually(page: Page, check: Callable[[], None], seconds: float = 15) -> None:
    """Wait until a check holds; what it says last where it never does. Busy machines draw late, not wrongly."""
    end = time.monotonic() + seconds
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > end:
                raise
        page.wait_for_timeout(100)


def in_address(page: Page, *texts: str, seconds: float = 15) -> None:
    """Wait until the address says these things."""

    def check() -> None:
        for text in texts:
            assert re.search(text, page.url), f"{text} is not in {page.url}"

    eventually(page, check, seconds)


def live(values: NDArray[np.float32]) -> int:
    """A channel that is not constant."""
    return int(np.argmax(values.std((0, 1))))


def test_every_tile_shows_what_the_network_computed(visit: Open, open_zoo: OpenZoo, street: Picture) -> None:
    page = visit(model=MODEL, layer="conv2d_3", colours="gray")
    ready(page, "conv2d_3")
    values = maps_of(open_zoo, street, "conv2d_3")
    for channel in range(values.shape[-1]):
        drawn = pixels(page, f'.tile[data-channel="{channel}"] .frame canvas')
        own = values[..., channel]
        if own.min() == own.max():
            assert (centres(drawn, own.shape) == 0).all()
            expect(page.locator(f'.tile[data-channel="{channel}"] .mark')).to_have_text(re.compile("dead|constant"))
        else:
            near(centres(drawn, own.shape), expected(own, own.min(), own.max(), "gray"))


def test_the_large_pane_shows_the_chosen_channel_exactly(visit: Open, open_zoo: OpenZoo, street: Picture) -> None:
    values = maps_of(open_zoo, street, "conv2d_1")
    channel = live(values)
    page = visit(model=MODEL, layer="conv2d_1", channel=str(channel), colours="viridis")
    ready(page, "conv2d_1")
    drawn = pixels(page, "canvas.large")
    rows, columns = drawn.any(-1).any(1).nonzero()[0], drawn.any(-1).any(0).nonzero()[0]
    shown = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    own = values[..., channel]
    near(centres(shown, own.shape), expected(own, own.min(), own.max(), "viridis"))


def test_colours_scaling_and_gamma_change_without_the_server(visit: Open, open_zoo: OpenZoo, street: Picture) -> None:
    page = visit(model=MODEL, layer="conv2d_3", colours="gray")
    ready(page, "conv2d_3")
    page.wait_for_timeout(1000)
    asked = requests_of(page)
    values = maps_of(open_zoo, street, "conv2d_3")
    channel = live(values)
    own = values[..., channel]

    def drawn_as(low: float, high: float, colours: str, gamma: float = 1.0) -> None:
        wanted = expected(own, low, high, colours, gamma)
        tile = f'.tile[data-channel="{channel}"] .frame canvas'
        eventually(page, lambda: near(centres(pixels(page, tile), own.shape), wanted))

    page.get_by_role("radio", name="Layer", exact=True).click()
    drawn_as(values.min(), values.max(), "gray")
    page.get_by_label("Colours").select_option("magma")
    drawn_as(values.min(), values.max(), "magma")
    page.get_by_role("radio", name="Fixed", exact=True).click()
    page.get_by_label("Lowest value of the range").fill("0")
    page.get_by_label("Highest value of the range").fill("0.5")
    page.get_by_label("Highest value of the range").press("Tab")
    drawn_as(0, 0.5, "magma")
    page.get_by_label("Gamma").fill("1")
    drawn_as(0, 0.5, "magma", gamma=0.5)
    expect(page.get_by_label("Gamma")).to_have_attribute("aria-valuetext", "0.50")
    assert asked_by_moves(asked) == []
    in_address(page, "colours=magma", "scaling=fixed")


def test_the_value_under_the_mouse_is_exact_and_asks_once(visit: Open, open_zoo: OpenZoo, street: Picture) -> None:
    values = maps_of(open_zoo, street, "conv2d_1")
    channel = live(values)
    page = visit(model=MODEL, layer="conv2d_1", channel=str(channel))
    ready(page, "conv2d_1")
    box = page.locator("canvas.large").bounding_box()
    assert box is not None
    scale = min(box["width"] / street.width, box["height"] / street.height)
    left = box["x"] + (box["width"] - street.width * scale) / 2
    top = box["y"] + (box["height"] - street.height * scale) / 2
    asked = requests_of(page)
    for row, column in ((3, 4), (20, 31), (36, 52)):
        page.mouse.move(left + (column + 0.5) * scale, top + (row + 0.5) * scale)
        own = values[int((row + 0.5) / 37 * 24), int((column + 0.5) / 53 * 40), channel]
        facts = page.locator(".facts .row dd")
        expect(facts.nth(1)).to_have_text(f"row {row}, column {column}")
        expect(facts.nth(0)).not_to_contain_text("≈")
        assert float(facts.nth(0).inner_text().replace("−", "-")) == pytest.approx(float(own), rel=6e-4, abs=1e-6)
    assert len([address for address in asked if "/values" in address]) == 1
    assert len(asked_by_moves(asked)) <= 2


def test_the_map_the_list_and_the_keys_go_to_layers(visit: Open) -> None:
    page = visit(model=MODEL)
    ready(page, "conv2d_1")
    page.locator('.node[data-stage="bottleneck"]').click()
    ready(page, "conv2d_5")
    page.keyboard.press("ArrowRight")
    ready(page, "conv2d_7")
    page.keyboard.press("]")
    ready(page, "batch_normalization_7")
    page.keyboard.press("/")
    page.keyboard.type("concat decoder 1")
    page.keyboard.press("Enter")
    ready(page, "concatenate_1")
    expect(page.locator(".half").nth(0)).to_contain_text("From the encoder")
    expect(page.locator(".half").nth(1)).to_contain_text("From below")
    in_address(page, "layer=concatenate_1")


def test_a_layer_seen_before_is_not_asked_for_again(visit: Open) -> None:
    page = visit(model=MODEL)
    ready(page, "conv2d_1")
    page.locator('.node[data-stage="bottleneck"]').click()
    ready(page, "conv2d_5")
    page.wait_for_timeout(800)
    asked = requests_of(page)
    page.locator('.node[data-stage="encoder 1"]').click()
    ready(page, "conv2d_1")
    assert [address for address in asked if "/sheet" in address] == []


def test_the_first_view_asks_for_its_sheet_once(visit: Open) -> None:
    page = visit(model=MODEL)
    ready(page, "conv2d_1")
    # The browser comes before the map here: whichever comes first is the one that selects.
    held: list[Route] = []
    page.route("**/u_map.js*", lambda route: held.append(route))
    asked = requests_of(page)
    page.reload()
    ready(page, "conv2d_1")
    held[0].continue_()
    page.locator('.node[data-stage="bottleneck"]').wait_for()
    page.wait_for_timeout(500)
    assert len([address for address in asked if "/sheet" in address]) == 1


DRAWN_TWICE = """async () => {
  const { name } = performance.getEntriesByType("resource").find(({ name }) => name.includes("/shared/telling.js"));
  const { link } = await import(name);
  const said = [];
  const parentElement = document.body.appendChild(document.createElement("div"));
  const draw = (number) => link({ parentElement, data: {}, setStateValue() {} }, () => () => said.push(number));
  const ends = [draw(1), draw(2)];
  ends[0]();
  said.push("drawn");
  parentElement.remove();
  ends[1]();
  return said;
}"""


def test_a_component_that_streamlit_draws_twice_at_once_stays_alive(visit: Open) -> None:
    page = visit(model=MODEL)
    ready(page, "conv2d_1")
    # What the first drawing returned is called after the second one where both waited for the same script.
    assert page.evaluate(DRAWN_TWICE) == ["drawn", 2]


def test_views_of_a_layer(visit: Open, open_zoo: OpenZoo, street: Picture) -> None:
    page = visit(model=MODEL, layer="conv2d_3", colours="gray")
    ready(page, "conv2d_3")
    page.get_by_role("radio", name="Pre-activation").click()
    ready(page, "conv2d_3", "pre_activation")
    name = "conv2d_3:pre_activation"
    values = open_zoo(MODEL).feature_maps(street, [name])[name].values
    own = values[..., 2]
    near(
        centres(pixels(page, '.tile[data-channel="2"] .frame canvas'), own.shape),
        expected(own, own.min(), own.max(), "gray"),
    )


def test_arrow_keys_walk_through_the_channels_and_enter_enlarges(visit: Open) -> None:
    page = visit(model=MODEL, layer="conv2d_5")
    ready(page, "conv2d_5")
    page.locator(".scroller").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".badge")).to_have_text("Channel 3")
    page.keyboard.press("End")
    expect(page.locator(".badge")).to_have_text("Channel 8")
    before = page.locator(".pane").bounding_box()
    page.keyboard.press("Enter")
    page.wait_for_timeout(200)
    after = page.locator(".pane").bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] * after["width"] > 2 * before["height"] * before["width"]
    page.keyboard.press("Escape")
    expect(page.locator(".pane")).to_have_css("width", f"{before['width']:g}px")
    in_address(page, "channel=7")


def test_zoom_is_linked_and_kept_in_the_address(visit: Open) -> None:
    page = visit(model=MODEL, layer="conv2d_1", colours="gray")
    ready(page, "conv2d_1")
    before = pixels(page, '.tile[data-channel="1"] .frame canvas')
    box = page.locator("canvas.large").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -600)
    in_address(page, r"camera=[\d.]+(%2C|,)[\d.]+(%2C|,)[\d.]+")
    after = pixels(page, '.tile[data-channel="1"] .frame canvas')
    assert (before != after).any()
    page.reload()
    ready(page, "conv2d_1")
    again = pixels(page, '.tile[data-channel="1"] .frame canvas')
    # The address keeps two digits of the centre: an edge may move by a canvas pixel, no more.
    assert np.mean((again != after).any(-1)) < 0.03


def test_an_uploaded_picture_is_explored(visit: Open, server: Server) -> None:
    page = visit(model=MODEL, layer="conv2d_1")
    ready(page, "conv2d_1")
    page.get_by_role("button", name="Upload", exact=False).first.click()
    page.locator('input[type="file"]').set_input_files(str(Path(server.folder) / "samples" / "tower.png"))
    expect(page.locator(".u_map .node.encoder .size").first).to_contain_text("53 × 37")
    ready(page, "conv2d_1")

    def unnamed() -> None:
        assert "picture=" not in page.url

    eventually(page, unnamed)


def test_a_restarted_server_is_survived(visit: Open, server: Server) -> None:
    page = visit(model=MODEL, layer="conv2d_1")
    ready(page, "conv2d_1")
    server.stop()
    page.locator('.node[data-stage="bottleneck"]').click()
    server.start()
    in_address(page, "layer=conv2d_5", seconds=90)
    ready(page, "conv2d_5")
    expect(page.locator(".channel_grid .notice.error")).to_be_hidden()
    server.stop()
    server.start()
    page.locator('.node[data-stage="encoder 1"]').click()
    in_address(page, "layer=conv2d_1", seconds=90)
    ready(page, "conv2d_1")


def test_back_returns_to_what_was_chosen_before(visit: Open) -> None:
    page = visit(model=MODEL, layer="conv2d_1")
    ready(page, "conv2d_1")
    page.get_by_label("Colours").select_option("gray")
    in_address(page, "colours=gray")
    page.locator('.node[data-stage="bottleneck"]').click()
    in_address(page, "layer=conv2d_5")
    page.get_by_label("Colours").select_option("magma")
    in_address(page, "colours=magma")
    page.get_by_role("button", name="Pin this channel for the Compare page").click()
    in_address(page, "pins=")
    page.get_by_role("link", name="Classes").click()
    in_address(page, "/classes.*layer=conv2d_5")
    page.locator(".class_panes canvas").first.wait_for()
    page.go_back()
    ready(page, "conv2d_5")
    expect(page.get_by_label("Colours")).to_have_value("magma")
    page.go_back()
    ready(page, "conv2d_1")
    expect(page.get_by_label("Colours")).to_have_value("gray")
    in_address(page, "layer=conv2d_1", "colours=gray", "pins=")
    page.go_forward()
    ready(page, "conv2d_5")
    page.locator('.node[data-stage="encoder 1"]').click()
    in_address(page, "layer=conv2d_1.*colours=magma")


@pytest.mark.parametrize("model", ["keras3_binary", "valid_crops", "chain"])
def test_other_networks_are_drawn(visit: Open, model: str) -> None:
    page = visit(model=model)
    page.locator(".channel_grid[data-ready]").wait_for()
    expect(page.locator(".u_map canvas.bone")).to_have_count(0)
    places = page.locator(".u_map .node").evaluate_all(
        "nodes => nodes.map(node => { const { left, top } = node.getBoundingClientRect(); return [left, top]; })"
    )
    # A U goes down and up again; what is none is a graph from top to bottom.
    assert (len({left for left, _ in places}) == 1) == (model == "chain")
    assert page.locator(".u_map .arrows path.flow").count() == len(places) - 1
    if model == "chain":
        assert [top for _, top in places] == sorted(top for _, top in places)


@pytest.mark.parametrize("dark", [False, True])
def test_a_narrow_screen_needs_no_sideways_scrolling(visit: Open, dark: bool) -> None:
    page = visit(model=MODEL, layer="concatenate_1", width=390, height=844, dark=dark)
    ready(page, "concatenate_1")
    nothing_jumped(page)
    wide = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 390
    assert page.locator(".drawing").get_attribute("data-strip") is not None
    expect(page.locator(".node[aria-current]")).to_be_in_viewport(ratio=1)
    page.locator(".badge").evaluate("badge => { badge.textContent = 'Channel 12 · ' + 'name '.repeat(20); }")
    badge, legend = (page.locator(place).bounding_box() for place in (".badge", ".pane .legend"))
    assert badge
    assert legend
    assert badge["x"] + badge["width"] < legend["x"]


def test_more_about_a_channel(visit: Open, open_zoo: OpenZoo, street: Picture) -> None:
    values = maps_of(open_zoo, street, "conv2d_3")
    channel = live(values)
    page = visit(model=MODEL, layer="conv2d_3", channel=str(channel), area="about")
    ready(page, "conv2d_3")
    expect(page.get_by_role("radio", name="This channel")).to_be_checked()
    titles = page.locator(".about h3")
    expect(titles).to_have_text(["Fires strongest at", "On each class", "Most alike in this layer", "Kernel"])
    own = values[..., channel]
    row, column = np.unravel_index(own.argmax(), own.shape)
    first = page.locator(".about .mini span span").first
    expect(first).to_have_text(f"{int((row + 0.5) * 37 / own.shape[0])}, {int((column + 0.5) * 53 / own.shape[1])}")
    page.locator(".about .card").nth(2).locator(".mini").first.click()
    expect(page.locator(".badge")).not_to_have_text(f"Channel {channel + 1}")
    page.keyboard.press("i")
    expect(page.locator(".scroller")).to_be_visible()
    page.get_by_label("Tiles").select_option("large")
    in_address(page, "tiles=large")
    assert "area=" not in page.url


def test_the_pin_and_the_picture_of_a_pane(visit: Open) -> None:
    page = visit(model=MODEL, layer="conv2d_1")
    ready(page, "conv2d_1")
    page.locator(".pane").hover()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save what this pane shows as a PNG").click()
    assert saved.value.suggested_filename == "conv2d_1_channel_1.png"
    page.get_by_role("button", name="Pin this channel for the Compare page").click()
    in_address(page, "pins=")


SCROLL = """() => new Promise((done) => {
  const find = (root) => { for (const one of root.querySelectorAll("*")) {
    if (one.matches(".scroller")) return one;
    const found = one.shadowRoot && find(one.shadowRoot);
    if (found) return found;
  } };
  const scroller = find(document);
  let left = 60;
  const step = () => { scroller.scrollTop += 45; if (left--) requestAnimationFrame(step); else done(); };
  step();
})"""


def test_many_channels_scroll_without_all_being_drawn(visit: Open, open_wide: Network, street: Picture) -> None:
    values = open_wide.feature_maps(street, ["deep"])["deep"].values
    page = visit(model="wide", layer="deep", colours="gray")
    page.locator(".channel_grid[data-ready]").wait_for()
    assert page.locator(".tile").count() < 250
    # What is dead is marked on its tile, and explained when it is chosen.
    dead = [channel for channel in range(40) if (values[..., channel] == 0).all()]
    marked = page.locator(".tile", has=page.get_by_text("dead", exact=True))
    shown = marked.evaluate_all(
        "tiles => tiles.map(tile => Number(tile.dataset.channel)).filter(channel => channel < 40)"
    )
    assert dead
    assert sorted(shown) == dead
    page.locator(f'.tile[data-channel="{dead[0]}"]').click()
    expect(page.locator(".facts .notice")).to_contain_text("Dead for this picture: every value is 0.")
    # Scrolling 60 frames costs the script less than a frame's 16 ms each.
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def script() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(row["value"] for row in metrics if row["name"] == "ScriptDuration"))

    before = script()
    page.evaluate(SCROLL)
    assert (script() - before) / 60 < 0.016
    page.locator(".scroller").focus()
    page.keyboard.press("End")
    expect(page.locator(".badge")).to_have_text("Channel 1024")
    expect(page.locator('.tile[data-channel="1023"]')).to_be_visible()
    assert page.locator(".tile").count() < 250
    last = max(channel for channel in range(1000, 1024) if np.ptp(values[..., channel]))
    own = values[..., last]
    tile = f'.tile[data-channel="{last}"] .frame canvas'
    eventually(page, lambda: near(centres(pixels(page, tile), own.shape), expected(own, own.min(), own.max(), "gray")))


def test_a_layer_that_cannot_be_computed_says_why_and_can_be_tried_again(visit: Open) -> None:
    page = visit(model=MODEL, layer="conv2d_1")
    ready(page, "conv2d_1")
    sentence = "This picture does not fit into memory: choose a smaller one."
    page.route("**/sheet?layer=conv2d_5*", lambda route: route.fulfill(status=422, json={"error": sentence}))
    page.locator('.node[data-stage="bottleneck"]').click()
    expect(page.locator(".channel_grid .notice.error")).to_contain_text(sentence)
    page.unroute("**/sheet?layer=conv2d_5*")
    page.get_by_role("button", name="Try again").click()
    ready(page, "conv2d_5")
    expect(page.locator(".channel_grid .notice.error")).to_be_hidden()


def test_going_away_and_coming_back_keeps_the_view(visit: Open) -> None:
    page = visit(model=MODEL, layer="conv2d_3", colours="gray")
    ready(page, "conv2d_3")
    # Chosen at the last moment, before Python was told.
    page.locator('.tile[data-channel="2"]').click()
    page.get_by_role("link", name="Classes").click()
    page.locator(".class_panes canvas").first.wait_for()
    page.get_by_role("link", name="Explore").click()
    ready(page, "conv2d_3")
    expect(page.locator(".badge")).to_have_text("Channel 3")
    expect(page.get_by_label("Colours")).to_have_value("gray")
    page.locator('.node[data-stage="bottleneck"]').click()
    ready(page, "conv2d_5")
    in_address(page, "layer=conv2d_5", "colours=gray")
