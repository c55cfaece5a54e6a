"""A download whose process is killed goes on where it was, in a new process."""

import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

PROGRAM = """
import sys
from pathlib import Path
from unet_explorer.datasets.download import Archive, Request, download
url, out = sys.argv[1:]
archive = Archive("kitti", url, "be kind", {"training/image_2": 1}, smallest=1, largest=10_000_000)
print(download(archive, Request(Path(out), accepted=True)).sha256)
"""
STEP = 1 << 18
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("kills", [1, 3])
def test_a_killed_download_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    content = np.random.default_rng(0).bytes(8 * STEP)
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr("training/image_2/000000_10.png", content)
    body, starts, hold = buffer.getvalue(), [], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
            starts.append(start)
            self.send_response(206 if start else 200)
            self.send_header("ETag", '"v1"')
            self.send_header("Content-Length", str(len(body) - start))
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.end_headers()
            # Two steps at once, the rest only when the killing is over.
            try:
                self.wfile.write(body[start : start + 2 * STEP])
                self.wfile.flush()
                hold.wait(60)
                self.wfile.write(body[start + 2 * STEP :])
            except ConnectionError:
                pass

        def log_message(self, *_: object) -> None:
            pass

    out = tmp_path / "kitti"
    part = out / ".download/data.zip.part"
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        command = [sys.executable, "-c", PROGRAM, f"http://127.0.0.1:{server.server_port}/data.zip", str(out)]
        for round_number in range(1, kills + 1):
            victim = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY)
            deadline = time.monotonic() + 60
            while not part.exists() or part.stat().st_size < 2 * STEP * round_number:
                assert time.monotonic() < deadline, "the download does not advance"
                time.sleep(0.01)
            victim.kill()
            victim.communicate()
        hold.set()
        subprocess.run(command, check=True, capture_output=True, timeout=60, cwd=REPOSITORY)
        server.shutdown()
        thread.join()

    assert starts == [2 * STEP * n for n in range(kills + 1)]
    assert (out / "training/image_2/000000_10.png").read_bytes() == content
    assert not (out / ".download").exists()
