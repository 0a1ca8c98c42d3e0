"""Limits access to files in Gradio's cache: people may fetch and use only what they uploaded themselves."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from auth.accounts.users import Accounts
from errors import StudioError

_SERVED = "/gradio_api/file="


class FileGuard:
    """Knows the upload folder and who uploaded what."""

    def __init__(self, uploads: Path, accounts: Accounts) -> None:
        self._uploads = os.path.realpath(uploads)
        self._accounts = accounts

    def record(self, user_id: str, paths: list[str]) -> None:
        """Record the uploads in Gradio's response."""
        for path in paths:
            real = os.path.realpath(path)
            if self._inside(real):
                self._accounts.record_upload(user_id, real)

    def may_use(self, user_id: str, path: str) -> bool:
        """Return whether this is exactly the path of a file this person uploaded.

        Gradio never returns a path that resolves to another one (.., links, relative).
        """
        try:
            real = os.path.realpath(path)
        except (ValueError, OSError):
            return False
        return real == path and self._inside(real) and self._accounts.owns_upload(user_id, real)

    def check_body(self, user_id: str, body: Any) -> None:
        """Raise StudioError (403) if a value in an event names a file or an address that is not the caller's own."""
        for path in set(named_files(body)):  # each only once
            if not self.may_use(user_id, path):
                raise StudioError(
                    "not_your_file",
                    "The request names a file you did not upload.",
                    next="Upload the file first, then send the path from the response.",
                    status=403,
                )

    def _inside(self, real: str) -> bool:
        return real.startswith(self._uploads + os.sep)


def named_files(body: Any) -> Iterator[str]:
    """Yield every path in a JSON value that Gradio could treat as a file, and every URL it could fetch."""
    todo = [body]
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            todo.extend(value)
        elif isinstance(value, dict):
            todo.extend(value.values())
            path, url = value.get("path"), value.get("url")
            if isinstance(path, str):
                yield path
                if isinstance(url, str) and unquote(url).endswith(f"{_SERVED}{path}"):
                    continue  # the page's own link to this file
            if isinstance(url, str) and not url.startswith("data:"):
                yield url
