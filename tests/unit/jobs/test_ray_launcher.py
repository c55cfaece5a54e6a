"""The ray launcher against a played head; `tests/faults/test_ray.py` has a real one."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.unit.jobs.test_store import job as queued
from unet_explorer.errors import JobError
from unet_explorer.jobs import locks
from unet_explorer.jobs.folder import JobFolder, Order, Started
from unet_explorer.jobs.launchers.ray import RayLauncher
from unet_explorer.jobs.observe import LAUNCHES_TRIED, Presence, Retry, look
from unet_explorer.jobs.processes import Identity
from unet_explorer.jobs.states import Job, State


class Head(ThreadingHTTPServer):
    """Answers as it is told and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, Any]] = []
        self.authorization: str | None = None
        self.answers: dict[str, tuple[int, Any]] = {"GET": (200, {}), "POST": (200, {})}


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Head

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, json.loads(body) if body else None))
        self.server.authorization = self.headers.get("Authorization")
        status, answer = self.server.answers[self.command]
        content = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _serve  # noqa: N815 - the names that the server calls

    def log_message(self, *arguments: object) -> None:
        """Silence."""


@pytest.fixture
def head(monkeypatch: pytest.MonkeyPatch) -> Iterator[Head]:
    with Head() as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("UNET_EXPLORER_RAY_ADDRESS", f"127.0.0.1:{found.server_port}/")
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    found = JobFolder(tmp_path / "one")
    found.attempt(1).write_order(Order("one", 1, ("train",), "token", 30.0, False))
    return found


def job(**changes: object) -> Job:
    """A job whose first attempt was submitted."""
    return replace(queued("one", launcher="ray"), **({"state": State.STARTING, "attempt": 1} | changes))


def begin(folder: JobFolder) -> None:
    """The runner's first word."""
    folder.attempt(1).write_started(Started("node", 3.0, Identity(1, "boot", 2)))


def test_the_very_runner_command_is_submitted_under_the_name_of_the_attempt(head: Head, folder: JobFolder) -> None:
    RayLauncher().launch(job(gpus=2, name="streets"), folder, 1, lock=-1)
    ((method, path, body),) = head.asked
    assert (method, path) == ("POST", "/api/jobs/")
    assert body["entrypoint"] == f"exec python -m unet_explorer.jobs.runner --job-folder {folder.path} --attempt 1"
    assert (body["submission_id"], body["entrypoint_num_gpus"]) == ("unet-explorer-one-1", 2)
    assert body["metadata"] == {"job": "one", "name": "streets"}
    assert head.authorization is None


def test_no_gpu_is_asked_for_unless_wanted_and_a_token_is_sent(
    head: Head, folder: JobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    RayLauncher().launch(job(), folder, 1, lock=-1)
    assert "entrypoint_num_gpus" not in head.asked[0][2]
    assert head.authorization == "Bearer secret"


def test_asking_twice_is_harmless(head: Head, folder: JobFolder) -> None:
    head.answers["POST"] = (400, "Traceback\nValueError: Job with submission_id x already exists. Please")
    RayLauncher().launch(job(), folder, 1, lock=-1)
    head.answers["POST"] = (500, "Traceback\nNo available agent to submit job")
    with pytest.raises(JobError, match="error 500: No available agent to submit job"):
        RayLauncher().launch(job(), folder, 1, lock=-1)


def test_a_held_lock_says_more_than_ray(head: Head, folder: JobFolder) -> None:
    lock = locks.acquire(folder.lock)
    assert lock is not None
    assert RayLauncher().presence(job(), folder) == Presence(True)
    assert head.asked == []
    os.close(lock)


def test_what_ray_says_of_a_job_without_a_last_word(head: Head, folder: JobFolder) -> None:
    def presence(status: str, wanted: Job, **more: str) -> Presence:
        head.answers["GET"] = (200, {"status": status, **more})
        return RayLauncher().presence(wanted, folder)

    waiting = presence("PENDING", job(), message="No GPU.")
    assert waiting == Presence(True, notice="The cluster has it waiting: No GPU.")
    assert presence("RUNNING", job(state=State.RUNNING, started=3.0)) == Presence(True)
    # Ray stops only what has begun; the request in the folder stops the rest.
    assert presence("PENDING", job(state=State.CANCELLING)) == Presence(False)
    failed = presence("FAILED", job(), message="python: not found\nmore", error_type="JOB_ENTRYPOINT_COMMAND_ERROR")
    assert failed == Presence(False, trouble="Ray ended it as FAILED: python: not found", retry=Retry.NEVER)
    assert look(job(), folder, failed).outcome.trouble == "Ray ended it as FAILED: python: not found"  # type: ignore[union-attr]
    busy = presence("FAILED", job(), message="Timeout.", error_type="JOB_SUPERVISOR_ACTOR_START_TIMEOUT")
    assert look(job(), folder, busy, misses=5 * LAUNCHES_TRIED).outcome.state is State.QUEUED  # type: ignore[union-attr]


def test_a_head_that_forgot_a_job_is_told_again_only_if_it_never_began(head: Head, folder: JobFolder) -> None:
    head.answers["GET"] = (404, "Job unet-explorer-one-1 does not exist")
    told_again = RayLauncher().presence(job(), folder)
    assert told_again.alive is None
    assert [(method, path) for method, path, _ in head.asked] == [
        ("GET", "/api/jobs/unet-explorer-one-1"),
        ("POST", "/api/jobs/"),
    ]
    assert RayLauncher().presence(job(state=State.CANCELLING), folder) == Presence(False)

    begin(folder)
    head.asked.clear()
    gone = RayLauncher().presence(job(state=State.RUNNING, started=3.0), folder)
    assert (gone.alive, gone.trouble) == (False, "The Ray head was restarted and knows the job no more.")
    assert [method for method, _, _ in head.asked] == ["GET"]
    lost = look(job(state=State.RUNNING, started=3.0), folder, gone).outcome
    assert lost is not None
    assert lost.state is State.LOST


@pytest.mark.parametrize("answer", [(500, "Internal Server Error"), (200, "<html>not Ray</html>")])
def test_nothing_is_decided_while_the_head_makes_no_sense(
    head: Head, folder: JobFolder, answer: tuple[int, str]
) -> None:
    head.answers["GET"] = answer
    found = RayLauncher().presence(job(), folder)
    assert found.alive is None
    assert found.notice
    assert look(job(), folder, found).outcome is None


def test_a_head_that_is_away_is_left_alone_for_a_while(folder: JobFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNET_EXPLORER_RAY_ADDRESS", "http://127.0.0.1:9")
    launcher = RayLauncher()
    sentence = "The Ray cluster at http://127.0.0.1:9 cannot be reached: waiting for it."
    assert launcher.obstacle() == sentence
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: pytest.fail("asked again at once"))
    assert launcher.obstacle() == sentence
    assert launcher.presence(job(), folder) == Presence(None, notice=sentence)
    launcher.stop(job(), folder)


def test_no_address_is_an_obstacle_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNET_EXPLORER_RAY_ADDRESS", raising=False)
    assert RayLauncher().obstacle() == (
        "No cluster is set: give the address of a Ray head in UNET_EXPLORER_RAY_ADDRESS."
    )


def test_only_what_has_not_begun_is_withdrawn(head: Head, folder: JobFolder) -> None:
    RayLauncher().stop(job(), folder)
    assert head.asked == [("POST", "/api/jobs/unet-explorer-one-1/stop", None)]
    begin(folder)
    RayLauncher().stop(job(), folder)
    assert len(head.asked) == 1
