"""The house's style stands in the document itself, so that the first thing Streamlit draws is in its place.

A style that a page sends comes with the page's other elements, after Streamlit has drawn its own frame: everything
would jump. So the document is changed on its way out; Streamlit's files stay as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

END = b"</body>"
STYLE = b"<style>\n" + Path(__file__).with_name("shell.css").read_bytes() + b"</style>\n"


class Styled:
    """Middleware: documents get our style at their end, where it comes after Streamlit's own in the head."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; only those for a document differ."""
        if scope["type"] == "http" and "text/html" in Headers(scope=scope).get("accept", ""):
            await self.app(_asked_plainly(scope), receive, _Dresser(send))
        else:
            await self.app(scope, receive, send)


def _asked_plainly(scope: Scope) -> Scope:
    """The request without what may be answered by compressed bytes, or by "as before" where only our style is new."""
    kept = [(name, value) for name, value in scope["headers"] if name not in NOT_ASKED]
    return {**scope, "headers": kept, "extensions": {}}


NOT_ASKED = (b"accept-encoding", b"if-none-match", b"if-modified-since")


class _Dresser:
    """Sends an answer on; a document once all of it is there."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.start: dict[str, Any] | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_document(message):
            self.start = dict(message)
        elif self.start is None:
            await self.send(message)
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                await self._dressed(self.start)

    async def _dressed(self, start: dict[str, Any]) -> None:
        body = self.body.replace(END, STYLE + END) if self.body else b""
        headers = MutableHeaders(raw=list(start["headers"]))
        for name in ("etag", "last-modified"):
            del headers[name]
        if self.body:
            headers["content-length"] = str(len(body))
        await self.send({**start, "headers": headers.raw})
        await self.send({"type": "http.response.body", "body": body})


def _is_document(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith("text/html")
