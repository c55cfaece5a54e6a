"""Documents come with our style at their end; everything else as it was."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.asynchronous import run
from unet_explorer.ui import document
from unet_explorer.ui.document import Styled

PAGE = b"<html><head></head><body><p>" + b"words " * 200 + b"</p></body></html>"
BROWSER = {"accept": "text/html,application/xhtml+xml", "accept-encoding": "gzip"}


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    """A page that is a file, one in pieces and one that is no page, compressed where that was asked for."""
    (tmp_path / "index.html").write_bytes(PAGE)

    def page(_request: Request) -> Response:
        return FileResponse(tmp_path / "index.html")

    def pieces(_request: Request) -> Response:
        return StreamingResponse(iter([PAGE[:40], PAGE[40:]]), media_type="text/html")

    def words(_request: Request) -> Response:
        return PlainTextResponse(PAGE)

    routes = [Route("/page", page), Route("/pieces", pieces), Route("/words", words)]
    return Starlette(routes=routes, middleware=[Middleware(Styled), Middleware(GZipMiddleware)])


def ask(app: Starlette, path: str, headers: dict[str, str], method: str = "GET") -> tuple[dict[str, str], bytes]:
    """The headers and the body that a browser gets."""
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    run(app({**scope, "headers": raw, "http_version": "1.1"}, receive, send))  # type: ignore[arg-type]
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return found, b"".join(part.get("body", b"") for part in sent[1:])


@pytest.mark.parametrize("path", ["/page", "/pieces"])
def test_a_document_ends_with_our_style(app: Starlette, path: str) -> None:
    headers, body = ask(app, path, BROWSER)
    style = Path(document.__file__).with_name("shell.css").read_bytes()
    assert body == PAGE.replace(b"</body>", b"<style>\n" + style + b"</style>\n</body>")
    assert headers["content-length"] == str(len(body))
    # An updated style must not be taken for the one the browser has.
    assert not {"etag", "last-modified", "content-encoding"} & headers.keys()


def test_a_browser_that_has_the_document_gets_it_again(app: Starlette) -> None:
    plain, _ = ask(app, "/page", {"accept": "*/*"})
    headers, body = ask(app, "/page", BROWSER | {"if-none-match": plain["etag"]})
    assert b"<style>" in body
    assert headers["content-length"] == str(len(body))


def test_the_head_of_a_document_has_no_body(app: Starlette) -> None:
    assert ask(app, "/page", BROWSER, "HEAD")[1] == b""


def test_everything_else_stays_as_it_is(app: Starlette) -> None:
    assert ask(app, "/words", {"accept": "text/html"})[1] == PAGE
    headers, body = ask(app, "/words", {"accept": "*/*", "accept-encoding": "gzip"})
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(body) == PAGE
