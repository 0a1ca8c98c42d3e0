"""Client of a Hugging Face hub: lists a repository's files and downloads them from any byte."""

import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, Field, field_validator

from engines.hub import token
from errors import StudioError
from utf8 import ValidText, valid_json

_TRIES = 3
_READ_SECONDS = 60
"""How long a busy server may send nothing before the connection counts as broken, in seconds."""
_SUM = r"^[0-9a-f]{40,64}$"
_NAME = r"^[\w-][\w.-]*(/[\w-][\w.-]*)?$"
_SMALL = 8 * 2**20
"""Largest file that is read into memory at once, in bytes."""

# Both would log signed URLs and, at debug level, the token.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class HubFile(BaseModel):
    """A file of a repository: its path, its size in bytes, and its blob name in the cache.

    ``sha256`` is the checksum of its content if the hub knows it (large files); otherwise ``etag`` is git's checksum.
    """

    model_config = ConfigDict(frozen=True)

    path: ValidText
    size: int = Field(ge=0)
    etag: str = Field(pattern=_SUM)
    sha256: str | None = Field(None, pattern=_SUM)

    @field_validator("path")
    @classmethod
    def _inside(cls, path: str) -> str:
        if path.startswith("/") or ".." in path.split("/") or "\0" in path:
            raise ValueError("the path leads outside of its folder")
        return path


class Repo(BaseModel):
    """A repository at one commit."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(pattern=_NAME)
    commit: str = Field(pattern=_SUM)
    files: tuple[HubFile, ...]
    license: ValidText = ""
    gated: bool = False


def endpoint() -> str:
    """Return the hub's address."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def page(repo: str) -> str:
    """Return the address of a repository's page."""
    return f"{endpoint()}/{repo}"


def host() -> str:
    """Return the hub's host name: ``huggingface.co``."""
    return urlsplit(endpoint()).netloc


class Hub:
    """A connection to the hub. Safe to use from several threads; close it with ``close``.

    Only the hub receives the token: httpx drops it if a redirect leads to another host or port.
    """

    def __init__(self, token_file: Path | None = None) -> None:
        if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
            raise StudioError(
                "offline",
                "Models cannot be downloaded: this computer is set to stay offline.",
                "HF_HUB_OFFLINE is set.",
                "Unset it and restart the studio.",
                status=503,
            )
        self._base = endpoint()
        self._has_token = bool(stored_token := token.read(token_file))
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {stored_token}"} if stored_token else {},
            timeout=httpx.Timeout(10, read=_READ_SECONDS),
            follow_redirects=True,
            limits=httpx.Limits(max_connections=16),
        )

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __enter__(self) -> "Hub":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- repositories

    def repo(self, name: str, revision: str = "main", wait: Callable[[float], None] = time.sleep) -> Repo:
        """Return a repository's files at a revision. ``wait`` sleeps between attempts and may raise.

        Raises StudioError offline, no_such_repository, no_such_revision, gated, bad_token, hub_error.
        """
        if not re.fullmatch(_NAME, name):
            raise _no_such(name)
        address = f"{self._base}/api/models/{name}/revision/{quote(revision, safe='')}"
        answer = self._get(address, name, {"blobs": "true"}, wait)
        try:
            content = answer.json()
            card = content.get("cardData") or {}
            return Repo(
                name=content.get("id") or name,
                commit=content["sha"],
                files=tuple(_file(sibling) for sibling in content.get("siblings") or ()),
                license=_license(card),
                gated=bool(content.get("gated")),
            )
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise _nonsense(name) from error

    def json(self, repo: Repo, path: str) -> dict[str, Any]:
        """Return the content of a small JSON file. Raises StudioError like ``repo``."""
        listed = next((file.size for file in repo.files if file.path == path), 0)
        if listed > _SMALL:  # the response would be read completely, whatever its size
            raise _nonsense(repo.name)
        answer = self._get(self._address(repo, path), repo.name, {}, time.sleep)
        try:
            content = valid_json(answer.json()) if len(answer.content) <= _SMALL else None
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise _nonsense(repo.name)
        return content

    # -- files

    @contextmanager
    def stream(self, repo: Repo, path: str, start: int = 0, validator: str = "") -> Iterator[httpx.Response]:
        """Stream a file from byte ``start``: status 206, 200 if the server starts over, or 416.

        ``validator`` is the ETag of an earlier response. Raises httpx.TransportError if the connection breaks or the
        server is busy, and StudioError like ``repo`` if it refuses.
        """
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
            if validator and not validator.startswith("W/"):
                headers["If-Range"] = validator
        with self._http.stream("GET", self._address(repo, path), headers=headers) as answer:
            if answer.status_code == 429 or answer.status_code >= 500:
                raise httpx.RemoteProtocolError(f"status {answer.status_code}")
            if answer.status_code != 416:
                self._check(answer, repo.name)
            yield answer

    def _address(self, repo: Repo, path: str) -> str:
        return f"{self._base}/{repo.name}/resolve/{repo.commit}/{quote(path)}"

    def _get(self, address: str, repo: str, query: dict[str, str], wait: Callable[[float], None]) -> httpx.Response:
        for turn in range(_TRIES):
            try:
                answer = self._http.get(address, params=query)
                if answer.status_code != 429 and answer.status_code < 500:
                    self._check(answer, repo)
                    return answer
            except (httpx.TransportError, httpx.TooManyRedirects):
                pass
            if turn + 1 < _TRIES:
                wait(0.5 * 2**turn)
        raise unreachable()

    def _check(self, answer: httpx.Response, repo: str) -> None:
        """Raise StudioError if the server refused."""
        code = answer.headers.get("x-error-code", "")
        if answer.status_code in (401, 403) and code != "RepoNotFound":
            raise gated(repo) if code == "GatedRepo" or not self._has_token else _bad_token(repo)
        if code == "RevisionNotFound":
            raise _no_such_revision(repo)
        if answer.status_code in (401, 404):
            raise _no_such(repo)
        if answer.status_code >= 400:
            raise StudioError(
                "hub_error", f"{host()} refused to send {repo}.", f"It answered {answer.status_code}.", status=502
            )


def unreachable() -> StudioError:
    """Return the error for a hub that does not answer."""
    return StudioError(
        "offline",
        f"Cannot reach {host()}.",
        f"This computer may be offline, or {host()} is down.",
        "Check the connection, then try again. Everything downloaded so far is kept.",
        status=503,
    )


def _no_such(repo: str) -> StudioError:
    return StudioError(
        "no_such_repository",
        f"{host()} has no model “{repo[:100]}”.",
        "The name or the revision is wrong, or the model was removed or is private.",
        "Copy the name from the model's page, in the form “owner/name”.",
        status=404,
    )


def _no_such_revision(repo: str) -> StudioError:
    return StudioError(
        "no_such_revision",
        f"{host()} does not have this revision of {repo[:100]}.",
        "The revision is wrong, or its history was rewritten.",
        "Use “main”, or copy the revision from the model's page.",
        status=404,
    )


def gated(repo: str) -> StudioError:
    """Return the error for a gated model."""
    return StudioError(
        "gated",
        f"{repo} is a gated model: you must accept its license first.",
        next=f"Open {page(repo)}, accept the license, then paste an access token of your account on the Models page.",
        status=403,
    )


def _bad_token(repo: str) -> StudioError:
    return StudioError(
        "bad_token",
        f"{host()} does not let your access token download {repo}.",
        "The token was revoked, has no access to this model, or its license is not accepted yet.",
        f"Open {page(repo)} to accept the license, or paste another token on the Models page.",
        status=403,
    )


def _nonsense(repo: str) -> StudioError:
    return StudioError(
        "hub_error",
        f"{host()} sent an invalid answer about {repo[:100]}.",
        next="Try again later.",
        status=502,
    )


def _file(sibling: dict[str, Any]) -> HubFile:
    lfs = sibling.get("lfs") or {}
    sha256 = lfs.get("sha256") or lfs.get("oid")
    return HubFile(
        path=sibling["rfilename"],
        size=lfs.get("size", sibling.get("size", 0)),
        etag=sha256 or sibling["blobId"],
        sha256=sha256,
    )


def _license(card: dict[str, Any]) -> str:
    """Return the license that the model card names."""
    name = card.get("license_name") if card.get("license") in (None, "other") else card.get("license")
    return str((name[0] if isinstance(name, list) and name else name) or "")
