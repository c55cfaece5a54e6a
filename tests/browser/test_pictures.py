"""The Pictures and Models pages in a real browser: choosing, dropping, pasting, adding."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.road import crossing
from tests.zoo_fixtures import Zoo

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


def picture_text(width: int) -> str:
    body = io.BytesIO()
    Image.fromarray(crossing()[0][:, :width]).save(body, "PNG")
    return base64.b64encode(body.getvalue()).decode()


def test_a_sample_is_chosen_by_its_card(visit: Open) -> None:
    page = visit("pictures", model="roads")
    card = page.get_by_text("Nothing at all.")
    expect(card).to_be_visible()
    expect(page.locator("img[alt='Alley']")).to_be_visible()
    page.get_by_role("button", name="Classes").last.click()
    page.locator(".class_panes[data-ready]").wait_for(timeout=120_000)
    assert "picture=sample" in page.url


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
    expect(page.locator(".card-facts", has_text="32 × 64 × 3")).to_have_count(2, timeout=120_000)


@pytest.mark.parametrize("name", ["pictures", "models"])
def test_a_narrow_screen_needs_no_sideways_scrolling(visit: Open, name: str) -> None:
    page = visit(name, width=390, height=844)
    page.wait_for_timeout(2500)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
