"""`make screenshots`: start the app as a user would, open every page, and keep what it looks like in docs/screenshots.

Only the repository's own models and pictures are shown, so that every file may be published.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

REPOSITORY = Path(__file__).resolve().parent.parent
OUT = REPOSITORY / "docs" / "screenshots"
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
ADDRESSES = {
    "explore": "?model=kitti-16&layer=conv2d_3",
    "bottleneck": "?model=kitti-16&layer=conv2d_9",
    "skip": "?model=kitti-16&layer=concatenate_3",
    "classes": "classes?model=kitti-16",
    "compare": "compare",
    "pictures": "pictures",
    "models": "models",
    "train": "train",
}
QUIET_MS = 1500
STARTING_S = 120


@dataclass(frozen=True)
class Look:
    """A way to look at a page."""

    name: str
    scheme: str
    width: int
    height: int


LOOKS = (Look("light", "light", 1440, 900), Look("dark", "dark", 1440, 900), Look("narrow", "light", 390, 844))


def main() -> int:
    """Take all pictures; returns the exit code."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        print("There is no Chromium: install one (Debian: apt-get install chromium).", file=sys.stderr)
        return 2
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, started_app(Path(data)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for look in LOOKS:
            take(browser, look, address)
        browser.close()
    return 0


@contextmanager
def started_app(data: Path) -> Iterator[str]:
    """The app on a free port; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"UNET_EXPLORER_DATA_DIR": str(data), "UNET_EXPLORER_KITTI_ROOT": ""}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.address", "127.0.0.1"]
    process = subprocess.Popen([*command, "--server.port", str(port)], cwd=REPOSITORY, env=environment)
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def wait_until_healthy(address: str) -> None:
    """Return when the app answers.

    Raises:
        TimeoutError: it does not in `STARTING_S` seconds.
    """
    deadline = time.monotonic() + STARTING_S
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(f"the app did not answer at {address}")


def take(browser: Browser, look: Look, address: str) -> None:
    """Every page in one look."""
    context = browser.new_context(viewport={"width": look.width, "height": look.height}, color_scheme=look.scheme)
    for name, path in ADDRESSES.items():
        page = context.new_page()
        page.goto(address + path)
        settle(page)
        path_out = OUT / f"{name}-{look.name}.webp"
        Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(path_out, quality=82, method=6)
        print(path_out.relative_to(REPOSITORY), f"{path_out.stat().st_size / 1024:.0f} kB")
        page.close()
    context.close()


def settle(page: Page) -> None:
    """Wait until two pictures of the page, some time apart, are alike."""
    page.wait_for_selector("[data-testid=stMain]", timeout=60_000)
    page.wait_for_timeout(4000)
    before = b""
    for _ in range(40):
        now = page.screenshot()
        if now == before:
            return
        before = now
        page.wait_for_timeout(QUIET_MS)


if __name__ == "__main__":
    sys.exit(main())
