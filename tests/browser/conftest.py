"""The app as a user starts it, and a real Chromium looking at it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.archive import dripping, kitti_archive
from tests.road import labelled_samples, road_model, salt_card, salt_pictures
from tests.zoo_fixtures import Zoo, open_zoo, street, zoo  # noqa: F401
from unet_explorer.pictures import Picture

# Busy machines draw late, not wrongly.
expect.set_options(timeout=30_000)

REPOSITORY = Path(__file__).resolve().parents[2]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Server:
    """A started app with the models and samples of `folder`, or the shipped ones; it keeps its port when restarted."""

    folder: Path
    port: int
    shipped: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        house = REPOSITORY if self.shipped else self.folder
        environment = os.environ | {
            "UNET_EXPLORER_MODELS_DIR": str(house / "models"),
            "UNET_EXPLORER_SAMPLE_DIR": str(house / ("sample_images" if self.shipped else "samples")),
            "UNET_EXPLORER_KITTI_ROOT": "",
            "UNET_EXPLORER_SALT_ROOT": str(self.folder / "salt"),
            "UNET_EXPLORER_DATA_DIR": str(self.folder / "data"),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        environment |= self.environment
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        command += ["--server.address", "127.0.0.1"]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=log, stderr=log)
        self._wait()

    def _wait(self) -> None:
        for _ in range(300):
            try:
                urllib.request.urlopen(self.url + "_stcore/health", timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        pytest.fail(f"the app did not start:\n{(self.folder / 'server.log').read_text()}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def wide_network(folder: Path) -> None:
    """A small network with a layer of 1024 channels."""
    import keras

    keras.utils.set_random_seed(4)
    picture = keras.Input((64, 96, 3), name="picture")
    skip = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(picture)
    x = keras.layers.MaxPooling2D(4, name="pool")(skip)
    x = keras.layers.Conv2D(1024, 3, padding="same", activation="relu", name="deep")(x)
    x = keras.layers.Conv2D(4, 1, activation="relu", name="narrow")(x)
    x = keras.layers.UpSampling2D(4, name="grow")(x)
    x = keras.layers.Concatenate(name="join")([skip, x])
    x = keras.layers.Conv2D(3, 1, activation="softmax", name="classes")(x)
    keras.Model(picture, x).export(folder, verbose=False)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def server(zoo: Zoo, street: Picture, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:  # noqa: F811
    """The app with the small models of the zoo and two made-up pictures."""
    folder = tmp_path_factory.mktemp("browser")
    for name in ("keras3_unet", "keras3_binary", "valid_crops", "chain"):
        shutil.copytree(zoo(name), folder / "models" / name)
    wide_network(folder / "models" / "wide")
    (folder / "samples").mkdir()
    Image.fromarray(street.pixels).save(folder / "samples" / "street.png")
    Image.fromarray(street.pixels.transpose(1, 0, 2)).save(folder / "samples" / "tower.png")
    server = Server(folder, free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def roads(zoo: Zoo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:  # noqa: F811
    """The app with two networks of the road classes, one for salt, one whose outputs are NaN in places, two samples of
    which one is labelled, two labelled pictures of salt, and a KITTI archive that can be fetched.

    A module uses it instead of the other one with `server = pytest.fixture(lambda roads: roads)`.
    """
    folder = tmp_path_factory.mktemp("roads")
    (folder / "models").mkdir()
    (folder / "samples").mkdir()
    road_model(folder / "models" / "roads")
    road_model(folder / "models" / "roads-2", seed=2)
    shutil.copytree(zoo("keras3_binary"), folder / "models" / "binary")
    salt_card(folder / "models" / "binary")
    shutil.copytree(zoo("broken_numbers"), folder / "models" / "numberless")
    labelled_samples(folder / "samples")
    salt_pictures(folder / "salt")
    with dripping(kitti_archive()) as mirror:
        path = os.pathsep.join([str(Path(__file__).with_name("mirror")), str(REPOSITORY)])
        environment = {"KITTI_MIRROR": mirror, "no_proxy": "127.0.0.1", "PYTHONPATH": path}
        server = Server(folder, free_port(), environment=environment)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium where there is one, else the one Playwright installed."""
    debian = Path("/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(debian) if debian.exists() else None, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def contexts(chromium: Browser) -> Iterator[dict[bool, BrowserContext]]:
    """A light and a dark profile; pages share them as tabs do, so that Streamlit's own scripts are loaded once."""
    both = {dark: chromium.new_context(color_scheme="dark" if dark else "light") for dark in (False, True)}
    yield both
    for context in both.values():
        context.close()


Open = Callable[..., Page]

# Collects what moves by itself, from the first paint on: how much of the screen, how far, and what.
SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => {
  for (const { hadRecentInput, startTime, value, sources } of list.getEntries()) {
    const moved = ({ node }) => node?.className || node?.parentElement?.className || "";
    if (!hadRecentInput) window.shifts.push([Math.round(startTime), value, ...sources.map(moved)]);
  }
}).observe({ type: "layout-shift", buffered: true });"""


def nothing_jumped(page: Page) -> None:
    """A page that `visit` opened, or that has `SHIFTS`, has kept its places since it was asked for."""
    shifts = page.evaluate("window.shifts")
    assert sum(value for _, value, *_ in shifts) < 0.1, shifts  # What web.dev calls good.


@pytest.fixture
def visit(server: Server, contexts: dict[bool, BrowserContext]) -> Iterator[Open]:
    """`visit("classes", model="tiny", width=390, dark=True)` opens a page in a tab of its own.

    An error in any script fails the test.
    """
    pages: list[Page] = []
    errors: list[str] = []

    def visit(page_name: str = "", width: int = 1440, height: int = 900, dark: bool = False, **query: str) -> Page:
        page = contexts[dark].new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.add_init_script(SHIFTS)
        text = "&".join(f"{name}={value}" for name, value in query.items())
        page.goto(f"{server.url}{page_name}{'?' + text if text else ''}")
        return page

    yield visit
    for page in pages:
        page.close()
    assert not errors
