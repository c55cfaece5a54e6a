"""The Pictures and Models pages in a real browser: choosing, dropping, pasting, adding."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, Server
from tests.browser.test_classes import at_centres, near, pixels, set_range
from tests.browser.test_explore import eventually, in_address
from tests.road import crossing
from tests.zoo_fixtures import Zoo
from unet_explorer.network import open_network
from unet_explorer.pictures import Picture

pytestmark = pytest.mark.browser
server = pytest.fixture(lambda roads: roads, scope="module")

HAND_OVER = """([kind, text]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const carrier = new DataTransfer();
  carrier.items.add(new File([bytes], kind === "paste" ? "image.png" : "dropped.png", {type: "image/png"}));
  if (kind === "paste") {
    document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: carrier, bubbles: true, cancelable: true}));
  } else {
    const zone = document.querySelector('[data-testid="stFileUploaderDropzone"]');
    zone.dispatchEvent(new DragEvent("drop", {dataTransfer: carrier, bubbles: true, cancelable: true}));
  }
}"""


def png(pixels: NDArray[np.uint8]) -> bytes:
    body = io.BytesIO()
    Image.fromarray(pixels).save(body, "PNG")
    return body.getvalue()


def picture_text(width: int) -> str:
    return base64.b64encode(png(crossing()[0][:, :width])).decode()


def shown_image(page: Page, alt: str) -> NDArray[np.float32]:
    """(h, w, 3) the pixels of an image of the page, as they came."""
    image = page.locator(f"img[alt='{alt}']")
    expect(image).to_be_visible()
    address = image.evaluate("(image) => image.src")
    return np.asarray(Image.open(io.BytesIO(page.request.get(address).body())).convert("RGB"), np.float32)


def test_thumbnails_show_the_pictures_and_choose_them(visit: Open) -> None:
    page = visit("pictures", model="roads")
    expect(page.get_by_text("Nothing at all.")).to_be_visible()
    for alt, picture in (("Crossing", crossing()[0]), ("Alley", crossing()[0][:, ::-1])):
        # The middle 38 of 48 rows fill the frame of 480 x 192; the file of a thumbnail keeps noise only roughly.
        wanted = Image.fromarray(np.ascontiguousarray(picture[5:43])).resize((480, 192), Image.Resampling.BILINEAR)
        gap = np.abs(shown_image(page, alt) - np.asarray(wanted, np.float32))
        assert gap.mean() < 12
    for title in ("Crossing", "Alley"):
        page.locator(f".st-key-pin_sample-{title.lower()}").get_by_role("button").click()
        expect(page.locator(f".st-key-pin_sample-{title.lower()}").get_by_role("button")).to_have_text(
            re.compile("Pinned")
        )
    page.locator(".st-key-classes_sample-alley").get_by_role("button").click()
    page.locator(".class_panes[data-ready]").wait_for(timeout=120_000)
    in_address(page, "picture=sample(%3A|:)alley")
    page.get_by_role("link", name="Compare").click()
    expect(page.locator(".compare_panes .view[data-ready]:not([hidden])")).to_have_count(3, timeout=120_000)
    assert page.locator(".view .where").all_inner_texts()[:2] == ["roads · Crossing", "roads · Alley"]


def test_several_pictures_are_uploaded_and_looked_at(visit: Open, roads: Server) -> None:
    page = visit("pictures", model="roads")
    expect(page.locator("img[alt='Alley']")).to_be_visible()
    crops = {"left.png": crossing()[0][:, :60], "right.png": np.ascontiguousarray(crossing()[0][:, 30:])}
    files = [{"name": name, "mimeType": "image/png", "buffer": png(crop)} for name, crop in crops.items()]
    page.locator('.st-key-gallery_upload input[type="file"]').set_input_files(files)  # type: ignore[arg-type]
    for name in crops:
        expect(page.locator(f"img[alt='{name}']")).to_be_visible()
    page.locator("[class*='st-key-classes_upload']").get_by_role("button").first.click()
    page.locator(".class_panes[data-ready]").wait_for(timeout=120_000)
    set_range(page.locator('.class_panes .tools input[type="range"]'), 100)
    page.get_by_role("button", name="Names").click()
    network = open_network(roads.folder / "models" / "roads")
    ids = network.class_map(Picture.from_pixels(crops["right.png"], "right.png"))
    eventually(page, lambda: near(at_centres(pixels(page, ".map canvas")), network.class_table.to_rgb(ids), 0.01))
    assert "upload" not in page.url


@pytest.mark.parametrize(("kind", "width", "name"), [("paste", 80, "pasted"), ("drop", 70, "dropped.png")])
def test_pictures_are_pasted_and_dropped(visit: Open, kind: str, width: int, name: str) -> None:
    page = visit("pictures", model="roads")
    expect(page.locator("img[alt='Alley']")).to_be_visible()
    page.wait_for_timeout(800)
    page.evaluate(HAND_OVER, [kind, picture_text(width)])
    expect(page.get_by_text("Yours, in this tab")).to_be_visible()
    expect(page.locator(f"img[alt^='{name}']")).to_be_visible()


def test_a_model_folder_is_uploaded_and_opened(visit: Open, zoo: Zoo) -> None:
    page = visit("models")
    page.get_by_text("Add a model").click()
    page.locator('.st-key-model_upload input[type="file"]').set_input_files(str(zoo("valid_crops")))
    expect(page.get_by_text("valid_crops was added and is on show.")).to_be_visible(timeout=120_000)
    expect(page.get_by_role("heading", name="valid_crops")).to_be_visible()


def test_cards_say_what_models_are(visit: Open) -> None:
    page = visit("models")
    expect(page.get_by_text("30 (kitti)").first).to_be_visible()
    for name in ("roads", "roads-2"):
        page.locator(f".st-key-inside_{name}").get_by_role("button").click()
        expect(page.locator(f".st-key-inside_{name}")).to_have_count(0)
    expect(page.locator(".card-facts", has_text="32 × 64 × 3")).to_have_count(2, timeout=120_000)


@pytest.mark.parametrize("name", ["pictures", "models"])
def test_a_narrow_screen_needs_no_sideways_scrolling(visit: Open, name: str) -> None:
    page = visit(name, width=390, height=844)
    page.wait_for_timeout(2500)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390


def test_kitti_is_fetched_under_the_eyes_of_the_user(visit: Open, roads: Server) -> None:
    page = visit("pictures", model="roads")
    button = page.get_by_role("button", name="Fetch KITTI")
    expect(button).to_be_disabled()
    page.get_by_text("I have read the licence and accept it").click()
    button.click()
    bar = page.get_by_role("progressbar")
    expect(page.get_by_text(re.compile("Fetching: . MB of 1 MB"))).to_be_visible()
    eventually(page, lambda: passed(bar, 0), 20)
    first = page.locator("img[alt='000000_10']")
    expect(first).to_be_visible()
    assert sorted(path.name for path in (roads.folder / "data" / "kitti").iterdir()) == ["testing", "training"]
    page.locator("[class*='st-key-classes_kitti']").get_by_role("button").first.click()
    expect(page.locator(".map header")).to_contain_text("% of the pixels right", timeout=120_000)
    in_address(page, "picture=kitti(%3A|:)000000_10")


def passed(bar: Locator, share: int) -> None:
    assert int(bar.get_attribute("aria-valuenow", timeout=2000) or 0) > share
