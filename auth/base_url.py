"""The address that links are built from: one that somebody vouches for, never a bare Host header."""

import re

from starlette.datastructures import URL
from starlette.requests import Request

from auth import lan
from settings import Settings

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

_ORIGIN = re.compile(r"(https?://([^/?#\s]+))(?:/|$)")


def base_url(request: Request, settings: Settings) -> str | None:
    """The studio's address without a slash at its end, like ``https://studio.example.org``.

    It is ``settings.base_url``; without that the address the request was sent to, where a trusted proxy passed it on or
    it is one of this machine's own. None where only the Host header says so: anybody can write one.
    """
    if settings.base_url:
        return settings.base_url
    here = request.base_url
    return f"{here.scheme}://{here.netloc}" if request.state.trusted_proxy or _is_own(here) else None


def page_url(request: Request) -> str | None:
    """The address of the page that sent a request, as a signed-in person's browser tells it; None where it does not.

    No website can make a browser name another one, and a cookie comes from the address its person signed in at.
    """
    said = _ORIGIN.match(request.headers.get("origin") or request.headers.get("referer", ""))
    return said[1] if said and said[2] == request.base_url.netloc else None


def terminal_url(settings: Settings) -> str:
    """The address for links that are printed on the studio's machine, without a slash at its end."""
    if settings.base_url:
        return settings.base_url
    host = "localhost" if settings.host in ("0.0.0.0", "::", lan.LAN) else settings.host
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def is_loopback(url: str) -> bool:
    """Whether an address leads every device to itself."""
    return URL(url).hostname in LOOPBACK_NAMES


def _is_own(url: URL) -> bool:
    return url.hostname in {*LOOPBACK_NAMES, *lan.names(), *lan.addresses()}
