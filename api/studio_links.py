"""Links to the studio for people and their phones, with QR codes."""

import time

from fastapi import Request
from pydantic import BaseModel, ConfigDict

from auth.accounts.links import LIFETIME
from auth.http.base_url import base_url, is_loopback, page_url, terminal_url
from auth.lan import qr
from auth.lan.addresses import LAN, lan_url
from auth.lan.certificate import fingerprint
from auth.pages.certificate_page import folder_of
from studio import Studio

_ONLY_HERE = (
    "This studio only accepts connections from this computer, so the link only opens here. To let other devices "
    "connect, start it with: make run HOST=lan"
)
_UNKNOWN = (
    "The studio does not know its address for other devices, so the link only opens here. Set C41_BASE_URL to that "
    "address."
)


class NewLink(BaseModel):
    """A one-time sign-in link, not shown again. ``qr`` is an SVG of it; ``note`` says where it does not open."""

    model_config = ConfigDict(frozen=True)

    name: str
    url: str
    qr: str
    words: str
    expires_at: float
    note: str


class Phone(BaseModel):
    """The studio's address for phones; ``url`` is empty if there is none. ``fingerprint`` is the SHA-256 of the
    certificate as the phone's settings show it, empty without one.
    """

    model_config = ConfigDict(frozen=True)

    url: str
    qr: str
    trust: str
    fingerprint: str
    words: str


def new_link(studio: Studio, request: Request, name: str, path: str) -> NewLink:
    """Return the link to ``path`` for the person ``name``."""
    address, note = _address(studio, request)
    url = f"{address}{path}"
    return NewLink(
        name=name,
        url=url,
        qr=qr.svg(url),
        words=f"It works once and expires in {LIFETIME / 3600:.0f} hours. You won't see it again.",
        expires_at=time.time() + LIFETIME,
        note=note,
    )


def phone(studio: Studio, request: Request) -> Phone:
    """Return the studio's address for phones."""
    url, note = _address(studio, request)
    if note:
        return Phone(url="", qr="", trust="", fingerprint="", words=note.replace(", so the link only opens here", ""))
    authority = folder_of(studio.data).authority() if studio.settings.host == LAN else None
    words = "Point your phone's camera at the code. The phone must be on the same network as the studio."
    if not url.startswith("https:"):
        words += " Microphone and notifications only work over https. To use it, start with: make run HOST=lan"
    return Phone(
        url=url,
        qr=qr.svg(url),
        trust=f"{url}/trust" if authority else "",
        fingerprint=fingerprint(authority) if authority else "",
        words=words,
    )


def _address(studio: Studio, request: Request) -> tuple[str, str]:
    """Return the studio's address for links, and why other devices cannot use it; empty if they can."""
    settings = studio.settings
    here = base_url(request, settings) or page_url(request)
    if here and not is_loopback(here):
        return here, ""
    if settings.host == LAN and not settings.base_url and (house := lan_url(settings.port)):
        return house, ""
    return here or terminal_url(settings), _ONLY_HERE if here else _UNKNOWN
