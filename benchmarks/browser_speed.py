"""The Explore page in Chromium, as a user meets it: from click to drawn, bytes sent, script per frame, memory.

Starts the app on the shipped kitti-16 and sample pictures. What a click costs is compared with the forward pass that it
cannot do without, timed in this process just before.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.measure import Figure, plain, seconds
from unet_explorer import open_network, open_picture

REPOSITORY = Path(__file__).resolve().parent.parent
MODEL = "kitti-16"
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
FULL_SIZE = ("conv2d", "conv2d_16", "batch_normalization_16")
BOTTLENECK = ("conv2d_8", "batch_normalization_8", "batch_normalization_9")
FRAMES = 60
SETTLING_S = 20  # until Chromium has collected its garbage of its own accord

# Click a layer in the list and resolve with the milliseconds until its tiles are drawn.
CLICK = """(name) => new Promise((done) => {
  const find = (selector) => {
    for (const host of document.querySelectorAll("*")) {
      const found = host.shadowRoot?.querySelector(selector);
      if (found) return found;
    }
  };
  const grid = find(".channel_grid");
  const row = [...find(".u_map").querySelectorAll(".list .row")]
    .find((row) => row.querySelector(".name").textContent === name);
  const start = performance.now();
  const watch = new MutationObserver(() => {
    if (!grid.dataset.ready?.includes(`/${name}/`)) return;
    watch.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
  });
  watch.observe(grid, { attributes: true });
  row.click();
})"""


def measure() -> list[Figure]:
    """Every number that issue 5 asks for."""
    forward = _forward_seconds()
    started = time.perf_counter()
    with _app() as address, _page() as page:
        sent = _count_bytes(page)
        page.goto(address)
        _ready(page)
        figures = [plain("from `streamlit run` to the first grid", [time.perf_counter() - started], at_most=12)]
        page.wait_for_timeout(3000)
        figures.append(plain("bytes of the first view", [sum(sent) / 1e6], at_most=1.5, unit="MB"))
        for what, layers, more in (("full-size", FULL_SIZE, 0.25), ("bottleneck", BOTTLENECK, 0.15)):
            extra = [_click(page, name) - forward[name] for name in layers]
            figures.append(plain(f"click on a new {what} layer, beyond its forward pass", extra, at_most=more))
        again = [_click(page, name) for name in (*FULL_SIZE, *BOTTLENECK)]
        figures.append(plain("click on a layer seen before", again, at_most=0.15))
        _click(page, "conv2d_5")
        figures += [plain(f"script a frame: {what}", [_script(page, what)], at_most=16, unit="ms") for what in MOVES]
        figures.append(plain("page switch, Explore to Classes", [_switch(page)], at_most=0.5))
        page.goto(address)
        _ready(page)
        _visit_all(page)
        figures.append(plain("memory of the tab right after every layer", [_memory(page)], at_most=400, unit="MB"))
        page.wait_for_timeout(1000 * SETTLING_S)
        what = f"memory of the tab {SETTLING_S} s after every layer"
        figures.append(plain(what, [_memory(page)], at_most=400, unit="MB"))
    return figures


def _forward_seconds() -> dict[str, float]:
    network = open_network(REPOSITORY / "models" / MODEL)
    picture = open_picture(next(iter(sorted((REPOSITORY / "sample_images").glob("*.webp")))))
    times = {}
    for name in FULL_SIZE + BOTTLENECK:
        network.feature_maps(picture, [name])
        times[name] = statistics.median(
            seconds(lambda name=name: network.feature_maps(picture, [name])) for _ in range(5)
        )
    return times


@contextmanager
def _app() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    process = subprocess.Popen(
        [*command, "--server.address", "127.0.0.1"],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}/"
    try:
        while True:
            try:
                urllib.request.urlopen(address + "_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield address + f"?model={MODEL}"
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def _page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        path = str(CHROMIUM) if CHROMIUM.exists() else None
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(120_000)
        yield page
        browser.close()


def _ready(page: Page) -> None:
    page.locator(".channel_grid[data-ready]").wait_for()


def _count_bytes(page: Page) -> list[int]:
    sent: list[int] = []

    def count(response: Any) -> None:
        if "/unet/maps/" in response.url:
            sent.append(int(response.headers.get("content-length") or 0))

    page.on("response", count)
    return sent


def _click(page: Page, name: str) -> float:
    took = float(page.evaluate(CLICK, name)) / 1000
    page.wait_for_timeout(1200)
    return took


def _hover(page: Page, step: int, box: dict[str, float]) -> None:
    page.mouse.move(box["x"] + 20 + step * 8, box["y"] + 20 + step)


def _zoom(page: Page, step: int, box: dict[str, float]) -> None:
    page.mouse.move(box["x"] + 200, box["y"] + 100)
    page.mouse.wheel(0, -60 if step < FRAMES / 2 else 60)


def _gamma(page: Page, step: int, _box: dict[str, float]) -> None:
    page.get_by_label("Gamma").evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input')); }", str(step / 15 - 2)
    )


MOVES = {"hover over 64 tiles": _hover, "zoom 64 tiles": _zoom, "gamma of 64 tiles": _gamma}


def _script(page: Page, what: str) -> float:
    """Milliseconds of script for each of `FRAMES` movements."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    box = page.locator("canvas.large").bounding_box()
    before = _script_seconds(session)
    for step in range(FRAMES):
        MOVES[what](page, step, dict(box or {}))
        page.wait_for_timeout(17)
    return 1000 * (_script_seconds(session) - before) / FRAMES


def _script_seconds(session: Any) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(row["value"] for row in metrics if row["name"] == "ScriptDuration"))


def _switch(page: Page) -> float:
    start = time.perf_counter()
    page.get_by_role("link", name="Classes").click()
    page.locator(".class_panes").wait_for()
    return time.perf_counter() - start


def _visit_all(page: Page) -> None:
    names = page.locator(".u_map .list .row .name").all_inner_texts()
    for name in names[1:]:
        page.evaluate(CLICK, name)


def _memory(page: Page) -> float:
    """Resident megabytes of the tab's process, shared libraries and garbage not collected yet included."""
    session = page.context.browser.new_browser_cdp_session()  # type: ignore[union-attr]
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    tabs = [Path(f"/proc/{row['id']}/status").read_text() for row in processes if row["type"] == "renderer"]
    return max(int(text.split("VmRSS:")[1].split()[0]) for text in tabs) / 1000
