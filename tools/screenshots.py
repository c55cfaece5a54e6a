"""`make screenshots`: start the app as a user would, open every page, and keep what it looks like in docs/screenshots.

Only the repository's own models and pictures are shown, so that every file may be published. A page that does not show
what it should stops everything, so that no picture of an error, of an empty page or of a skeleton is kept.

    python -m tools.screenshots                 # everything; a network is trained for the Train page: minutes
    python -m tools.screenshots classes models  # only these
"""

from __future__ import annotations

import io
import os
import re
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
from playwright.sync_api import Browser, Page, expect, sync_playwright

REPOSITORY = Path(__file__).resolve().parent.parent
OUT = REPOSITORY / "docs" / "screenshots"
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
TABS = ("Explore", "Classes", "Compare", "Pictures", "Models", "Train", "Articles")
QUALITY = 74
QUIET_MS = 1500
STARTING_S = 120
DRAWING_MS = 180_000
TRAINING_MS = 1_800_000


@dataclass(frozen=True)
class Scene:
    """One page in one state.

    Attributes:
        name: of the files.
        address: behind that of the app.
        sign: selector of what is there once everything is drawn.
        count: how often at least.
        words: a text that must be readable.
    """

    name: str
    address: str
    sign: str
    count: int = 1
    words: str = ""


MODEL = "kitti-16-scenes"
PICTURE = "sample:avenue"
TRAY = ";".join(
    f"{model}~{PICTURE}~{rest}"
    for model, rest in (
        (MODEL, "map~~0"),
        ("kitti-16-article", "map~~0"),
        (MODEL, "class~~6"),
        (MODEL, "channel~conv2d_3~4"),
        (MODEL, "layer~conv2d_9~0"),
    )
)
TRAIN = "train"
SCENES = (
    Scene("explore", f"?model={MODEL}&layer=conv2d_3", ".channel_grid[data-ready$='/conv2d_3/']", words="conv2d_3"),
    Scene(
        "bottleneck",
        f"?model={MODEL}&layer=conv2d_9",
        ".channel_grid[data-ready$='/conv2d_9/']",
        words="256 channels",
    ),
    Scene(
        "skip",
        f"?model={MODEL}&layer=concatenate_3",
        ".channel_grid[data-ready$='/concatenate_3/']",
        words="concatenate_3",
    ),
    Scene("classes", f"classes?model={MODEL}", ".class_panes[data-ready]", words="of the pixels right"),
    Scene(
        "compare",
        f"compare?model={MODEL}&picture={PICTURE}&pins={TRAY}",
        ".compare_panes .view[data-ready]:not([hidden])",
        6,
        "of the pixels differ",
    ),
    Scene("pictures", "pictures", "[data-testid=stImage] img", 12, "Parked cars in an old street"),
    Scene("articles", f"articles?model={MODEL}", "img.figure", 17, "The article's recipe and ours"),
    Scene("models", f"models?model={MODEL}", ".card-facts >> text=Saved", 3, "Parameters"),
    Scene(TRAIN, "train", ".film[data-ready]", words="Explore this network"),
)


@dataclass(frozen=True)
class Look:
    """A way to look at a page."""

    name: str
    scheme: str
    width: int
    height: int


LOOKS = (Look("light", "light", 1440, 900), Look("dark", "dark", 1440, 900), Look("narrow", "light", 390, 844))


def main(names: list[str]) -> int:
    """Take the pictures of these scenes, or of all; returns the exit code."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        print("There is no Chromium: install one (Debian: apt-get install chromium).", file=sys.stderr)
        return 2
    unknown = set(names) - {scene.name for scene in SCENES}
    if unknown:
        print(f"There is no scene {', '.join(sorted(unknown))}: {', '.join(s.name for s in SCENES)}.", file=sys.stderr)
        return 2
    OUT.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=DRAWING_MS)
    with tempfile.TemporaryDirectory() as data, started_app(Path(data)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for scene in SCENES:
            if names and scene.name not in names:
                continue
            if scene.name == TRAIN:
                train(browser, address)
            for look in LOOKS:
                take(browser, scene, look, address)
        browser.close()
    return 0


@contextmanager
def started_app(data: Path) -> Iterator[str]:
    """The app on a free port; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "UNET_EXPLORER_DATA_DIR": str(data),
        "UNET_EXPLORER_KITTI_ROOT": "",
        "UNET_EXPLORER_SALT_ROOT": "",
        "UNET_EXPLORER_MODELS_DIR": str(REPOSITORY / "models"),
        "UNET_EXPLORER_SAMPLE_DIR": str(REPOSITORY / "sample_images"),
    }
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


def train(browser: Browser, address: str) -> None:
    """Train the lesson's network on the repository's own scenes, as a user would, and wait until it is done."""
    page = browser.new_page()
    page.goto(address + "train")
    page.get_by_role("button", name="Start training").click(timeout=DRAWING_MS)
    page.get_by_role("button", name="Explore this network").wait_for(timeout=TRAINING_MS)
    page.close()


def take(browser: Browser, scene: Scene, look: Look, address: str) -> None:
    """One page in one look."""
    context = browser.new_context(viewport={"width": look.width, "height": look.height}, color_scheme=look.scheme)
    page = context.new_page()
    page.goto(address + scene.address)
    check(page, scene, look)
    image = settled(page)
    path = OUT / f"{scene.name}-{look.name}.webp"
    Image.open(io.BytesIO(image)).convert("RGB").save(path, quality=QUALITY, method=6)
    print(path.name, f"{path.stat().st_size / 1024:.0f} kB", flush=True)
    context.close()


def check(page: Page, scene: Scene, look: Look) -> None:
    """Wait until the page shows what it should.

    Raises:
        AssertionError: it does not, or it says that something is wrong.
    """
    signs = page.locator(scene.sign)
    expect(signs.nth(scene.count - 1)).to_be_attached()
    if scene.words:
        expect(page.get_by_text(scene.words).first).to_be_attached()
    expect(page.locator(".bone:visible")).to_have_count(0)
    expect(
        page.locator("[data-testid=stAlertContentError], [data-testid=stException], [role=alert]:visible")
    ).to_have_count(0)
    expect(page.get_by_text("Page not found")).to_have_count(0)
    if look.width > 1000:
        expect(page.get_by_role("navigation").get_by_role("link")).to_have_text(
            [re.compile(f"{tab}$") for tab in TABS]  # Before it stands the name of its icon.
        )


def settled(page: Page) -> bytes:
    """A screenshot that is like the one before it, some time earlier.

    Raises:
        TimeoutError: the page never comes to rest.
    """
    page.wait_for_timeout(QUIET_MS)
    before = b""
    for _ in range(40):
        now = page.screenshot()
        if now == before:
            return now
        before = now
        page.wait_for_timeout(QUIET_MS)
    raise TimeoutError(f"{page.url} does not come to rest")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
