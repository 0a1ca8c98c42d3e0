"""The address and credentials of an Ollama server, and the registry it would download a model from."""

import re
import socket
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

_HERE = ("127.0.0.1", "localhost", "::1", "0.0.0.0")
_API_PATHS = ("/v1", "/api")
"""Paths that people copy along. They are removed: the studio adds the paths of Ollama's own API itself."""
_PORT = 11434
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)


@dataclass(frozen=True)
class OllamaAddress:
    """``url`` is shown to people; ``login`` (name, password) and ``key`` are only sent to the server."""

    url: str = ""
    login: tuple[str, str] | None = field(default=None, repr=False)
    key: str = field(default="", repr=False)

    @property
    def is_here(self) -> bool:
        """Whether the server runs on this computer and shares its memory and GPUs."""
        try:
            host = urlsplit(self.url).hostname
        except ValueError:
            return False
        return host in (*_HERE, socket.gethostname().lower())

    @property
    def is_secure(self) -> bool:
        """Whether certificates are needed: loading the system's takes longer than most requests."""
        return self.url.startswith("https:")


def registry_of(name: str) -> str:
    """Return the host that Ollama would download a model of this name from; empty for Ollama's own library."""
    parts = name.split("/")
    first = parts[0]
    named = len(parts) > 2 or (len(parts) == 2 and ("." in first or ":" in first or first == "localhost"))
    return first if named else ""


def is_public_host(host: str) -> bool:
    """Whether a host name is public: not an IP address, not a name on the local network, without a port."""
    labels = host.lower().rstrip(".").split(".")
    return (
        len(labels) > 1
        and all(re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", label) for label in labels)
        and labels[-1].isalpha()
        and labels[-1] not in ("local", "localhost", "internal", "lan", "home", "arpa")
    )


def read_address(text: str, key: str = "") -> OllamaAddress:
    """Parse an address that a person entered. User name and password are extracted, a trailing ``/v1`` is removed.

    Without a scheme, it is http at Ollama's default port unless another is given; with one, the scheme's default port.
    """
    text = text.strip().rstrip("/")
    scheme = _SCHEME.match(text)
    # Extracted before parsing: a password with a / or # in it would end up in the path, which is shown.
    userinfo, _, place = text[scheme.end() if scheme else 0 :].rpartition("@")
    name, _, password = userinfo.partition(":")
    login = (unquote(name), unquote(password)) if userinfo else None
    return OllamaAddress(_url(scheme[1] if scheme else "", place), login, key)


def _url(scheme: str, place: str) -> str:
    """Return the address without credentials. An invalid one is returned unchanged and reported when it is used."""
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
