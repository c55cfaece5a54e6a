"""Every control of the Explore page, one after the other on one page: what it draws and writes, against NumPy."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, CDPSession, Locator, Page, expect

from tests.browser.conftest import SHIFTS, Server, nothing_jumped
from tests.browser.test_explore import MODEL, centres, eventually, expected, live, maps_of, near, pixels, ready
from tests.zoo_fixtures import OpenZoo
from unet_explorer.analysis.agreement import correlation_with_mask
from unet_explorer.analysis.channels import channel_statistics
from unet_explorer.pictures import Picture, fit_label_map

if TYPE_CHECKING:
    from unet_explorer.network import FeatureMaps

pytestmark = pytest.mark.browser

LIT = (255, 176, 0)
CAMERA = r"camera=([\d.]+)(?:%2C|,)([\d.]+)(?:%2C|,)([\d.]+)"

# What each pane the mouse steers shows of the crosshair: its name, and where it is as shares of the pane.
CROSSHAIRS = """() => {
  const found = [];
  const visit = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) visit(element.shadowRoot);
      if (!element.matches("[data-steered]") || !element.clientWidth) continue;
      const [down, across] = ["::before", "::after"].map((part) => getComputedStyle(element, part));
      const { stage, channel } = element.closest("[data-stage], [data-channel]")?.dataset ?? {};
      if (down.content === "none") continue;
      const place = [parseFloat(down.left) / element.clientWidth, parseFloat(across.top) / element.clientHeight];
      found.push([stage ?? channel ?? "large", ...place]);
    }
  };
  visit(document);
  return found;
}"""

FOCUSED = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return getComputedStyle(at).outlineStyle;
}"""


@dataclass(frozen=True)
class Camera:
    """Where the page looks: the centre in picture pixels, and the zoom."""

    y: float
    x: float
    zoom: float


def camera_of(page: Page) -> Camera:
    """The camera of the address; everything where it says nothing."""
    found = re.search(CAMERA, page.url)
    return Camera(*(float(text) for text in found.groups())) if found else Camera(37 / 2, 53 / 2, 1)


def seen(shape: tuple[int, ...], camera: Camera, extent: tuple[float, ...], image: NDArray[Any]) -> NDArray[Any]:
    """What a canvas shows of an image that lies on `extent` of the picture of 37 x 53 pixels: nearest pixels."""
    scale = min(shape[1] / 53, shape[0] / 37) * camera.zoom
    y = (np.arange(shape[0]) + 0.5 - shape[0] / 2) / scale + camera.y
    x = (np.arange(shape[1]) + 0.5 - shape[1] / 2) / scale + camera.x
    top, left, tall, wide = extent
    rows = np.floor((y - top) / tall * image.shape[0]).clip(0, image.shape[0] - 1).astype(int)
    columns = np.floor((x - left) / wide * image.shape[1]).clip(0, image.shape[1] - 1).astype(int)
    return image[rows][:, columns]


def mostly(drawn: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> None:
    """The same but for the seams between magnified pixels, which may lie a canvas pixel off."""
    share = np.mean(np.abs(drawn.astype(int) - wanted.astype(int)).max(-1) > 4)
    assert share < 0.12, f"{share:.1%} of the pixels differ"


@pytest.fixture(scope="module")
def bench(server: Server, contexts: dict[bool, BrowserContext]) -> Iterator[Page]:
    """One Explore page for all tests of this module that leave it as they found it."""
    page = contexts[False].new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_viewport_size({"width": 1440, "height": 900})
    page.set_default_timeout(60_000)
    page.add_init_script(SHIFTS)
    page.goto(f"{server.url}?model={MODEL}&layer=conv2d_3&colours=gray")
    ready(page, "conv2d_3")
    page.locator('.node[data-stage="head"] canvas:not(.bone)').wait_for()
    yield page
    page.close()
    assert not errors


def go(page: Page, layer: str) -> None:
    """Choose a layer in the list."""
    page.locator(".u_map .row", has=page.get_by_text(layer, exact=True)).click()
    ready(page, layer)


def tile(page: Page, channel: int) -> NDArray[np.uint8]:
    return pixels(page, f'.tile[data-channel="{channel}"] .frame canvas')


def set_slider(page: Page, label: str, value: float) -> None:
    page.get_by_role("slider", name=label).evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input')); }", str(value)
    )


def as_number(text: str) -> float:
    """A number as the page writes it."""
    return float(text.replace("≈", "").replace("−", "-"))


def box_of(place: Locator) -> dict[str, float]:
    box = place.bounding_box()
    assert box is not None
    return dict(box)


def test_nothing_jumps_while_the_page_loads(bench: Page) -> None:
    nothing_jumped(bench)


def test_the_crosshair_is_on_every_pane_the_picture_and_the_class_map(
    bench: Page, open_zoo: OpenZoo, street: Picture
) -> None:
    network = open_zoo(MODEL)
    values = maps_of(open_zoo, street, "conv2d_3")
    box = box_of(bench.locator('.tile[data-channel="2"] .frame'))
    bench.mouse.move(box["x"] + 0.31 * box["width"], box["y"] + 0.64 * box["height"])
    facts = bench.locator(".facts")
    # The receptive field, 14 x 14 pixels of the input of 24 x 40, around the middle of the map's own pixel.
    pane, seen = box_of(bench.locator(".pane")), box_of(bench.locator(".sees"))
    scale = min(pane["width"] / 53, pane["height"] / 37)
    assert [seen["width"], seen["height"]] == pytest.approx([14 * 53 / 40 * scale, 14 * 37 / 24 * scale], rel=0.02)
    middle = [(int(0.31 * 20) + 0.5) / 20 * 53 - 53 / 2, (int(0.64 * 12) + 0.5) / 12 * 37 - 37 / 2]
    centre = [seen["x"] + seen["width"] / 2, seen["y"] + seen["height"] / 2]
    start = [pane["x"] + pane["width"] / 2, pane["y"] + pane["height"] / 2]
    assert centre == pytest.approx([at + offset * scale for at, offset in zip(start, middle, strict=True)], abs=2)
    row, column = int(0.64 * 37), int(0.31 * 53)
    expect(facts.locator(".where dd")).to_have_text(f"row {row}, column {column}")
    found = {name: place for name, *place in bench.evaluate(CROSSHAIRS)}
    stages = {"input", "encoder 1", "encoder 2", "bottleneck", "decoder 2", "decoder 1", "head"}
    assert found.keys() == stages | {"large"} | {str(channel) for channel in range(values.shape[-1])}
    for place in (place for name, place in found.items() if name != "large"):
        assert place == pytest.approx([0.31, 0.64], abs=0.02)
    # The class there, and the value on every tile: what its pixel averages, to half a level.
    probabilities = network.probabilities(street)
    y, x = int((row + 0.5) / 37 * 24), int((column + 0.5) / 53 * 40)
    name = next(entry.name for entry in network.class_table if entry.id == probabilities.values[y, x].argmax())
    expect(facts.locator(".class dd")).to_have_text(name)
    y, x = int((row + 0.5) / 37 * values.shape[0]), int((column + 0.5) / 53 * values.shape[1])
    for channel in range(values.shape[-1]):
        text = bench.locator(f'.tile[data-channel="{channel}"] .value').inner_text()
        half = float(np.ptp(values[..., channel])) / 510
        wanted = float(values[y, x, channel])
        assert as_number(text) == pytest.approx(wanted, abs=half * 1.01 + 1e-6, rel=1e-3)
    bench.mouse.move(700, 20)
    eventually(bench, lambda: _equal(bench.evaluate(CROSSHAIRS), []))


def _equal(found: object, wanted: object) -> None:
    assert found == wanted


def test_zoom_shows_the_same_part_of_every_pane_the_picture_and_the_class_map(
    bench: Page, open_zoo: OpenZoo, street: Picture
) -> None:
    network = open_zoo(MODEL)
    box = box_of(bench.locator("canvas.large"))
    bench.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.4 * box["height"])
    bench.mouse.wheel(0, -650)
    eventually(bench, lambda: _above(camera_of(bench).zoom, 2.5))
    bench.keyboard.press("Shift+ArrowLeft")
    before = camera_of(bench)
    eventually(bench, lambda: _above(before.x, camera_of(bench).x + 1e-9))
    camera = camera_of(bench)
    assert before.x - camera.x == pytest.approx(53 / camera.zoom / 10, abs=0.02)
    whole = (0.0, 0.0, 37.0, 53.0)
    shown = pixels(bench, '.node[data-stage="input"] canvas')
    mostly(shown, seen(shown.shape, camera, whole, street.pixels))
    probabilities = network.probabilities(street)
    classes = network.class_table.to_rgb(probabilities.values.argmax(-1).astype(np.uint8))
    shown = pixels(bench, '.node[data-stage="head"] canvas')
    mostly(shown, seen(shown.shape, camera, probabilities.placement.extent(), classes))
    maps = network.feature_maps(street, ["conv2d_3"])["conv2d_3"]
    channel = live(maps.values)
    own = maps.values[..., channel]
    colours = expected(own, own.min(), own.max(), "gray")
    shown = tile(bench, channel)
    mostly(shown, seen(shown.shape, camera, maps.placement.extent(), colours))
    bench.keyboard.press("0")
    bench.mouse.move(700, 20)
    eventually(bench, lambda: _equal(camera_of(bench).zoom, 1))


def _above(value: float, least: float) -> None:
    assert value > least


def test_the_histogram_counts_what_the_network_computed_and_chooses_a_range(
    bench: Page, open_zoo: OpenZoo, street: Picture
) -> None:
    values = maps_of(open_zoo, street, "conv2d_3")
    channel = live(values)
    own = values[..., channel]
    bench.locator(f'.tile[data-channel="{channel}"]').click()
    said = bench.locator(".histogram .said")
    expect(said).to_have_text(f"{own.size:,} values")
    low, high = float(own.min()), float(own.max())
    labels = [as_number(text) for text in bench.locator(".histogram .axis span").all_inner_texts()]
    assert 2 <= len(labels) <= 6
    assert all(low <= value <= high * 1.0001 for value in labels)
    plot = bench.locator(".histogram .plot")
    box = box_of(plot)
    counts = channel_statistics(values).counts[channel]
    bin_ = 5 + int(np.argmax(counts[5:40]))
    edges = low + (high - low) * np.arange(65) / 64
    bench.mouse.move(box["x"] + (bin_ + 0.5) / 64 * box["width"], box["y"] + 10)
    expect(said).to_have_text(re.compile(rf": {counts[bin_]} \({100 * counts[bin_] / own.size:.1f}%\)$"))
    assert int(counts[bin_]) == pytest.approx(np.histogram(own, bins=64)[0][bin_], abs=2)
    # The pixels of the bar light up, and no others.
    level = np.rint((own - low) / (high - low) * 255).astype(int)

    def lit() -> None:
        drawn = pixels(bench, "canvas.large")
        scale = min(drawn.shape[0] / 37, drawn.shape[1] / 53)
        top, left = ((side - scale * length) / 2 for side, length in zip(drawn.shape, (37, 53), strict=False))
        shown = centres(drawn[round(top) : round(top + 37 * scale), round(left) : round(left + 53 * scale)], own.shape)
        np.testing.assert_array_equal((shown == LIT).all(-1), level // 4 == bin_)

    eventually(bench, lit)
    # Drag from this bar to another: their values become the fixed range.
    bench.mouse.down()
    bench.mouse.move(box["x"] + 50.5 / 64 * box["width"], box["y"] + 12, steps=3)
    bench.mouse.up()
    fields = [bench.get_by_label(f"{end} value of the range") for end in ("Lowest", "Highest")]
    chosen = [float(field.input_value()) for field in fields]
    assert chosen == pytest.approx([edges[bin_], edges[51]], rel=1e-3)
    bench.mouse.move(700, 20)
    eventually(bench, lambda: near(centres(tile(bench, channel), own.shape), expected(own, *chosen, "gray")))
    legend = bench.locator(".pane .legend").inner_text().split()
    assert [as_number(text) for text in legend] == pytest.approx(chosen, rel=1e-3)
    bench.locator(".histogram .plot").dblclick()
    expect(bench.get_by_role("radio", name="Channel", exact=True)).to_be_checked()
    # By keyboard: the first bin.
    bench.mouse.move(700, 20)
    bench.locator(".histogram").focus()
    bench.keyboard.press("ArrowRight")
    expect(said).to_have_text(re.compile(rf": {counts[0]} "))
    bench.keyboard.press("Tab")
    expect(said).to_have_text(f"{own.size:,} values")
    bench.mouse.move(700, 20)


def test_the_picture_shines_through(bench: Page, open_zoo: OpenZoo, street: Picture) -> None:
    values = maps_of(open_zoo, street, "conv2d_3")
    channel = live(values)
    own = values[..., channel]
    set_slider(bench, "Picture", 40)

    def blended() -> None:
        drawn = tile(bench, channel).astype(float)
        over = expected(own, own.min(), own.max(), "gray").astype(float)
        whole = Camera(37 / 2, 53 / 2, 1)
        under = seen(drawn.shape, whole, (0, 0, 37, 53), street.pixels).astype(float)
        above = seen(drawn.shape, whole, (0, 0, 37, 53), over)
        mostly(drawn.astype(np.uint8), (0.4 * under + 0.6 * above).round().astype(np.uint8))

    eventually(bench, blended)
    set_slider(bench, "Picture", 0)
    near(centres(tile(bench, channel), own.shape), expected(own, own.min(), own.max(), "gray"))


def class_under(open_zoo: OpenZoo, picture: Picture, maps: FeatureMaps) -> NDArray[np.uint8]:
    """The predicted class under each pixel of a layer's maps, (H, W)."""
    probabilities = open_zoo(MODEL).probabilities(picture)
    on_picture = probabilities.placement.restore(probabilities.values.argmax(-1).astype(np.uint8))
    return fit_label_map(on_picture, maps.placement, *maps.values.shape[:2])


def test_every_sorting_order(bench: Page, open_zoo: OpenZoo, street: Picture) -> None:
    go(bench, "conv2d_5")
    network = open_zoo(MODEL)
    maps = network.feature_maps(street, ["conv2d_5"])["conv2d_5"]
    found = channel_statistics(maps.values)
    common = np.bincount(class_under(open_zoo, street, maps).ravel()).argmax()
    mask = class_under(open_zoo, street, maps) == common
    keys = {
        "mean": found.mean,
        "deviation": found.deviation,
        "zeros": found.zeros,
        "entropy": found.entropy,
        "agreement": correlation_with_mask(maps.values, mask),
        "index": -np.arange(maps.values.shape[-1]),
    }
    for name, key in keys.items():
        bench.get_by_label("Sort").select_option(name)
        if name == "agreement":
            bench.get_by_label("Class to agree with").select_option(str(common))
        key = np.nan_to_num(key, nan=-np.inf).round(7)
        eventually(bench, lambda key=key: _sorted(bench, key))
    # By the value at a place: that of the drawing, so to half a level of each channel.
    bench.get_by_label("Sort").select_option("here")
    box = box_of(bench.locator('.node[data-stage="input"] canvas'))
    bench.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.3 * box["height"])
    key = maps.values[int(0.3 * maps.values.shape[0]), int(0.6 * maps.values.shape[1])]
    eventually(bench, lambda: _sorted(bench, key, float(np.ptp(maps.values, (0, 1)).max()) / 255))
    bench.mouse.move(700, 20)
    bench.get_by_label("Sort").select_option("index")


def _sorted(page: Page, key: NDArray[Any], slack: float = 0) -> None:
    """The tiles on screen, in reading order, have falling keys."""
    places = page.locator(".tile").evaluate_all(
        "tiles => tiles.map(tile => { const { top, left } = tile.getBoundingClientRect();"
        " return [Math.round(top), left, Number(tile.dataset.channel)]; })"
    )
    order = [int(channel) for _, _, channel in sorted(places)]
    assert sorted(order) == list(range(len(key)))
    assert all(key[a] >= key[b] - slack for a, b in itertools.pairwise(order)), order


def test_all_views_of_a_layer(bench: Page, open_zoo: OpenZoo, street: Picture) -> None:
    go(bench, "conv2d_1")
    views = {"Pre-activation": "pre_activation", "Batch norm": "batch_norm", "Activation": ""}
    for label, view in views.items():
        bench.get_by_role("radio", name=label, exact=True).click()
        ready(bench, "conv2d_1", view)
        name = f"conv2d_1:{view}" if view else "conv2d_1"
        own = open_zoo(MODEL).feature_maps(street, [name])[name].values[..., 1]
        wanted = expected(own, own.min(), own.max(), "gray")
        eventually(bench, lambda own=own, wanted=wanted: near(centres(tile(bench, 1), own.shape), wanted))


def test_a_concatenation_has_its_halves_side_by_side(bench: Page, open_zoo: OpenZoo, street: Picture) -> None:
    go(bench, "concatenate_1")
    titles = [text.replace("\xa0", " ") for text in bench.locator(".half").all_inner_texts()]
    assert re.fullmatch(r"From the encoder \S+ · channels 1–4", titles[0])
    assert re.fullmatch(r"From below \S+ · channels 5–8", titles[1])
    skip, below = (title.split(" · ")[0].split()[-1] for title in titles)
    halves = {0: maps_of(open_zoo, street, skip), 4: maps_of(open_zoo, street, below)}
    for first, values in halves.items():
        for channel in range(4):
            own = values[..., channel]
            if own.min() < own.max():
                near(centres(tile(bench, first + channel), own.shape), expected(own, own.min(), own.max(), "gray"))
    boxes = [box_of(bench.locator(f'.tile[data-channel="{channel}"]')) for channel in (0, 4)]
    assert boxes[0]["y"] == boxes[1]["y"]
    bench.locator('.tile[data-channel="4"]').click()
    expect(bench.locator(".badge")).to_contain_text("from below")


def test_the_cards_about_a_channel(bench: Page, open_zoo: OpenZoo, street: Picture) -> None:
    go(bench, "conv2d_3")
    network = open_zoo(MODEL)
    maps = network.feature_maps(street, ["conv2d_3"])["conv2d_3"]
    channel = live(maps.values)
    bench.locator(f'.tile[data-channel="{channel}"]').click()
    bench.keyboard.press("i")
    cards = bench.locator(".about .card:not(.bone)")
    expect(cards).to_have_count(4)
    # Most alike: the correlations NumPy finds, strongest first whatever their sign.
    rows = maps.values.reshape(-1, maps.values.shape[-1]).T.astype(np.float64)
    with np.errstate(invalid="ignore"):
        alike = np.corrcoef(rows)[channel]
    alike[channel] = np.nan
    best = int(np.nanargmax(np.abs(alike)))
    first = cards.nth(2).locator(".mini").first
    expect(first.locator("span span")).to_have_text(str(best + 1))
    assert as_number(first.locator("b").inner_text()) == pytest.approx(alike[best], abs=6e-4)
    # On each class: means of the channel where each class is predicted.
    ids = class_under(open_zoo, street, maps)
    names = {entry.name: entry.id for entry in network.class_table}
    bars = cards.nth(1).locator(".bar")
    assert bars.count() == len(np.unique(ids))
    for bar in bars.all():
        mean = maps.values[..., channel][ids == names[bar.locator("b").inner_text()]].mean(dtype=np.float64)
        assert as_number(bar.locator("output").inner_text()) == pytest.approx(mean, rel=1e-3, abs=1e-6)
    # The kernel: the heaviest input channel first, each weight in its colour, red above and blue below zero.
    kernel = network.kernel("conv2d_3")
    assert kernel is not None
    norms = np.sqrt((kernel[..., channel].astype(np.float64) ** 2).sum((0, 1)))
    slices = cards.nth(3).locator(".slice")
    order = [int(text) - 1 for text in slices.all_inner_texts()]
    assert order == np.argsort(-norms, kind="stable")[: len(order)].tolist()
    drawn = pixels(bench, ".about .slice canvas").astype(int)
    weights = kernel[:, :, order[0], channel]
    strong = np.abs(weights) > 0.2 * np.abs(kernel[..., channel]).max()
    np.testing.assert_array_equal((drawn[..., 0] > drawn[..., 2])[strong], (weights > 0)[strong])
    # On to a layer with fewer channels than the last: its own cards, although its tiles are out of sight.
    go(bench, "conv2d")
    expect(cards.nth(3)).to_contain_text("weights for")
    expect(cards).to_have_count(4)
    expect(bench.locator(".notice.error")).to_be_hidden()
    go(bench, "conv2d_3")
    bench.keyboard.press("i")
    expect(bench.locator(".scroller")).to_be_visible()


def test_what_is_on_screen_is_saved_as_a_png(bench: Page) -> None:
    go(bench, "conv2d_3")
    large = pixels(bench, "canvas.large")
    with bench.expect_download() as saved:
        bench.get_by_role("button", name="Save all as PNG").click()
    assert saved.value.suggested_filename == f"{MODEL}_conv2d_3.png"
    image = np.asarray(Image.open(io.BytesIO(Path(saved.value.path()).read_bytes())).convert("RGB"))
    rows = [row for row in range(60) if _holds(image, large, row)]
    assert len(rows) == 1, "the chosen channel is not in the picture as it is drawn"
    assert image.shape[0] > large.shape[0] + 3 * box_of(bench.locator(".tile .frame").first)["height"]


def _holds(image: NDArray[np.uint8], part: NDArray[np.uint8], row: int) -> bool:
    """Whether `part` lies in `image`, its upper left corner at `row` and column 16; black is what is clear."""
    there = image[row : row + part.shape[0], 16 : 16 + part.shape[1]]
    opaque = part.any(-1)
    return there.shape == part.shape and bool((there[opaque] == part[opaque]).all())


def test_the_map_says_what_it_shows(bench: Page, open_zoo: OpenZoo, street: Picture) -> None:
    go(bench, "conv2d_1")
    bench.locator('.tile[data-channel="0"]').click()
    caption = bench.locator(".u_map .caption")
    expect(caption).to_contain_text("Encoder 1 shows channel 1 of conv2d_1. Other stages: mean magnitude")
    expect(caption).to_contain_text("The head: the class map.")
    sizes = bench.locator(".u_map .node .size").all_inner_texts()
    assert [re.sub(r"\s", "", size) for size in sizes] == [
        *("37×53", "24×40·4", "12×20·6", "6×10·8", "12×20·6", "24×40·4", "24×40·5")
    ]
    carried = bench.locator(".u_map .arrows .carried").all_text_contents()
    assert carried == ["6", "4"]
    magnitude = np.abs(maps_of(open_zoo, street, "conv2d_5")).mean(-1)
    low, high = np.percentile(magnitude, [1, 99])
    wanted = (((magnitude - low) / (high - low)).clip(0, 1) * 255).round().astype(np.uint8)
    drawn = pixels(bench, '.node[data-stage="bottleneck"] canvas')
    near(centres(drawn, wanted.shape), np.repeat(wanted[..., None], 3, -1))
    shown = maps_of(open_zoo, street, "conv2d_1")[..., 0]
    drawn = pixels(bench, '.node[data-stage="encoder 1"] canvas')
    near(centres(drawn, shown.shape), expected(shown, shown.min(), shown.max(), "gray"))
    bench.locator(".u_map summary").click()
    legend = bench.locator(".u_map .legend div").all_inner_texts()
    kinds = {layer.kind for layer in open_zoo(MODEL).layers} - {"input"}
    assert len(legend) == len(kinds)
    assert all(len(text.split()) > 1 for text in legend)
    bench.locator(".u_map summary").click()


def test_the_keys(bench: Page) -> None:
    go(bench, "conv2d_5")
    bench.keyboard.press("?")
    expect(bench.locator("dialog.help")).to_be_visible()
    bench.keyboard.press("Escape")
    expect(bench.locator("dialog.help")).to_be_hidden()
    bench.locator(".pane").focus()
    bench.keyboard.press("Home")
    bench.keyboard.press("ArrowRight")
    expect(bench.locator(".badge")).to_have_text("Channel 2")
    outline = bench.locator(".pane").evaluate("pane => getComputedStyle(pane).outlineStyle")
    assert outline == "solid"
    bench.keyboard.press("/")
    bench.keyboard.type("pool")
    expect(bench.locator(".u_map .row:visible")).to_have_count(2)
    bench.keyboard.press("Escape")
    expect(bench.locator(".u_map .row:visible").nth(5)).to_be_visible()
    bench.keyboard.press("Tab")
    tabbed = bench.evaluate(FOCUSED)
    assert tabbed != "none"


Fingers = Callable[[str, list[tuple[float, float]]], None]


def fingers_of(session: CDPSession) -> Fingers:
    """`fingers("touchMove", [(x, y), ...])`: what Chromium is told a touch screen feels."""

    def send(kind: str, points: list[tuple[float, float]]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    return send


@pytest.fixture
def phone(server: Server, chromium: Browser) -> Iterator[Page]:
    """A telephone on the Explore page."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(60_000)
    page.goto(f"{server.url}?model={MODEL}&layer=conv2d_1")
    ready(page, "conv2d_1")
    yield page
    context.close()
    assert not errors


def test_fingers_point_pinch_pan_and_scroll(phone: Page) -> None:
    fingers = fingers_of(phone.context.new_cdp_session(phone))
    box = box_of(phone.locator("canvas.large"))
    y, x = box["y"] + box["height"] / 2, box["x"] + box["width"] / 2
    # A tap points, and the values stay to be read.
    fingers("touchStart", [(x, y)])
    fingers("touchEnd", [])
    expect(phone.locator(".facts .where dd")).to_have_text("row 18, column 26")
    # Two fingers that move apart to three times their distance zoom three times.
    fingers("touchStart", [(x - 20, y), (x + 20, y)])
    for step in range(1, 9):
        fingers("touchMove", [(x - 20 - 5 * step, y), (x + 20 + 5 * step, y)])
    fingers("touchEnd", [])
    eventually(phone, lambda: _near(camera_of(phone).zoom, 3))
    # One finger pans what is near: the picture follows it.
    before = camera_of(phone)
    fingers("touchStart", [(x, y)])
    for step in range(1, 9):
        fingers("touchMove", [(x + 5 * step, y + 2 * step)])
    fingers("touchEnd", [])
    scale = min(box["width"] / 53, box["height"] / 37) * before.zoom
    eventually(phone, lambda: _near(before.x - camera_of(phone).x, 40 / scale))
    assert before.y - camera_of(phone).y == pytest.approx(16 / scale, abs=0.3)
    # Two fingers on two tiles pinch back, until everything is in sight.
    tiles = [box_of(phone.locator(f'.tile[data-channel="{channel}"] .frame')) for channel in (0, 1)]
    phone.locator(".scroller").scroll_into_view_if_needed()
    tiles = [box_of(phone.locator(f'.tile[data-channel="{channel}"] .frame')) for channel in (0, 1)]
    level = tiles[0]["y"] + tiles[0]["height"] / 2
    left, right = tiles[0]["x"] + 5, tiles[1]["x"] + tiles[1]["width"] - 5
    fingers("touchStart", [(left, level), (right, level)])
    for step in range(1, 15):
        fingers("touchMove", [(left + 10 * step, level), (right - 10 * step, level)])
    fingers("touchEnd", [])
    eventually(phone, lambda: _equal(camera_of(phone).zoom, 1))
    # Then one finger scrolls the page again.
    phone.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 0")
    eventually(phone, lambda: _above(700, box_of(phone.locator("canvas.large"))["y"]))
    box = box_of(phone.locator("canvas.large"))
    y = box["y"] + box["height"] / 2
    fingers("touchStart", [(x, y)])
    for step in range(1, 13):
        fingers("touchMove", [(x, y - 15 * step)])
    fingers("touchEnd", [])
    eventually(phone, lambda: _above(phone.evaluate("document.querySelector('[data-testid=stMain]').scrollTop"), 60))
    assert camera_of(phone).zoom == 1
    # Controls are large enough for fingers: WCAG 2.2 asks for 24 pixels.
    small = phone.locator(
        ".u_map button:visible, .channel_grid button:visible, .channel_grid select:visible"
    ).evaluate_all(
        "found => found.map(one => [one.textContent, one.getBoundingClientRect()])"
        ".filter(([, box]) => box.height < 24 || box.width < 24).map(([text]) => text)"
    )
    assert small == []


def _near(value: float, wanted: float) -> None:
    assert value == pytest.approx(wanted, rel=0.08, abs=0.05)
