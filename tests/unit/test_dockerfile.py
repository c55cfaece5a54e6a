"""The Dockerfile, as far as it can be checked without Docker: what it copies, chooses, runs and asks."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# Lines that end in a backslash go on, comments are no part of them.
TEXT = re.sub(r"^#.*\n", "", (REPOSITORY / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
STEPS = [line.split(None, 1) for line in re.sub(r"\\\n", "", TEXT).splitlines() if line.strip()]


def step(kind: str) -> str:
    (found,) = [rest for name, rest in STEPS if name == kind]
    return found


def test_what_the_app_needs_is_copied() -> None:
    copied = [rest.split()[-2:] for name, rest in STEPS if name == "COPY"]
    assert copied == [["requirements.txt", "."], [".", "."]]
    ignored = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").split()
    for name in (
        *("requirements.txt", "app.py", "pages", "unet_explorer", "models", "sample_images", ".streamlit", "LICENSE"),
    ):
        assert (REPOSITORY / name).exists()
        assert not any(fnmatch.fnmatch(name, pattern) for pattern in ignored), name
    for name in (".git", ".venv", ".venv-scenes", ".mypy_cache", "tests"):
        assert any(fnmatch.fnmatch(name, pattern) for pattern in ignored), name


@pytest.mark.parametrize(("flavour", "package"), [("cpu", "tensorflow-cpu=="), ("gpu", "tensorflow[and-cuda]==")])
def test_the_flavour_of_tensorflow_is_chosen_and_its_pin_kept(flavour: str, package: str, tmp_path: Path) -> None:
    pins = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8")
    (tmp_path / "requirements.txt").write_text(pins, encoding="utf-8")
    assert choose(flavour, tmp_path).returncode == 0
    (version,) = re.findall(r"^tensorflow==(.+)$", pins, re.MULTILINE)
    assert (tmp_path / "requirements.txt").read_text(encoding="utf-8") == pins.replace(
        f"tensorflow=={version}", f"{package}{version}"
    )


def test_another_flavour_is_refused(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()
    refused = choose("tpu", tmp_path)
    assert (refused.returncode, refused.stderr) == (1, "TENSORFLOW is 'tpu': choose cpu or gpu\n")


def choose(flavour: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the part of the installing step that comes before pip."""
    (install,) = [rest for name, rest in STEPS if name == "RUN" and "pip install" in rest]
    chooser, pip = install.split("&&")
    assert pip.strip() == "pip install -r requirements.txt"
    environment = {**os.environ, "TENSORFLOW": flavour}
    return subprocess.run(["sh", "-c", chooser], cwd=folder, env=environment, capture_output=True, text=True)


def test_it_runs_as_a_user_who_owns_the_data_folder() -> None:
    user, volume = step("USER"), step("VOLUME")
    assert f"UNET_EXPLORER_DATA_DIR={volume}" in step("ENV")
    (owning,) = [rest for name, rest in STEPS if name == "RUN" and "useradd" in rest]
    assert re.search(rf"useradd .*{user}\b.*mkdir {volume} && chown {user} {volume}", owning)
    names = [name for name, _ in STEPS]
    # Docker keeps the owner of a folder only where it becomes a volume after it was given away.
    assert names.index("USER") < names.index("VOLUME") < names.index("CMD")


def test_the_health_check_asks_the_port_that_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    port = step("EXPOSE")
    assert f"--server.port={port}" in json.loads(step("CMD"))
    command = json.loads(step("HEALTHCHECK").split("CMD", 1)[1])
    assert command[:2] == ["python", "-c"]
    asked: list[str] = []

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if len(asked) == 1 else 503)
            self.end_headers()

        def log_message(self, *given: object) -> None:
            pass

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")  # Docker hands the proxies of its host on.
    with HTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        check = [sys.executable, "-c", command[2].replace(port, str(server.server_port))]
        codes = [subprocess.run(check, check=False).returncode for _ in range(2)]
        server.shutdown()
    assert (asked, codes) == (["/_stcore/health"] * 2, [0, 1])
    assert subprocess.run(check, check=False, stderr=subprocess.DEVNULL).returncode == 1
