"""Where an Ollama server answers, what it asks to be shown, and from where it would download a model."""

import re
import socket
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

_HERE = ("127.0.0.1", "localhost", "::1", "0.0.0.0")
_API_PATHS = ("/v1", "/api")
"""Paths that people copy along: the studio speaks Ollama's own API and adds them itself."""
_PORT = 11434
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)


@dataclass(frozen=True)
class OllamaAddress:
    """``url`` is what people are shown; ``login`` (name, password) and ``key`` are shown to the server alone."""

    url: str = ""
    login: tuple[str, str] | None = field(default=None, repr=False)
    key: str = field(default="", repr=False)

    @property
    def is_here(self) -> bool:
        """Whether it is this machine, whose memory and cards the server then shares."""
        try:
            host = urlsplit(self.url).hostname
        except ValueError:
            return False
        return host in (*_HERE, socket.gethostname().lower())

    @property
    def is_secure(self) -> bool:
        """Whether certificates matter: reading those of the system takes longer than most answers."""
        return self.url.startswith("https:")


def registry_of(name: str) -> str:
    """The host that a server would download a model of this name from; empty for Ollama's own library."""
    parts = name.split("/")
    first = parts[0]
    named = len(parts) > 2 or (len(parts) == 2 and ("." in first or ":" in first or first == "localhost"))
    return first if named else ""


def is_public_host(host: str) -> bool:
    """Whether a host is one of the internet by its name: no address, no name of the own network, no port."""
    labels = host.lower().rstrip(".").split(".")
    return (
        len(labels) > 1
        and all(re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", label) for label in labels)
        and labels[-1].isalpha()
        and labels[-1] not in ("local", "localhost", "internal", "lan", "home", "arpa")
    )


def read_address(text: str, key: str = "") -> OllamaAddress:
    """The address that a person wrote: a name and password in it are taken out, ``/v1`` at its end is left out.

    Without a scheme it is http, at Ollama's own port where none is written; with one, the port is the scheme's.
    """
    text = text.strip().rstrip("/")
    scheme = _SCHEME.match(text)
    # Taken out before anything is parsed: a password with a / or # in it would end up in the path, which is shown.
    userinfo, _, place = text[scheme.end() if scheme else 0 :].rpartition("@")
    name, _, password = userinfo.partition(":")
    login = (unquote(name), unquote(password)) if userinfo else None
    return OllamaAddress(_url(scheme[1] if scheme else "", place), login, key)


def _url(scheme: str, place: str) -> str:
    """The address without a login; one that makes no sense as it is, which is said when it is asked."""
    try:
        parts = urlsplit(f"{scheme or 'http'}://{place}")
        if not scheme and parts.hostname and parts.port is None:
            parts = parts._replace(netloc=f"{parts.netloc.rstrip(':')}:{_PORT}")
    except ValueError:
        return f"{scheme or 'http'}://{place}"
    path = parts.path
    for tail in _API_PATHS:
        path = path.removesuffix(tail)
    return parts._replace(path=path.rstrip("/")).geturl()
