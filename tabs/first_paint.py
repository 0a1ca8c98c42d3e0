"""The colors of the page before Gradio has started: what it adds to the head comes a second too late."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEAD = b"""<link rel="stylesheet" href="c41/css/tokens.css">
<script>{
  const chosen = localStorage.getItem("c41-look"), night = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.look = ["dark", "light"].includes(chosen) ? chosen : night ? "dark" : "light";
}</script>
</head>"""


class FirstPaint:
    """Puts the colors, and the look that was chosen in this browser, into the head of the page at ``/``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

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
            if message["type"] != "http.response.body":  # what a test's client is shown beside it
                await send(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            page = bytes(body).replace(b"</head>", _HEAD, 1)
            MutableHeaders(scope=start)["Content-Length"] = str(len(page))
            await send(start)
            await send({"type": "http.response.body", "body": page})

        await self._app(scope, receive, collect)
