"""Reverse proxies: forwarding headers are used only from trusted addresses, and never passed on."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from auth.http.networks import Network, is_in

_FORWARDED_HEADERS = (b"x-forwarded-", b"forwarded", b"x-real-ip", b"via", b"x-gradio-server")


class TrustedProxies:
    """Puts the real client, scheme and host into the scope and drops every forwarding header.

    ``scope["state"]["proxied"]`` is whether the request had any, so that it did not come to us directly.
    ``scope["state"]["trusted_proxy"]`` is whether a trusted proxy sent them.
    """

    def __init__(self, app: ASGIApp, proxies: Sequence[Network]) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            scope = self._seen_through(scope)
        await self._app(scope, receive, send)

    def _seen_through(self, scope: Scope) -> Scope:
        said = Headers(scope=scope)
        headers = [(name, value) for name, value in scope["headers"] if not name.lower().startswith(_FORWARDED_HEADERS)]
        proxied = len(headers) != len(scope["headers"])
        peer, port = scope.get("client") or ("", 0)
        believed = is_in(peer, self._proxies)
        state = {**scope.get("state", {}), "proxied": proxied, "trusted_proxy": proxied and believed}
        scope = {**scope, "headers": headers, "state": state}
        if not believed:
            return scope
        chain = [hop.strip() for value in said.getlist("x-forwarded-for") for hop in value.split(",") if hop.strip()]
        real = next((hop for hop in reversed(chain) if not is_in(hop, self._proxies)), None)
        if real:
            scope["client"] = (real, port)
        proto = _last(said, "x-forwarded-proto")
        if proto in ("http", "https"):
            scope["scheme"] = proto
        if host := _last(said, "x-forwarded-host"):
            scope["headers"] = [(name, value) for name, value in headers if name.lower() != b"host"]
            scope["headers"].append((b"host", host.encode("latin-1")))
        return scope


def _last(headers: Headers, name: str) -> str:
    """Return the value from the nearest proxy: each proxy appends its own."""
    values = headers.getlist(name)
    return values[-1].split(",")[-1].strip() if values else ""
