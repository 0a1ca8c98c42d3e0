"""The address links are built from: a configured or verified one, never just the Host header."""

import re

from starlette.datastructures import URL
from starlette.requests import Request

from auth.lan import addresses
from settings import Settings

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

_ORIGIN = re.compile(r"(https?://([^/?#\s]+))(?:/|$)")


def base_url(request: Request, settings: Settings) -> str | None:
    """Return the studio's address without a trailing slash, like ``https://studio.example.org``.

    It is ``settings.base_url``; without that, the address the request was sent to, if a trusted proxy forwarded it or
    it is one of this computer's own. None if only the Host header names it, because anyone can forge that.
    """
    if settings.base_url:
        return settings.base_url
    here = request.base_url
    return f"{here.scheme}://{here.netloc}" if request.state.trusted_proxy or _is_own(here) else None


def page_url(request: Request) -> str | None:
    """Return the address of the page that sent a request, from the browser's Origin or Referer; None without one.

    No website can make a browser send a false one, and the cookie belongs to the address the person signed in at.
    """
    origin = _ORIGIN.match(request.headers.get("origin") or request.headers.get("referer", ""))
    return origin[1] if origin and origin[2] == request.base_url.netloc else None


def terminal_url(settings: Settings) -> str:
    """Return the address for links printed in the terminal, without a trailing slash."""
    if settings.base_url:
        return settings.base_url
    host = "localhost" if settings.host in ("0.0.0.0", "::", addresses.LAN) else settings.host
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def is_loopback(url: str) -> bool:
    """Return whether an address is a loopback address."""
    return URL(url).hostname in LOOPBACK_NAMES


def _is_own(url: URL) -> bool:
    return url.hostname in {*LOOPBACK_NAMES, *addresses.names(), *addresses.addresses()}
