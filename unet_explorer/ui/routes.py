"""Pixels over HTTP: what the components in the browser fetch, beside Streamlit's own messages.

`/unet/assets/...` serves the components' scripts; `/unet/maps/<token>/<question>` answers a question about an offer
(a network and a picture). Tokens come from `shared().offers`; nothing can be asked without one. Answers never change
for the same address, so browsers may keep them for good; those about uploads only as long as the page is open.
`/unet/previews/...` serves what training jobs predicted. `/explore` leads to the start page.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import socket
import stat
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from streamlit import config

from unet_explorer.errors import UserError
from unet_explorer.settings import int_setting
from unet_explorer.ui.answers import ANSWERS, Query
from unet_explorer.ui.components.assets import ASSETS, DIGEST, base_address, media_type
from unet_explorer.ui.offers import Offer
from unet_explorer.ui.shared import shared
from unet_explorer.ui.training.previews import serve_preview

LOG = logging.getLogger(__name__)
FOR_GOOD = {
    "Cache-Control": "private, max-age=31536000, immutable",
    # Streamlit would gzip the pixels otherwise, which costs more than it saves.
    "Content-Encoding": "identity",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
NOT_ON_DISK = FOR_GOOD | {"Cache-Control": "no-store"}
NOT_AT_ALL = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
AT_ONCE = asyncio.Semaphore(3)
"""Answers that are computed at the same time; the rest wait without a thread."""


async def asset(request: Request) -> Response:
    """A script or style of the components; the digest in the address changes whenever one of them does."""
    body = ASSETS.get(request.path_params["path"])
    if body is None or request.path_params["digest"] != DIGEST:
        return JSONResponse({"error": "There is no such file."}, 404, NOT_AT_ALL)
    return Response(body, headers=FOR_GOOD, media_type=media_type(request.path_params["path"]))


async def answer(request: Request) -> Response:
    """The answer to one question about an offer.

    404 with `lost` means: offered by nobody (any more); the component makes the page offer it again. 422 carries one
    sentence for the user.
    """
    offer = shared().offers.find(request.path_params["token"])
    question = ANSWERS.get(request.path_params["question"])
    if offer is None or question is None:
        return JSONResponse({"lost": offer is None, "error": "The server no longer holds this."}, 404, NOT_AT_ALL)
    key = (offer.token, request.path_params["question"], str(request.query_params))
    body = shared().answers.get(key)
    if body is None:
        try:
            body = await _compute(request, offer)
        except UserError as error:
            return JSONResponse({"error": str(error)}, 422, NOT_AT_ALL)
        except Exception:
            LOG.exception("No answer to %s", request.url.path)
            return JSONResponse({"error": "The server failed on this; its log says why."}, 500, NOT_AT_ALL)
        if body is None:
            return Response(status_code=499)
        shared().answers.put(key, body)
    return Response(body, headers=NOT_ON_DISK if offer.private else FOR_GOOD, media_type=question.media_type)


async def _compute(request: Request, offer: Offer) -> bytes | None:
    """The body of an answer; None where the browser gave up waiting, so that arrow keys can run ahead."""
    question = ANSWERS[request.path_params["question"]]
    async with AT_ONCE:
        if await request.is_disconnected():
            return None
        return await run_in_threadpool(question.answer, offer, Query(request.query_params))


@contextlib.asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[dict[str, Any]]:
    """Start-up of the process: answers leave at once, and TensorFlow is imported while the first page is drawn."""
    # Streamlit has a limit of its own, which would refuse what ours allows.
    config.set_option("server.maxUploadSize", int_setting("max_upload_mb"))
    _send_at_once()
    threading.Thread(target=_import_tensorflow, name="import-tensorflow", daemon=True).start()
    yield {}


def _send_at_once() -> None:
    """Turn Nagle's algorithm off on the listening sockets (connections inherit it): it held each answer back for 40 ms.

    asyncio does this itself, but only for sockets made with an explicit TCP protocol, which Streamlit's are not.
    """
    descriptors = Path("/proc/self/fd")
    for name in [int(entry.name) for entry in descriptors.iterdir()] if descriptors.is_dir() else []:
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(name).st_mode):
                _turn_nagle_off(name)


def _turn_nagle_off(descriptor: int) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as candidate:
        is_tcp = candidate.family in (socket.AF_INET, socket.AF_INET6) and candidate.type == socket.SOCK_STREAM
        if is_tcp and candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _import_tensorflow() -> None:
    """Import it, and take its half a million objects out of the garbage collector's sight.

    Streamlit collects garbage after every run of a page. Going through TensorFlow's modules took 0.29 s of a
    processor each time, in which no thread could answer anything; without them it takes less than 0.05 s.
    """
    with contextlib.suppress(ImportError):
        import unet_explorer.network.opening  # noqa: F401
    gc.collect()
    gc.freeze()


async def start_page(request: Request) -> Response:
    """The Explore page is the start page, but `/explore` is what people type after having seen `/classes`."""
    query = request.url.query
    return RedirectResponse(f"./?{query}" if query else "./")


BASE = base_address()
"""Behind the server's base path, where Streamlit itself does not put routes of others."""

ROUTES = [
    Route(BASE + "/assets/{digest}/{path:path}", asset),
    Route(BASE + "/maps/{token}/{question}", answer),
    Route(BASE + "/previews/{job}/{name}", serve_preview),
    Route(BASE.rpartition("/")[0] + "/explore", start_page),
]
