"""The Classes page in a real browser: pixels against NumPy, probabilities under the mouse, no requests on the way."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, Server, nothing_jumped
from tests.browser.test_explore import eventually, in_address, requests_of
from tests.road import HEIGHT, WIDTH, crossing, salt_picture
from unet_explorer.classes import load_class_table
from unet_explorer.network import Network, open_network
from unet_explorer.pictures import Picture, fit_label_map, fit_picture
from unet_explorer.rendering.colormaps import COLORMAPS

pytestmark = pytest.mark.browser

SKY = 25
ROADS = {"model": "roads", "picture": "sample:crossing"}
TABLE = load_class_table("kitti")


server = pytest.fixture(lambda roads: roads, scope="module")


@pytest.fixture(scope="module")
def network(roads: Server) -> Network:
    return open_network(roads.folder / "models" / "roads")


@pytest.fixture(scope="module")
def sample() -> Picture:
    found, labels = crossing()
    return Picture.from_pixels(found, "Crossing").with_label_map(labels)


@pytest.fixture(scope="module")
def probabilities(network: Network, sample: Picture) -> NDArray[np.float32]:
    return network.probabilities(sample).values


@pytest.fixture(scope="module")
def labels(network: Network, sample: Picture) -> NDArray[np.uint8]:
    assert sample.label_map is not None
    placement = fit_picture(sample, network.input_spec).placement
    return fit_label_map(sample.label_map, placement, HEIGHT, WIDTH)


def pixels(page: Page, selector: str) -> NDArray[np.uint8]:
    """(H, W, 3) of a canvas, as a PNG, which comes several times faster than its numbers would."""
    address = page.locator(selector).first.evaluate("(canvas) => canvas.toDataURL('image/png')")
    image = Image.open(io.BytesIO(base64.b64decode(address.split(",", 1)[1])))
    return np.asarray(image.convert("RGBA"))[..., :3]


def ready(page: Page) -> None:
    page.locator(".class_panes[data-ready]").wait_for(timeout=120_000)
    page.wait_for_timeout(200)


def at_centres(drawn: NDArray[np.uint8], height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.uint8]:
    """(height, width, 3) the drawn colour in the middle of each map pixel."""
    rows = ((np.arange(height) + 0.5) / height * drawn.shape[0]).astype(int)
    columns = ((np.arange(width) + 0.5) / width * drawn.shape[1]).astype(int)
    return drawn[rows][:, columns]


def seen(values: NDArray[np.generic], canvas: tuple[int, ...], y: float, x: float, zoom: float) -> NDArray[np.generic]:
    """The map value under the middle of every pixel of a canvas, for a camera over the picture of 48 x 96 pixels."""
    tall, wide = canvas[:2]
    scale = min(wide / 96, tall / 48) * zoom
    rows = ((np.arange(tall) + 0.5 - tall / 2) / scale + y) / 48 * values.shape[0]
    columns = ((np.arange(wide) + 0.5 - wide / 2) / scale + x) / 96 * values.shape[1]
    return values[rows.astype(int)][:, columns.astype(int)]


def near(drawn: NDArray[np.uint8], wanted: NDArray[np.uint8], share: float = 0.002) -> None:
    difference = np.abs(drawn.astype(int) - wanted.astype(int)).max(-1)
    assert np.mean(difference > 4) <= share, f"{np.mean(difference > 4):.1%} of the pixels differ"


def set_range(field: Locator, value: float) -> None:
    """Move a slider as the mouse does: with an input event for each value."""
    field.evaluate(
        "(field, value) => { field.value = value; field.dispatchEvent(new Event('input', {bubbles: true})); }", value
    )
    field.page.wait_for_timeout(120)


def class_pane(page: Page, class_id: int) -> Locator:
    return page.locator(f'.class[data-class="{class_id}"]')


def present(ids: NDArray[np.int64], place: int = 0) -> int:
    """The class that covers most of the map, or one of the next."""
    return int(np.argsort(-np.bincount(ids.ravel(), minlength=30), kind="stable")[place])


def point_at(page: Page, frame: str, row: int, column: int) -> None:
    """Put the mouse on the middle of a map pixel."""
    page.locator(frame).first.scroll_into_view_if_needed()
    box = page.locator(frame).first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + (column + 0.5) / WIDTH * box["width"], box["y"] + (row + 0.5) / HEIGHT * box["height"])
    page.wait_for_timeout(120)


def test_the_class_map_is_drawn_in_the_colours_of_its_classes(visit: Open, probabilities: NDArray[np.float32]) -> None:
    page = visit("classes", **ROADS, opacity="100", names="0")
    ready(page)
    near(at_centres(pixels(page, ".map canvas")), TABLE.to_rgb(probabilities.argmax(-1)))


def test_the_legend_counts_shows_and_hides(visit: Open, probabilities: NDArray[np.float32]) -> None:
    page = visit("classes", **ROADS, opacity="100", names="0")
    ready(page)
    ids = probabilities.argmax(-1)
    most, second = present(ids), present(ids, 1)
    row = page.locator(f'.legend li[data-class="{most}"]')
    expect(row).to_contain_text(f"{100 * np.mean(ids == most):.1f}%")
    asked = requests_of(page)
    row.locator(".name").click()
    page.mouse.move(5, 5)
    page.wait_for_timeout(150)
    drawn = at_centres(pixels(page, ".map canvas"))
    picture = at_centres(crossing_on_screen(page))
    near(drawn[ids == most][None], picture[ids == most][None], 0.03)
    near(drawn[ids == second][None], TABLE.to_rgb(ids)[ids == second][None])
    expect(row.locator(".name")).to_have_attribute("aria-pressed", "false")
    page.locator(f'.legend li[data-class="{second}"]').hover()
    page.wait_for_timeout(150)
    drawn = at_centres(pixels(page, ".map canvas"))
    near(drawn[ids == second][None], TABLE.to_rgb(ids)[ids == second][None])
    other = present(ids, 2)
    faint = drawn[ids == other].astype(int) - picture[ids == other]
    strong = TABLE.to_rgb(ids)[ids == other].astype(int) - picture[ids == other]
    assert np.abs(faint).mean() < 0.3 * np.abs(strong).mean()
    assert asked == []


def crossing_on_screen(page: Page) -> NDArray[np.uint8]:
    """The picture alone, as the class map's pane draws it: with the classes fully transparent."""
    slider = page.locator('.class_panes .tools input[type="range"]')
    before = float(slider.input_value())
    set_range(slider, 0)
    page.mouse.move(5, 5)
    page.wait_for_timeout(120)
    found = pixels(page, ".map canvas")
    set_range(slider, before)
    return found


def test_thresholds_move_the_mask_and_its_scores_in_the_browser(
    visit: Open, probabilities: NDArray[np.float32], labels: NDArray[np.uint8]
) -> None:
    chosen = SKY
    page = visit("classes", **ROADS, classes=str(chosen), mode="mask", opacity="100")
    ready(page)
    page.wait_for_timeout(900)
    asked = requests_of(page)
    pane = class_pane(page, chosen)
    own = probabilities[..., chosen]
    # Thresholds at which a part of the map, neither nothing nor all of it, reaches them.
    for quantile in (0.2, 0.5, 0.9):
        step = int(np.ceil(np.quantile(own, quantile) * 200))
        set_range(pane.locator('input[type="range"]'), step)
        reached = own >= np.float32(step / 200)
        hits, union = (reached & (labels == chosen)).sum(), (reached | (labels == chosen)).sum()
        expect(pane.locator(".at")).to_have_text(f"{step / 200:.3f}")
        expect(pane.locator(".score")).to_have_text(f"{hits / union:.3f}")
        expect(pane.locator(".facts")).to_contain_text(f"covers {100 * reached.mean():.1f}%")
        drawn = at_centres(pixels(page, f'.class[data-class="{chosen}"] canvas')).astype(int)
        covered = np.abs(drawn - vivid(chosen)).max(-1) <= 4
        inside = ~edges(reached)
        assert np.mean(covered[inside] == reached[inside]) > 0.995
    assert asked == []
    expect(page).to_have_url(re.compile(rf"thresholds={chosen}(%3A|:)"), timeout=20_000)


def vivid(class_id: int) -> NDArray[np.float64]:
    """The colour of a class, lifted where it is too dark to show on a photograph."""
    red, green, blue = TABLE[class_id].colour
    lift = max(0.0, (120 - (0.2126 * red + 0.7152 * green + 0.0722 * blue)) / 255)
    return np.array([value + (255 - value) * lift for value in (red, green, blue)])


def edges(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels beside one of the other kind: the outline is drawn there."""
    padded = np.pad(mask, 1, mode="edge")
    around = [
        padded[1 + dy : padded.shape[0] - 1 + dy, 1 + dx : padded.shape[1] - 1 + dx]
        for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0))
    ]
    return np.any([mask != other for other in around], axis=0)


def test_the_best_threshold_is_the_one_with_the_highest_iou(
    visit: Open, probabilities: NDArray[np.float32], labels: NDArray[np.uint8]
) -> None:
    page = visit("classes", **ROADS, classes=str(SKY))
    ready(page)
    pane = class_pane(page, SKY)
    scores = []
    for step in range(201):
        reached = probabilities[..., SKY] >= np.float32(step / 200)
        scores.append((reached & (labels == SKY)).sum() / max(1, (reached | (labels == SKY)).sum()))
    pane.locator(".link").click()
    expect(pane.locator(".score")).to_have_text(f"{max(scores):.3f}")
    expect(pane.locator(".at")).to_have_text(f"{int(np.argmax(scores)) / 200:.3f}")


def test_right_wrong_and_missed_have_their_colours_and_patterns(
    visit: Open, probabilities: NDArray[np.float32], labels: NDArray[np.uint8]
) -> None:
    page = visit("classes", **ROADS, classes=str(SKY), mode="errors", opacity="100")
    ready(page)
    expect(page.locator(".key")).to_contain_text("False negative")
    pane = class_pane(page, SKY)
    step = int(np.ceil(np.quantile(probabilities[..., SKY], 0.6) * 200))
    set_range(pane.locator('input[type="range"]'), step)
    reached = probabilities[..., SKY] >= np.float32(step / 200)
    drawn = pixels(page, f'.class[data-class="{SKY}"] canvas').astype(int)
    tall, wide = drawn.shape[0] / HEIGHT, drawn.shape[1] / WIDTH
    kinds = {
        "right": (reached & (labels == SKY), (0, 158, 115)),
        "extra": (reached & (labels != SKY), (213, 94, 0)),
        "missed": (~reached & (labels == SKY), (86, 180, 233)),
    }
    shares = {}
    for name, (mask, colour) in kinds.items():
        assert mask.any(), name
        rows, columns = np.nonzero(mask)
        inside = [
            drawn[int(np.ceil(r * tall)) : int((r + 1) * tall), int(np.ceil(c * wide)) : int((c + 1) * wide)].reshape(
                -1, 3
            )
            for r, c in zip(rows, columns, strict=True)
        ]
        shares[name] = float(np.mean(np.abs(np.concatenate(inside) - colour).max(-1) <= 4))
    assert shares["right"] > 0.99
    assert 0.4 < shares["extra"] < 0.6
    assert 0.25 < shares["missed"] < 0.5


def test_the_mouse_reads_the_probabilities(
    visit: Open, probabilities: NDArray[np.float32], labels: NDArray[np.uint8]
) -> None:
    page = visit("classes", **ROADS, classes="6,0")
    ready(page)
    point_at(page, ".map .frame", 3, 3)
    page.locator(".class_panes[data-exact]").wait_for()
    asked = requests_of(page)
    for row, column in ((5, 7), (16, 40), (30, 61)):
        point_at(page, ".map .frame", row, column)
        here = probabilities[row, column]
        order = np.argsort(-here, kind="stable")[:5]
        bars = page.locator(".probe li")
        for place, class_id in enumerate(order):
            if here[class_id] > 2e-5:
                expect(bars.nth(place).locator(".text")).to_have_text(TABLE[int(class_id)].name)
            assert float(bars.nth(place).locator(".figure").inner_text()) == pytest.approx(here[class_id], abs=6e-5)
            wide = bars.nth(place).locator(".fill").evaluate("(bar) => bar.style.width")
            assert float(wide.removesuffix("%")) == pytest.approx(100 * here[class_id], abs=0.01)
        for class_id in (6, 0):
            shown = class_pane(page, class_id).locator(".value").inner_text()
            assert float(shown) == pytest.approx(here[class_id], abs=6.5e-5)
        verdict = "right" if order[0] == labels[row, column] else "wrong"
        expect(page.locator(".probe .fact")).to_have_text(
            f"Labelled {TABLE[int(labels[row, column])].name}: {verdict}."
        )
    assert asked == []


def test_hovering_one_pane_points_in_all(visit: Open) -> None:
    page = visit("classes", **ROADS, classes="6,0", doubt="1")
    ready(page)
    point_at(page, '.class[data-class="6"] .frame', 10, 20)
    crosses = page.locator(".class_panes .frame[data-on]")
    expect(crosses).to_have_count(5)
    page.mouse.move(5, 5)
    expect(crosses).to_have_count(0)


def test_entropy_and_margin_are_drawn_and_read_under_the_mouse(visit: Open, probabilities: NDArray[np.float32]) -> None:
    page = visit("classes", **ROADS, doubt="1")
    ready(page)
    every = probabilities.astype(np.float64)
    best = np.sort(every, axis=-1)
    maps = {
        "entropy": -(every * np.log(np.maximum(every, 1e-38))).sum(-1) / np.log(30),
        "margin": best[..., -1] - best[..., -2],
    }
    for name, values in maps.items():
        drawn = at_centres(pixels(page, f'[data-doubt="{name}"] canvas'))
        near(drawn, COLORMAPS["magma"][np.rint(255 * values).astype(int)], 0.01)
    for row, column in ((4, 9), (20, 33)):
        point_at(page, ".map .frame", row, column)
        for name, values in maps.items():
            shown = page.locator(f'[data-doubt="{name}"] .value').inner_text()
            assert float(shown) == pytest.approx(values[row, column], abs=0.0075)


def test_zoom_is_linked_over_the_map_and_every_class(visit: Open, probabilities: NDArray[np.float32]) -> None:
    camera = (20.0, 30.0, 3.0)
    page = visit(
        "classes", width=1280, **ROADS, classes="0,6,25", mode="mask", opacity="100", names="0", camera="20,30,3"
    )
    ready(page)
    point_at(page, ".map .frame", 3, 3)
    page.locator(".class_panes[data-exact]").wait_for()
    page.mouse.move(5, 5)
    asked = requests_of(page)
    ids = probabilities.argmax(-1)
    drawn = pixels(page, ".map canvas")
    near(drawn, TABLE.to_rgb(seen(ids, drawn.shape, *camera)), 0.05)
    for class_id in (0, 6, 25):
        drawn = pixels(page, f'.class[data-class="{class_id}"] canvas')
        reached = seen(probabilities[..., class_id] >= 0.5, drawn.shape, *camera)
        inside = ~edges(reached)
        covered = np.abs(drawn.astype(int) - vivid(class_id)).max(-1) <= 4
        assert np.mean(covered[inside] == reached[inside]) > 0.995, TABLE[class_id].name
    page.keyboard.press("0")
    page.wait_for_timeout(200)
    near(at_centres(pixels(page, ".map canvas")), TABLE.to_rgb(ids))
    box = page.locator(".map .frame").bounding_box()
    before = pixels(page, '.class[data-class="25"] canvas')
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.wheel(0, -500)
    eventually(page, lambda: differ(pixels(page, '.class[data-class="25"] canvas'), before))
    assert asked == []
    assert page.locator(".legend").evaluate("(legend) => legend.clientHeight") > 240


def differ(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> None:
    assert (one != other).any()


def test_the_whole_view_stands_in_the_address_and_comes_back(visit: Open, probabilities: NDArray[np.float32]) -> None:
    page = visit("classes", **ROADS)
    most = present(probabilities.argmax(-1))
    ready(page)
    assert page.locator(".list .class").count() == 3
    page.get_by_label("Add a class").select_option("25")
    class_pane(page, 25).locator("canvas").wait_for()
    class_pane(page, 6).get_by_role("button", name="Close Car").click()
    page.get_by_role("radio", name="Mask").click()
    for name in ("Names", "Uncertainty", "Zoom in (+)"):
        page.get_by_role("button", name=name).click()
    page.locator(f'.legend li[data-class="{most}"] .name').click()
    set_range(page.locator('.tools input[type="range"]'), 80)
    set_range(class_pane(page, 20).locator('input[type="range"]'), 25)
    page.mouse.move(5, 5)
    words = ("classes=0(%2C|,)20(%2C|,)25", "mode=mask", "names=0", "doubt=1", f"hidden={most}(&|$)", "opacity=80")
    in_address(page, *words, "thresholds=20(%3A|:)0.125", r"camera=24\.0(%2C|,)48\.0(%2C|,)2\.00")
    page.locator('[data-doubt="margin"][data-ready]').wait_for()
    before = everything_drawn(page)
    page.reload()
    ready(page)
    assert [pane.get_attribute("data-class") for pane in page.locator(".list [data-class]").all()] == ["0", "20", "25"]
    expect(page.get_by_role("radio", name="Mask")).to_have_attribute("aria-checked", "true")
    expect(page.get_by_role("button", name="Names")).to_have_attribute("aria-pressed", "false")
    expect(class_pane(page, 20).locator(".at")).to_have_text("0.125")
    for name, drawn in everything_drawn(page).items():
        np.testing.assert_array_equal(drawn, before[name], err_msg=name)


def everything_drawn(page: Page) -> dict[str, NDArray[np.uint8]]:
    """What each pane shows."""
    names = (".map", '[data-class="0"]', '[data-class="20"]', '[data-class="25"]', "[data-doubt=entropy]")
    return {name: pixels(page, f".class_panes {name} .frame canvas") for name in names}


def test_pixels_without_a_number_are_marked(visit: Open, server: Server, sample: Picture) -> None:
    page = visit("classes", model="numberless", picture="sample:crossing", opacity="100", names="0")
    ready(page)
    values = open_network(server.folder / "models" / "numberless").probabilities(sample).values
    odd = ~np.isfinite(values).all(-1)
    drawn = pixels(page, ".map canvas").astype(int)
    chequered = (np.abs(drawn - (255, 0, 255)).max(-1) <= 4) | (drawn.max(-1) <= 4)
    inside = ~edges(seen(odd, drawn.shape, 24, 48, 1))
    assert 0.5 < odd.mean() < 1
    assert np.mean(chequered[inside] == seen(odd, drawn.shape, 24, 48, 1)[inside]) > 0.995
    expect(page.locator(".legend .odd")).to_contain_text(f"{100 * odd.mean():.1f}%")
    expect(page.locator(".map header")).to_contain_text(f"{100 * odd.mean():.1f}% NaN or infinite")
    row, column = (int(place[0]) for place in np.nonzero(odd))
    box = page.locator(".map .frame").bounding_box()
    assert box is not None
    page.mouse.move(
        box["x"] + (column + 0.5) / odd.shape[1] * box["width"], box["y"] + (row + 0.5) / odd.shape[0] * box["height"]
    )
    expect(page.locator(".probe .fact")).to_contain_text("NaN or infinity here")


def test_salt_has_one_threshold_and_the_curve_of_its_iou(visit: Open, server: Server) -> None:
    gray, salt = salt_picture()
    page = visit("classes", model="binary", picture="salt:dome", opacity="100", names="0")
    ready(page)
    network = open_network(server.folder / "models" / "binary")
    picture = Picture.from_pixels(np.repeat(gray[..., None], 3, -1), "dome")
    own = network.probabilities(picture).values[..., 0]
    labels = fit_label_map(salt, fit_picture(picture, network.input_spec).placement, *own.shape) == 1

    def iou(step: int) -> float:
        reached = own >= np.float32(step / 200)
        return float((reached & labels).sum() / max(1, (reached | labels).sum()))

    pane = class_pane(page, 1)
    points = pane.locator(".curve .line").get_attribute("points") or ""
    curve = [(98 - float(point.split(",")[1])) / 96 for point in points.split()]
    assert curve == pytest.approx([iou(step) for step in range(201)], abs=2e-4)
    asked = requests_of(page)
    for quantile in (0.3, 0.7):
        step = int(np.ceil(np.quantile(own, quantile) * 200))
        set_range(pane.locator('input[type="range"]'), step)
        expect(pane.locator(".score")).to_have_text(f"{iou(step):.3f}")
        expect(pane.locator('input[type="range"]')).to_have_attribute("aria-valuetext", f"{step / 200:.3f}")
        expect(page.locator('.legend li[data-class="1"] .iou')).to_have_text(f"{iou(step):.2f}")
        without = own < np.float32(step / 200)
        both = (iou(step) + (without & ~labels).sum() / (without | ~labels).sum()) / 2
        expect(page.locator(".map header")).to_contain_text(f"mean IoU {both:.3f} of 2 classes")
        ids = (own >= np.float32(step / 200)).astype(np.uint8)
        near(at_centres(pixels(page, ".map canvas"), *own.shape), network.class_table.to_rgb(ids), 0.03)
    assert asked == []


def test_a_binary_network_is_cut_at_its_threshold(visit: Open, server: Server, sample: Picture) -> None:
    page = visit("classes", model="binary", picture="sample:alley", opacity="100", names="0")
    ready(page)
    network = open_network(server.folder / "models" / "binary")
    pixels_, _ = crossing()
    own = network.probabilities(Picture.from_pixels(pixels_[:, ::-1], "alley")).values[..., 0]
    step = int(np.ceil(np.median(own) * 200))
    asked = requests_of(page)
    set_range(class_pane(page, 1).locator('input[type="range"]'), step)
    share = float(np.mean(own >= np.float32(step / 200)))
    expect(page.locator('.legend li[data-class="1"]')).to_contain_text(f"{100 * share:.1f}%")
    wanted = network.class_table.to_rgb((own >= np.float32(step / 200)).astype(np.uint8))
    near(at_centres(pixels(page, ".map canvas"), *own.shape), wanted, 0.03)
    assert asked == []


def test_the_screen_is_saved_as_a_png(visit: Open, tmp_path: Path) -> None:
    page = visit("classes", **ROADS, classes="0,6", names="0")
    ready(page)
    plain = saved(page, tmp_path)
    canvas = pixels(page, ".map canvas")
    assert plain.shape[0] > canvas.shape[0]
    middle = canvas.shape[0] // 2
    shown = canvas[middle, 2:-2]
    top = next(top for top in range(16, 80) if (plain[top + middle, 18 : 18 + len(shown)] == shown).all())
    # With the names on it: each dark, with white letters, where it stands on the page; nothing else has changed.
    page.get_by_role("button", name="Names").click()
    expect(page.locator(".map .tags span").first).to_be_visible()
    named = saved(page, tmp_path)
    changed = (named != plain).any(-1)
    rows, columns = np.nonzero(changed[top : top + canvas.shape[0], 16 : 16 + canvas.shape[1]])
    tags = page.locator(".map .tags span").evaluate_all("all => all.map((s) => [s.offsetLeft, s.offsetTop])")
    for x, y in tags:
        assert (np.hypot(columns - x, rows - y) < 12).sum() > 100
        assert (named[top + y - 9 : top + y + 9, 16 + x - 15 : 16 + x + 15] > 235).all(-1).any()
    assert not changed[top + canvas.shape[0] + 10 :].any()


def saved(page: Page, folder: Path) -> NDArray[np.uint8]:
    """What "Save PNG" gives."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save PNG").click()
    assert waiting.value.suggested_filename == "roads_Crossing_classes.png"
    waiting.value.save_as(folder / "saved.png")
    return np.asarray(Image.open(io.BytesIO((folder / "saved.png").read_bytes())).convert("RGB"))


def test_the_report_is_downloaded_and_opens_by_itself(visit: Open, tmp_path: Path) -> None:
    page = visit("classes", **ROADS, classes="0")
    ready(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Report").click()
    path = tmp_path / "report.html"
    waiting.value.save_as(path)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    expect(page.locator("h1")).to_have_text("What roads sees in Crossing")
    expect(page.locator("h2").last).to_have_text("Where this comes from")
    assert page.locator("img").count() >= 5
    assert page.evaluate("[...document.images].every((image) => image.naturalWidth > 0)")
    assert [address for address in asked if not address.startswith(("file:", "data:"))] == []


def test_pinning_fills_the_tray(visit: Open) -> None:
    page = visit("classes", **ROADS, classes="0")
    ready(page)
    page.locator(".map").get_by_role("button", name="Pin").click()
    expect(page.get_by_text("In the compare tray now: 1 of 8.")).to_be_visible()
    class_pane(page, 0).get_by_role("button", name="Pin").click()
    expect(page.get_by_text("In the compare tray now: 2 of 8.")).to_be_visible()
    page.get_by_role("link", name="Compare").click()
    expect(page.locator(".compare_panes .view[data-pin]")).to_have_count(3)


@pytest.mark.parametrize("dark", [False, True])
def test_a_narrow_screen_needs_no_sideways_scrolling(visit: Open, dark: bool) -> None:
    page = visit("classes", width=390, height=844, dark=dark, **ROADS)
    ready(page)
    nothing_jumped(page)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390


def test_keys_move_the_probe(visit: Open) -> None:
    page = visit("classes", **ROADS)
    ready(page)
    page.locator(".map .frame").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".probe .place")).to_have_text("row 24, column 50")
    page.keyboard.press("ArrowUp")
    expect(page.locator(".probe .place")).to_have_text("row 22, column 50")
