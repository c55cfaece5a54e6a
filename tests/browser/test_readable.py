"""Text can be read, controls can be named and nothing jumps, on every page, in light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import Open, nothing_jumped

pytestmark = pytest.mark.browser

PAGES = {
    "": (".channel_grid[data-ready]", "conv2d_1"),
    "classes": (".class_panes canvas", "Class 0"),
    "compare": (".compare_panes canvas", "Clear"),
    "pictures": ("img[alt='street']", "Samples"),
    "models": (".card-facts >> text=Saved", "Add a model"),
    "articles": ("text=No trained network", "KITTI road scenes"),
}

TEXTS = Path(__file__).with_name("texts.js").read_text(encoding="utf-8")
NAMELESS = Path(__file__).with_name("nameless.js").read_text(encoding="utf-8")


def luminance(colour: list[float]) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    linear = [part / 255 / 12.92 if part <= 10.31 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(ink: list[float], background: list[float]) -> float:
    """Contrast ratio, 1 to 21, of ink (with alpha) on an opaque background."""
    alpha = ink[3]
    seen = [part * alpha + under * (1 - alpha) for part, under in zip(ink[:3], background, strict=True)]
    low, high = sorted((luminance(seen), luminance(background)))
    return (high + 0.05) / (low + 0.05)


def test_the_ratio_is_the_one_of_wcag() -> None:
    assert contrast([0, 0, 0, 1], [255, 255, 255]) == pytest.approx(21)
    assert contrast([118, 118, 118, 1], [255, 255, 255]) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("page_name", PAGES, ids=["explore", *list(PAGES)[1:]])
def test_text_has_the_contrast_of_wcag_aa(visit: Open, page_name: str, dark: bool) -> None:
    sign, word = PAGES[page_name]
    page = visit(page_name, dark=dark, model="keras3_unet", pins="keras3_unet~sample:street~map~~0")
    page.locator(sign).first.wait_for()
    page.wait_for_timeout(1500)
    nothing_jumped(page)
    texts = page.evaluate(TEXTS)
    assert any(word in row["text"] for row in texts), "the words of the page were not found, so nothing was checked"
    poor = [
        f"{row['text']!r}: {contrast(row['ink'], row['background']):.2f}"
        for row in texts
        if contrast(row["ink"], row["background"])
        < (3 if row["size"] >= 24 or (row["size"] >= 18.66 and row["weight"] >= 700) else 4.5)
    ]
    assert poor == []
    assert page.evaluate(NAMELESS) == []


@pytest.mark.parametrize("page_name", ["pictures", "models", "articles"])
def test_a_narrow_screen_needs_no_sideways_scrolling(visit: Open, page_name: str) -> None:
    page = visit(page_name, width=390, height=844)
    page.locator(PAGES[page_name][0]).first.wait_for()
    page.wait_for_timeout(1500)
    nothing_jumped(page)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
