"""The Train page in a real browser: one job from the form to Explore, past a killed app; and how the page reads."""

from __future__ import annotations

import json
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.conftest import Open, Server, free_port, nothing_jumped
from tests.browser.test_readable import NAMELESS, TEXTS, contrast
from tests.faults.conftest import FAKE_TRAINER
from tests.road import crossing
from unet_explorer.jobs.desk import Jobs
from unet_explorer.jobs.folder import DataFolder
from unet_explorer.jobs.states import Job, State, Submission
from unet_explorer.jobs.store import Store
from unet_explorer.training.recipe import load_recipe
from unet_explorer.ui.training.page import POLL_S

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

SLOW_MS = 300_000
POLLED_S = 10
MOST_BYTES_A_SECOND = 20_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app on a fresh machine: no models, no jobs, only the bundled pictures (here made up)."""
    folder = tmp_path_factory.mktemp("train")
    (folder / "models").mkdir()
    pixels, labels = crossing()
    for number in range(8):
        name = f"{'validation' if number > 5 else 'train'}_{number:05d}.png"
        for part, content in (("image", pixels), ("label", labels)):
            path = folder / "samples" / "training" / part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.roll(content, 11 * number, axis=1)).save(path)
    Image.fromarray(pixels).save(folder / "samples" / "crossing.png")  # for Explore to look at
    server = Server(folder, free_port())
    server.start()
    yield server
    server.stop()
    jobs = Jobs(folder / "data")
    for job in jobs.list():
        if not job.is_finished:
            jobs.cancel(job.id)


def kill_and_start_again(server: Server) -> None:
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    server.start()


def row(page: Page) -> str:
    return page.locator("[class*='st-key-job_chosen_']").inner_text().replace("\n", " ")


@pytest.mark.parametrize(
    "stops", [False, pytest.param(True, marks=pytest.mark.soak)], ids=["killed app", "and stopped"]
)
def test_a_lesson_from_the_first_click_to_explore(visit: Open, server: Server, stops: bool) -> None:
    before = len(Jobs(server.folder / "data").list())
    page = visit("train", job="new")
    expect(page.get_by_text("6 to train on, 2 to validate on")).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("textbox", name="Epochs").fill("8")
    expect(page.get_by_text("120 steps: 8 epochs over 6 pictures, judged by 2.")).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("button", name="Start training").dblclick()
    expect(page.get_by_text(re.compile(r"epoch \d+ of 8 · .* left")).first).to_be_visible(timeout=SLOW_MS)
    if stops:
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_role("button", name="Resume")).to_be_visible(timeout=SLOW_MS)
    kill_and_start_again(server)

    page = visit("train")
    if stops:
        page.get_by_role("button", name="Resume").click(timeout=SLOW_MS)
    expect(page.locator("[class*='st-key-job_chosen_']")).to_contain_text("finished", timeout=SLOW_MS)
    assert "epoch 8 of 8" in row(page)
    assert len(Jobs(server.folder / "data").list()) == before + 1
    page.locator(".film[data-ready='8_0']").wait_for(timeout=SLOW_MS)
    page.get_by_role("button", name="Explore this network").click()
    page.locator(".channel_grid[data-ready]").wait_for(timeout=SLOW_MS)
    assert re.search(r"model=\d{4}-\d{6}-", page.url)
    page.go_back()
    expect(page.get_by_role("button", name="Explore this network")).to_be_visible(timeout=SLOW_MS)


# Answers take 150 ms, and the page asks so often that a question is always on its way when the page is switched.
SLOW_LINE = f"""
const every = setInterval;
setInterval = (work, ms, ...rest) => every(work, ms === {POLL_S * 1000:g} ? 100 : ms, ...rest);
WebSocket = class extends WebSocket {{
  addEventListener(name, heard, ...rest) {{
    super.addEventListener(name, name === "message" ? (event) => setTimeout(() => heard(event), 150) : heard, ...rest);
  }}
}};
"""


def test_a_network_opens_while_another_job_runs(visit: Open, server: Server) -> None:
    job = finished(server)
    with busy(server):
        page = visit("train", job=job)
        page.add_init_script(SLOW_LINE)
        page.reload()
        page.get_by_role("button", name="Explore this network").click(timeout=SLOW_MS)
        page.locator(".channel_grid[data-ready]").wait_for()
        page.wait_for_timeout(1000)
        assert page.locator(".channel_grid[data-ready]").is_visible()
        assert f"model={job}" in page.url


@pytest.mark.parametrize("kills", [3, pytest.param(25, marks=pytest.mark.soak)])
def test_a_job_goes_on_while_the_app_is_killed_again_and_again(visit: Open, server: Server, kills: int) -> None:
    """The page finds it again each time, by itself."""
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    with busy(server) as (jobs, job):
        page = visit("train", job=job)
        for life in range(kills):
            eventually(lambda: shown_epoch(page) >= 0)
            page.wait_for_timeout(chance.uniform(0, 3000))
            kill_and_start_again(server)
            if life % 3 == 2:  # killed again while the page finds back
                page.wait_for_timeout(chance.uniform(0, 500))
                kill_and_start_again(server)
            reached = int(jobs.job(job).progress["epoch"])
            eventually(lambda reached=reached: shown_epoch(page) >= reached)
        assert jobs.job(job).state is State.RUNNING, f"seed {seed}"
        assert len((jobs.run_folder(job) / "launches.txt").read_text().splitlines()) == 1, f"seed {seed}"
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_role("button", name="Resume")).to_be_visible()
        lines = (jobs.run_folder(job) / "metrics.jsonl").read_text().splitlines()
        steps = [event["step"] for event in map(json.loads, lines) if event["event"] == "step"]
        assert steps == list(range(1, len(steps) + 1)), f"seed {seed}"


def shown_epoch(page: Page) -> int:
    """The epoch beside the bar of the job on show; -1 where none is shown."""
    try:
        text = page.locator("[data-testid=stProgress]").last.inner_text(timeout=1000)
    except PlaywrightTimeout:
        return -1
    found = re.search(r"epoch (\d+) of", text)
    return int(found[1]) if found else -1


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SLOW_MS / 1000
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_the_slider_goes_through_the_epochs_without_the_server(visit: Open, server: Server) -> None:
    job = finished(server)
    page = visit("train", job=job)
    page.locator(".film[data-ready='8_0']").wait_for(timeout=SLOW_MS)
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    slider = page.get_by_role("slider", name="Epoch")
    slider.press("Home")
    page.locator(".film[data-ready='2_0']").wait_for()
    slider.press("ArrowRight")
    page.locator(".film[data-ready='4_0']").wait_for()
    assert "epoch 4 of 8" in page.locator(".film .where").inner_text()
    page.get_by_role("button", name="Play").click()
    page.locator(".film[data-ready='8_0']").wait_for()
    assert asked == []
    page.get_by_role("button", name="Picture 2").click()
    page.locator(".film[data-ready='8_1']").wait_for()
    sizes = page.locator(".film canvas").evaluate_all("(all) => all.map((canvas) => [canvas.width, canvas.height])")
    assert sizes == [[320, 96]] * 3


def test_an_open_page_costs_little(visit: Open, server: Server) -> None:
    """While a job runs: 200 others in the list, 100,000 points of the one on show."""
    job = finished(server)
    run = Jobs(server.folder / "data").run_folder(job)
    long_run = "".join(
        f'{{"event": "step", "time": 1.0, "step": {step}, "steps": 60000, "epoch": {step // 15}, "epochs": 4000, '
        f'"loss": {1 + np.sin(step):.6f}, "learning_rate": {1 / (step + 1):.8f}}}\n'
        for step in range(1, 100_000)
    )
    metrics = run / "metrics.jsonl"
    before = metrics.read_text()
    with busy(server) as (jobs, other), crowd(server, jobs.job(other)):
        try:
            metrics.write_text(before + long_run)
            page = visit("train", job=job)
            expect(page.get_by_text(re.compile(r"2\d\d of 2\d\d jobs, 1 unfinished"))).to_be_visible(timeout=SLOW_MS)
            expect(page.get_by_text("Learning rate").first).to_be_visible(timeout=SLOW_MS)
            page.wait_for_timeout(4000)
            before_s = cpu_seconds(server)
            asked, heard = overheard(page, POLLED_S)
            spent = cpu_seconds(server) - before_s
        finally:
            metrics.write_text(before)
    assert len(asked) > 1, "the page did not poll"
    rate = sum(size for at, size in heard if asked[0] <= at < asked[-1]) / (asked[-1] - asked[0])
    assert 0 < rate < MOST_BYTES_A_SECOND
    # What the server did for a refresh, which says the same on a busy machine; and how long the browser waited.
    work = spent / len(asked)
    waits = [max((at for at, _ in heard if began <= at < end), default=end) - began for began, end in pairwise(asked)]
    sys.stdout.write(f"{rate:.0f} bytes a second; a refresh is {work:.2f} s of work, waited for {min(waits):.2f} s\n")
    assert work < 1.0


def cpu_seconds(server: Server) -> float:
    """Processor time of the app so far."""
    assert server.process is not None
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def overheard(page: Page, seconds: float) -> tuple[list[float], list[tuple[float, int]]]:
    """When the page asked, and when how many bytes came, on its connection to Streamlit."""
    asked: list[float] = []
    heard: list[tuple[float, int]] = []
    session = page.context.new_cdp_session(page)
    session.on("Network.webSocketFrameSent", lambda event: asked.append(event["timestamp"]))
    session.on(
        "Network.webSocketFrameReceived",
        # The payload is base64.
        lambda event: heard.append((event["timestamp"], len(event["response"]["payloadData"]) * 3 // 4)),
    )
    session.send("Network.enable")
    page.wait_for_timeout(seconds * 1000)
    session.detach()
    return asked, heard


@contextmanager
def busy(server: Server) -> Iterator[tuple[Jobs, str]]:
    """A job that runs and costs the machine next to nothing."""
    jobs = Jobs(server.folder / "data")
    recipe = {"name": "busy", "fake": {"epochs": 10_000, "steps": 5, "step_s": 0.1}}
    job = jobs.submit(Submission(recipe, server.folder / "samples", "busy", trainer=(str(FAKE_TRAINER),)))
    try:
        eventually(lambda: "epoch" in jobs.job(job.id).progress)
        yield jobs, job.id
    finally:
        if not jobs.job(job.id).is_finished:
            jobs.cancel(job.id)
        wait_until_ended(jobs, job.id)
        jobs.remove(job.id)


@contextmanager
def crowd(server: Server, job: Job) -> Iterator[None]:
    """200 jobs that were cancelled while they waited for `job`."""
    store = Store(DataFolder(server.folder / "data"))
    names = [f"crowd-{number:03d}" for number in range(200)]
    for name in names:
        out = job.out.with_name(name)
        store.insert(replace(job, id=name, key=name, name=name, out=out, state=State.CANCELLED, created=1.0))
    try:
        yield
    finally:
        for name in names:
            store.delete(name)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("shown", ["new", "job"])
def test_text_has_the_contrast_of_wcag_aa(visit: Open, server: Server, shown: str, dark: bool) -> None:
    page = visit("train", dark=dark, job="new" if shown == "new" else finished(server))
    if shown == "new":
        page.get_by_text("All settings").wait_for(timeout=SLOW_MS)
        nothing_jumped(page)
        page.get_by_text("All settings").click(timeout=SLOW_MS)
        page.get_by_role("textbox", name="Epochs").fill("0")
        expect(page.get_by_text("give a whole number from 1").first).to_be_visible()
    else:
        page.locator(".film[data-ready]").wait_for(timeout=SLOW_MS)
        nothing_jumped(page)
    page.wait_for_timeout(2500)
    page.wait_for_function("!document.querySelector('[data-stale=true]')")
    page.wait_for_timeout(500)
    texts = page.evaluate(TEXTS)
    assert any(("Learning rate" in row["text"]) for row in texts), "the words of the page were not found"
    poor = [
        f"{row['text']!r}: {contrast(row['ink'], row['background']):.2f}"
        for row in texts
        if contrast(row["ink"], row["background"])
        < (3 if row["size"] >= 24 or (row["size"] >= 18.66 and row["weight"] >= 700) else 4.5)
    ]
    assert poor == []
    assert page.evaluate(NAMELESS) == []


@pytest.mark.parametrize("shown", ["new", "job"])
def test_a_narrow_screen_needs_no_sideways_scrolling(visit: Open, server: Server, shown: str) -> None:
    page = visit("train", width=390, height=844, job="new" if shown == "new" else finished(server))
    expect(page.get_by_text("Learning rate").first).to_be_visible(timeout=SLOW_MS)
    page.wait_for_timeout(1500)
    nothing_jumped(page)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390


def test_a_job_tapped_on_a_narrow_screen_is_seen_at_once(visit: Open, server: Server) -> None:
    job = finished(server)
    with crowd(server, Jobs(server.folder / "data").job(job)):
        page = visit("train", width=390, height=844, job=job)
        row = page.locator(f"[class*='st-key-job_chosen_{job}']")
        row.wait_for()
        expect(page.get_by_role("heading", level=3)).to_be_in_viewport()
        other = page.get_by_role("button", name=re.compile("crowd-")).first
        name = other.inner_text()
        other.click()
        expect(page.get_by_role("heading", name=name)).to_be_in_viewport()
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
        # Opened by its address, the last of the strip is scrolled into sight.
        last = page.get_by_role("button", name=re.compile("crowd-")).last.inner_text()
        page.goto(f"{server.url}train?job={last}")
        expect(page.locator(f".st-key-job_chosen_{last}")).to_be_in_viewport(ratio=1)


def finished(server: Server) -> str:
    """Id of the job that the first test trained; trained now where that test was not asked for."""
    jobs = Jobs(server.folder / "data")
    done = [job.id for job in jobs.list() if job.state is State.SUCCEEDED]
    if done:
        return done[0]
    job = jobs.submit(
        Submission(load_recipe("lesson").with_epochs(8).to_dict(), server.folder / "samples" / "training", "lesson")
    )
    wait_until_ended(jobs, job.id)
    assert jobs.job(job.id).state is State.SUCCEEDED
    return job.id


def wait_until_ended(jobs: Jobs, job: str) -> None:
    deadline = time.monotonic() + SLOW_MS / 1000
    while not jobs.job(job).is_finished:
        assert time.monotonic() < deadline, jobs.job(job)
        time.sleep(0.5)
