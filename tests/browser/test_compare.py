"""The Compare page in a real browser: the difference of two views is the difference of their numbers."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Server, nothing_jumped
from tests.browser.test_classes import at_centres, differ, edges, near, pixels, point_at, seen
from tests.browser.test_explore import eventually, requests_of
from tests.road import crossing
from unet_explorer.classes import load_class_table
from unet_explorer.network import open_network
from unet_explorer.pictures import Picture
from unet_explorer.rendering.colormaps import COLORMAPS
from unet_explorer.ui.pins import Pin

pytestmark = pytest.mark.browser
server = pytest.fixture(lambda roads: roads, scope="module")

CROSSING, ALLEY = "sample:crossing", "sample:alley"


def tray(*pins: Pin) -> dict[str, str]:
    return {"model": "roads", "picture": CROSSING, "pins": quote(";".join(pin.written() for pin in pins), safe="")}


def ready(page: Page, views: int) -> None:
    expect(page.locator(".compare_panes .view[data-ready]:not([hidden])")).to_have_count(views, timeout=120_000)
    page.wait_for_timeout(200)


def picture() -> Picture:
    return Picture.from_pixels(crossing()[0], "Crossing")


def test_two_models_and_their_difference(visit: Open, roads: Server) -> None:
    first, second = Pin("roads", CROSSING, "class", number=6), Pin("roads-2", CROSSING, "class", number=6)
    page = visit("compare", **tray(first, second))
    ready(page, 3)
    one, two = (
        open_network(roads.folder / "models" / name).probabilities(picture()).values[..., 6]
        for name in ("roads", "roads-2")
    )
    page.get_by_label("Picture", exact=False).last.fill("0")
    page.wait_for_timeout(150)
    for pin, own in ((first, one), (second, two)):
        level = np.rint((own - own.min()) / (own.max() - own.min()) * 255).astype(int)
        near(at_centres(pixels(page, f'[data-pin="{pin.written()}"] canvas')), COLORMAPS["viridis"][level], 0.01)
    gap = one - two
    most = np.abs(gap).max()
    level = np.rint((gap + most) / (2 * most) * 255).astype(int)
    near(at_centres(pixels(page, '[data-pin="difference"] canvas')), COLORMAPS["diverging"][level], 0.01)
    asked = requests_of(page)
    for row, column in ((4, 9), (25, 50)):
        point_at(page, f'[data-pin="{first.written()}"] .frame', row, column)
        shown = [
            float(text.replace("−", "-"))
            for text in page.locator(".compare_panes .view:not([hidden]) .value").all_inner_texts()
        ]
        expected = [one[row, column], two[row, column], gap[row, column]]
        assert shown == pytest.approx(expected, rel=6e-4, abs=1e-9)
    assert asked == []


def test_class_maps_differ_where_their_names_do(visit: Open, roads: Server) -> None:
    page = visit("compare", **tray(Pin("roads", CROSSING, "map"), Pin("roads-2", CROSSING, "map")))
    ready(page, 3)
    one, two = (open_network(roads.folder / "models" / name).class_map(picture()) for name in ("roads", "roads-2"))
    expect(page.locator('[data-pin="difference"]')).to_contain_text(
        f"{100 * np.mean(one != two):.2f}% of the pixels differ"
    )
    counts = np.bincount(one.ravel(), minlength=30)
    most = int(np.argmax(counts))
    largest = page.locator(f'[data-pin="{Pin("roads", CROSSING, "map").written()}"] .named').first
    expect(largest).to_have_text(f"{most}{load_class_table('kitti').names[most]} {100 * counts[most] / one.size:.1f}%")
    page.get_by_label("Picture", exact=False).last.fill("0")
    page.wait_for_timeout(150)
    differs = one != two
    drawn = at_centres(pixels(page, '[data-pin="difference"] canvas')).astype(int)
    magenta = np.abs(drawn - np.array([230, 0, 126])).max(-1) <= 4
    assert np.mean(magenta == differs) > 0.995
    row, column = (int(place[0]) for place in np.nonzero(differs))
    point_at(page, ".compare_panes .frame", row, column)
    names = load_class_table("kitti").names
    values = page.locator(".compare_panes .view:not([hidden]) .value").all_inner_texts()
    assert values == [names[one[row, column]], names[two[row, column]], "differs"]


def test_two_models_on_one_picture_take_two_clicks(visit: Open) -> None:
    page = visit("compare", model="roads", picture=CROSSING)
    page.get_by_role("button", name="With another model").click()
    page.get_by_role("menuitem", name="roads-2").click()
    ready(page, 3)
    assert page.locator(".view .where").all_inner_texts()[:2] == ["roads · Crossing", "roads-2 · Crossing"]


def test_one_model_on_two_pictures_takes_two_clicks(visit: Open) -> None:
    page = visit("compare", model="roads", picture=CROSSING)
    page.get_by_role("button", name="With another picture").click()
    page.get_by_role("menuitem", name="Alley").click()
    ready(page, 3)
    assert page.locator(".view .where").all_inner_texts()[:2] == ["roads · Crossing", "roads · Alley"]


def drawn_of(page: Page, pin: Pin | str) -> NDArray[np.uint8]:
    return pixels(page, f'[data-pin="{pin if isinstance(pin, str) else pin.written()}"] canvas')


def test_layers_and_channels_of_any_picture_share_one_zoom(visit: Open, roads: Server) -> None:
    pins = [
        Pin("roads", CROSSING, "layer", "conv2d"),
        Pin("roads", ALLEY, "channel", "conv2d_1", 2),
        Pin("roads", ALLEY, "picture"),
    ]
    camera = (20.0, 40.0, 2.5)
    page = visit("compare", **tray(*pins), under="0", camera="20,40,2.5")
    ready(page, 4)
    network = open_network(roads.folder / "models" / "roads")
    alley = Picture.from_pixels(crossing()[0][:, ::-1], "alley")
    values = [
        np.abs(network.feature_maps(picture(), ["conv2d"])["conv2d"].values).mean(-1),
        network.feature_maps(alley, ["conv2d_1"])["conv2d_1"].values[..., 2],
    ]
    for pin, own in zip(pins, values, strict=False):
        level = np.rint((own - own.min()) / (own.max() - own.min()) * 255).astype(int)
        shown = drawn_of(page, pin)
        near(shown, COLORMAPS["viridis"][seen(level, shown.shape, *camera)], 0.03)
    shown = drawn_of(page, pins[2])
    near(shown, seen(alley.pixels, shown.shape, *camera), 0.03)
    asked = requests_of(page)
    page.keyboard.press("0")
    eventually(page, lambda: differ(drawn_of(page, pins[2]), shown))
    near(at_centres(drawn_of(page, pins[2]), 48, 96), alley.pixels, 0.03)
    assert asked == []


def test_closing_a_view_shows_the_difference_of_those_that_stay(visit: Open, roads: Server) -> None:
    pins = [Pin("roads", CROSSING, "map"), Pin("roads-2", CROSSING, "map"), Pin("roads-2", ALLEY, "map")]
    page = visit("compare", **tray(*pins), under="0")
    ready(page, 4)
    page.locator(f'[data-pin="{pins[0].written()}"]').get_by_role("button", name="Remove from the tray").click()
    expect(page.locator(".compare_panes .view[data-pin]:not([hidden])")).to_have_count(3)
    network = open_network(roads.folder / "models" / "roads-2")
    one, two = (network.class_map(Picture.from_pixels(crossing()[0][:, ::step], "any")) for step in (1, -1))
    share = f"{100 * np.mean(one != two):.2f}% of the pixels differ"
    expect(page.locator('[data-pin="difference"]')).to_contain_text(share)
    magenta = np.abs(at_centres(drawn_of(page, "difference")).astype(int) - np.array([230, 0, 126])).max(-1) <= 4
    assert np.mean(magenta == (one != two)) > 0.995
    assert "roads~" not in page.url
    for pin in pins[1:]:
        page.locator(f'[data-pin="{pin.written()}"]').get_by_role("button", name="Remove from the tray").click()
    expect(page.get_by_text("Nothing is pinned yet.")).to_be_visible()


def test_what_is_no_number_is_marked(visit: Open, roads: Server) -> None:
    pins = [Pin("numberless", CROSSING, "map"), Pin("numberless", CROSSING, "class", number=1)]
    page = visit("compare", **tray(*pins), under="0")
    ready(page, 2)
    network = open_network(roads.folder / "models" / "numberless")
    odd = ~np.isfinite(network.probabilities(picture()).values).all(-1)
    for pin in pins:
        shown = drawn_of(page, pin).astype(int)
        chequered = (np.abs(shown - (255, 0, 255)).max(-1) <= 4) | (shown.max(-1) <= 4)
        inside = ~edges(seen(odd, shown.shape, 24, 48, 1))
        assert np.mean(chequered[inside] == seen(odd, shown.shape, 24, 48, 1)[inside]) > 0.995
        expect(page.locator(f'[data-pin="{pin.written()}"]')).to_contain_text(f"{100 * odd.mean():.1f}% NaN")
    # The Explore page counts them, channel by channel.
    maps = network.feature_maps(picture(), ["log"])["log"].values
    page = visit(model="numberless", picture=CROSSING, layer="log", channel="1")
    count = np.count_nonzero(~np.isfinite(maps[..., 1]))
    expect(page.locator(".channel_grid .notice.small")).to_contain_text(f"{count:,} of 960 values")


def test_an_empty_tray_offers_examples(visit: Open) -> None:
    page = visit("compare", model="roads", picture=CROSSING)
    page.get_by_role("button", name="Crossing and Alley").click()
    ready(page, 3)
    assert page.locator(".view .where").all_inner_texts()[:2] == ["roads · Crossing", "roads · Alley"]


def test_the_tray_is_saved_as_a_png(visit: Open, tmp_path: Path) -> None:
    pins = [Pin("roads", CROSSING, "class", number=number) for number in (6, 25)]
    page = visit("compare", **tray(*pins))
    ready(page, 3)
    shown = drawn_of(page, pins[0])
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save PNG").click()
    waiting.value.save_as(tmp_path / "tray.png")
    image = np.asarray(Image.open(tmp_path / "tray.png").convert("RGB"))
    middle = shown.shape[0] // 2
    row = shown[middle, 2:-2]
    assert any((image[top + middle, 18 : 18 + len(row)] == row).all() for top in range(16, 80))


def test_how_it_is_drawn_stands_in_the_address(visit: Open) -> None:
    pins = [Pin("roads", CROSSING, "class", number=number) for number in (0, 6, 20)]
    page = visit("compare", **tray(*pins))
    ready(page, 4)
    page.locator(".compare_panes label select").select_option("magma")
    page.get_by_role("radio", name="One range").click()
    page.get_by_label("First of the difference").select_option(pins[2].written())
    page.get_by_label("Picture", exact=False).last.fill("40")
    expect(page).to_have_url(re.compile("under=40"), timeout=20_000)
    expect(page).to_have_url(re.compile("pair=3(,|%2C)2"), timeout=20_000)
    before = pixels(page, '[data-pin="difference"] canvas')
    page.reload()
    ready(page, 4)
    np.testing.assert_array_equal(pixels(page, '[data-pin="difference"] canvas'), before)
    expect(page.locator(".compare_panes label select")).to_have_value("magma")
    expect(page.get_by_role("radio", name="One range")).to_have_attribute("aria-checked", "true")


def test_a_narrow_screen_needs_no_sideways_scrolling(visit: Open) -> None:
    page = visit(
        "compare", width=390, height=844, **tray(Pin("roads", CROSSING, "map"), Pin("roads-2", CROSSING, "map"))
    )
    ready(page, 3)
    nothing_jumped(page)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
