"""A small archive in KITTI's layout, and a server that hands it out slowly enough to be watched."""

from __future__ import annotations

import http.server
import io
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image

from unet_explorer.classes import load_class_table

PIECES = 8
PAUSE_S = 0.4


def kitti_archive() -> bytes:
    """Two noisy pictures a folder, so that the archive has some size; all of it is road."""
    random = np.random.default_rng(2)
    road = load_class_table("kitti")[0].colour
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for number in range(2):
            noise = random.integers(0, 256, (125, 414, 3), np.uint8)
            kinds = {
                "training/image_2": noise,
                "testing/image_2": noise[::-1],
                "training/instance": np.zeros((125, 414), np.uint16),
                "training/semantic": np.full((125, 414), 7, np.uint8),
                "training/semantic_rgb": np.full((125, 414, 3), road, np.uint8),
            }
            for folder, pixels in kinds.items():
                png = io.BytesIO()
                Image.fromarray(pixels).save(png, "PNG")
                archive.writestr(f"{folder}/{number:06d}_10.png", png.getvalue())
    return body.getvalue()


@contextmanager
def dripping(body: bytes) -> Iterator[str]:
    """Serve a file in pieces with pauses; yields its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for start in range(0, len(body), len(body) // PIECES + 1):
                self.wfile.write(body[start : start + len(body) // PIECES + 1])
                self.wfile.flush()
                time.sleep(PAUSE_S)

        def log_message(self, format: str, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/data_semantics.zip"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
