"""The Train page in a real browser: one job from the form to Explore, past a killed app; and how the page reads."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Server, free_port
from tests.browser.test_readable import NAMELESS, TEXTS, contrast
from tests.road import crossing
from unet_explorer.jobs.desk import Jobs
from unet_explorer.jobs.states import State, Submission
from unet_explorer.training.recipe import load_recipe

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

SLOW_MS = 300_000
POLLED_S = 6
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


@pytest.mark.soak
def test_a_lesson_from_the_first_click_to_explore(visit: Open, server: Server) -> None:
    page = visit("train")
    expect(page.get_by_text("6 to train on, 2 to validate on")).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("textbox", name="Epochs").fill("8")
    expect(page.get_by_text("120 steps: 8 epochs over 6 pictures, judged by 2.")).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("button", name="Start training").dblclick()
    expect(page.get_by_text(re.compile(r"epoch \d+ of 8 · .* left")).first).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible(timeout=SLOW_MS)
    kill_and_start_again(server)

    page = visit("train")
    page.get_by_role("button", name="Resume").click(timeout=SLOW_MS)
    expect(page.get_by_role("button", name="Explore this network")).to_be_visible(timeout=SLOW_MS)
    expect(page.locator("[class*='st-key-job_chosen_']")).to_contain_text("finished", timeout=SLOW_MS)
    assert "epoch 8 of 8" in row(page)
    assert len(Jobs(server.folder / "data").list()) == 1
    page.locator(".film[data-ready='8_0']").wait_for(timeout=SLOW_MS)
    page.get_by_role("button", name="Explore this network").click()
    page.locator(".channel_grid[data-ready]").wait_for(timeout=SLOW_MS)
    assert re.search(r"model=\d{4}-\d{6}-", page.url)


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
    """A job that is `RUNNING` for as long as the test looks, with a long run behind it."""
    job = finished(server)
    jobs = Jobs(server.folder / "data")
    run = jobs.run_folder(job)
    long_run = "".join(
        f'{{"event": "step", "time": 1.0, "step": {step}, "steps": 60000, "epoch": {step // 15}, "epochs": 4000, '
        f'"loss": {1 + np.sin(step):.6f}, "learning_rate": {1 / (step + 1):.8f}}}\n'
        for step in range(1, 50_000)
    )
    metrics = run / "metrics.jsonl"
    before = metrics.read_text()
    waiting = jobs.submit(Submission(load_recipe("lesson").to_dict(), server.folder / "samples" / "training", "busy"))
    try:
        metrics.write_text(before + long_run)
        page = visit("train", job=job)
        expect(page.get_by_text("Learning rate").first).to_be_visible(timeout=SLOW_MS)
        page.wait_for_timeout(4000)
        received: list[int] = []
        session = page.context.new_cdp_session(page)
        session.on(
            "Network.webSocketFrameReceived", lambda event: received.append(len(event["response"]["payloadData"]))
        )
        session.send("Network.enable")
        page.wait_for_timeout(POLLED_S * 1000)
        assert received, "the page did not poll"
        assert sum(received) * 3 / 4 / POLLED_S < MOST_BYTES_A_SECOND  # the payload is base64
    finally:
        metrics.write_text(before)
        jobs.cancel(waiting.id)
        wait_until_ended(jobs, waiting.id)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("shown", ["new", "job"])
def test_text_has_the_contrast_of_wcag_aa(visit: Open, server: Server, shown: str, dark: bool) -> None:
    page = visit("train", dark=dark, job="new" if shown == "new" else finished(server))
    if shown == "new":
        page.get_by_text("All settings").click(timeout=SLOW_MS)
        page.get_by_role("textbox", name="Epochs").fill("0")
        expect(page.get_by_text("give a whole number from 1").first).to_be_visible()
    else:
        page.locator(".film[data-ready]").wait_for(timeout=SLOW_MS)
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
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390


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
