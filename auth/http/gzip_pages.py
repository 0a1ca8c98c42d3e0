"""Compresses Gradio's page and configuration from half a megabyte to about a tenth."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_HEAVY = frozenset({"/", "/config", "/config/", "/gradio_api/info", "/gradio_api/info/"})


class GzipPages:
    """Applies gzip to the large pages only; files and streams stay as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._gzip = GZipMiddleware(app, minimum_size=1000, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        heavy = scope["type"] == "http" and scope["path"] in _HEAVY
        await (self._gzip if heavy else self._app)(scope, receive, send)
