"""Lighter pages: Gradio sends its page and its configuration uncompressed, half a megabyte for a tenth of that."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_HEAVY = frozenset({"/", "/config", "/config/", "/gradio_api/info", "/gradio_api/info/"})


class LightPages:
    """gzip for exactly the heavy paths: files and streams stay as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._gzip = GZipMiddleware(app, minimum_size=1000, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        heavy = scope["type"] == "http" and scope["path"] in _HEAVY
        await (self._gzip if heavy else self._app)(scope, receive, send)
