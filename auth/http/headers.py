"""Security and cache headers of every response."""

import re

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

_YEAR = "private, max-age=31536000, immutable"
_DAY = "private, max-age=86400"

# Gradio's page starts from an inline script and builds its handlers with `new Function`.
# It loads from and connects to its own origin only, so nothing can be sent elsewhere.
_GRADIO_PAGE = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
# Files of people are displayed, never executed.
_FILE = "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'"

_HSTS_SECONDS = 30 * 86_400
_PERMISSIONS = "camera=(self), microphone=(self), geolocation=(), payment=(), usb=(), browsing-topics=()"

_hashed = re.compile(r"^/(assets|svelte|c41/page)/.*[-.][\w-]{8}\.(js|css|woff2?|png|svg|wasm|map)$")


def with_security_headers(send: Send, scope: Scope) -> Send:
    """Return a ``send`` that adds the headers to the response."""
    path: str = scope["path"]
    # Only a proxy's https is certain to stay: the studio's own certificate is trusted by hand, and http is served too.
    behind_https = scope.get("scheme") == "https" and bool(scope.get("state", {}).get("proxied"))
    is_file = path.startswith(("/gradio_api/file=", "/api/"))

    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name in [name for name in headers if name.startswith("access-control-")]:
                del headers[name]  # Gradio lets any website read with a signed-in person's cookie
            headers["X-Content-Type-Options"] = "nosniff"
            headers["X-Frame-Options"] = "DENY"
            headers["Referrer-Policy"] = "same-origin"
            headers["Cross-Origin-Resource-Policy"] = "same-origin"
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            if behind_https:
                headers["Strict-Transport-Security"] = f"max-age={_HSTS_SECONDS}"
            headers["Permissions-Policy"] = _PERMISSIONS
            headers.setdefault("Content-Security-Policy", _FILE if is_file else _GRADIO_PAGE)
            if message["status"] == 200 and _hashed.match(path):
                headers["Cache-Control"] = _YEAR
            elif message["status"] == 200 and path.startswith("/static/"):
                headers["Cache-Control"] = _DAY
            else:
                headers.setdefault("Cache-Control", "private, no-cache")
        await send(message)

    return add
