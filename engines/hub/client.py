"""Speaking with a Hugging Face hub: what a repository holds, and its files from any byte on."""

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
"""How long a busy server may send nothing before a connection counts as broken."""
_SUM = r"^[0-9a-f]{40,64}$"
_NAME = r"^[\w-][\w.-]*(/[\w-][\w.-]*)?$"
_SMALL = 8 * 2**20
"""The most bytes of a file that is read whole."""

# Both would write signed addresses, and at their chattiest the token, into the log.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class HubFile(BaseModel):
    """A file of a repository: its path there, its bytes, its name among the cache's blobs.

    ``sha256`` is over its content where the hub knows it (large files); of others ``etag`` is git's own sum.
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
            raise ValueError("it would lie outside of its folder")
        return path


class Repo(BaseModel):
    """A repository at one commit."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(pattern=_NAME)
    commit: str = Field(pattern=_SUM)
    files: tuple[HubFile, ...]
    licence: ValidText = ""
    gated: bool = False


def endpoint() -> str:
    """The hub's address."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def page(repo: str) -> str:
    """Where people read about a repository."""
    return f"{endpoint()}/{repo}"


def host() -> str:
    """The hub as people call it: ``huggingface.co``."""
    return urlsplit(endpoint()).netloc


class Hub:
    """A connection; usable from several threads, closed by ``close``.

    The token goes to the hub alone: httpx drops it where a redirect leads to another host or port.
    """

    def __init__(self, token_file: Path | None = None) -> None:
        if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
            raise StudioError(
                "offline",
                "This machine is set to stay offline.",
                "HF_HUB_OFFLINE is set.",
                "Unset it and start the studio again to get models.",
                status=503,
            )
        self._base = endpoint()
        self._has_token = bool(found := token.read(token_file))
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {found}"} if found else {},
            timeout=httpx.Timeout(10, read=_READ_SECONDS),
            follow_redirects=True,
            limits=httpx.Limits(max_connections=16),
        )

    def close(self) -> None:
        """End the connection."""
        self._http.close()

    def __enter__(self) -> "Hub":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- what there is

    def repo(self, name: str, revision: str = "main", wait: Callable[[float], None] = time.sleep) -> Repo:
        """What a repository holds. ``wait`` sleeps between tries; what it raises goes through.

        Raises StudioError offline, no_such_repository, no_such_revision, gated, bad_token, hub_error.
        """
        if not re.fullmatch(_NAME, name):
            raise _no_such(name)
        address = f"{self._base}/api/models/{name}/revision/{quote(revision, safe='')}"
        answer = self._get(address, name, {"blobs": "true"}, wait)
        try:
            found = answer.json()
            card = found.get("cardData") or {}
            return Repo(
                name=found.get("id") or name,
                commit=found["sha"],
                files=tuple(_file(sibling) for sibling in found.get("siblings") or ()),
                licence=_licence(card),
                gated=bool(found.get("gated")),
            )
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise _nonsense(name) from error

    def json(self, repo: Repo, path: str) -> dict[str, Any]:
        """A small JSON file of a repository. Raises StudioError as ``repo``."""
        listed = next((file.size for file in repo.files if file.path == path), 0)
        if listed > _SMALL:  # it would be read whole, whatever its size
            raise _nonsense(repo.name)
        answer = self._get(self._address(repo, path), repo.name, {}, time.sleep)
        try:
            found = valid_json(answer.json()) if len(answer.content) <= _SMALL else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise _nonsense(repo.name)
        return found

    # -- its files

    @contextmanager
    def stream(self, repo: Repo, path: str, start: int = 0, validator: str = "") -> Iterator[httpx.Response]:
        """A file from byte ``start`` on: status 206, or 200 where the server begins anew, or 416.

        ``validator`` is the ETag that an earlier answer had. Raises httpx.TransportError where the connection breaks
        or the server is busy, StudioError as ``repo`` where it refuses.
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
        """Tell a refusal in words. Raises StudioError."""
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
    """The hub does not answer."""
    return StudioError(
        "offline",
        f"{host()} cannot be reached.",
        "This machine may be offline, or the hub is down.",
        "Check the connection and try again: what has arrived is kept.",
        status=503,
    )


def _no_such(repo: str) -> StudioError:
    return StudioError(
        "no_such_repository",
        f"There is no model “{repo[:100]}” at {host()}.",
        "Its name or its revision is wrong, it was removed, or it is private.",
        "Copy the name from its page, as in “owner/name”.",
        status=404,
    )


def _no_such_revision(repo: str) -> StudioError:
    return StudioError(
        "no_such_revision",
        f"{host()} no longer has this version of {repo[:100]}.",
        "Its makers have rewritten its history, or the revision is wrong.",
        "Use “main”, or copy the revision from its page.",
        status=404,
    )


def gated(repo: str) -> StudioError:
    """The makers want to be asked first."""
    return StudioError(
        "gated",
        f"{repo} is only for people who have accepted its terms.",
        "Its makers ask for that before it can be downloaded.",
        f"Open {page(repo)}, accept the terms there, then paste an access token of your account on the Models page.",
        status=403,
    )


def _bad_token(repo: str) -> StudioError:
    return StudioError(
        "bad_token",
        f"{host()} does not let your access token download {repo}.",
        "The token was withdrawn, may not read this model, or its terms were not accepted yet.",
        f"Open {page(repo)} to accept its terms, or paste another token on the Models page.",
        status=403,
    )


def _nonsense(repo: str) -> StudioError:
    return StudioError(
        "hub_error",
        f"What {host()} says of {repo[:100]} cannot be read.",
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


def _licence(card: dict[str, Any]) -> str:
    """The licence as its card names it."""
    name = card.get("license_name") if card.get("license") in (None, "other") else card.get("license")
    return str((name[0] if isinstance(name, list) and name else name) or "")
