"""Completes the page that Gradio renders, on its way out."""

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OWN_SHEET = re.compile(rb'<link rel="stylesheet" crossorigin href="\./assets/[^"]+">')


class FirstPaint:
    """Adds ``head`` to the end of the ``<head>`` of the page at ``/``, and drops what the page loads in vain: the style
    sheet that ``head`` has too, and a script for pages inside a frame, which the studio never is."""

    def __init__(self, app: ASGIApp, head: str) -> None:
        self._app = app
        self._head = f"{head}\n</head>".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if message["type"] != "http.response.body":  # debug messages of the test client
                await send(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            page = _without_frames(_OWN_SHEET.sub(b"", bytes(body), 1)).replace(b"</head>", self._head, 1)
            MutableHeaders(scope=start)["Content-Length"] = str(len(page))
            await send(start)
            await send({"type": "http.response.body", "body": page})

        await self._app(scope, receive, collect)


def _without_frames(page: bytes) -> bytes:
    if (inside := page.find(b"iframeResizer.contentWindow")) < 0:
        return page
    end = b"</script>"
    return page[: page.rfind(b"<script>", 0, inside)] + page[page.find(end, inside) + len(end) :]
