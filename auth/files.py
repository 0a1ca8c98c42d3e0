"""Which files in Gradio's cache a person may fetch or put into an event: those they brought in themselves."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from auth.accounts import Accounts
from errors import StudioError

_SERVED = "/gradio_api/file="


class FileGuard:
    """Knows the folder of uploads and who brought what."""

    def __init__(self, uploads: Path, accounts: Accounts) -> None:
        self._uploads = os.path.realpath(uploads)
        self._accounts = accounts

    def record(self, user_id: str, paths: list[str]) -> None:
        """Remember uploads that Gradio just answered with."""
        for path in paths:
            real = os.path.realpath(path)
            if self._inside(real):
                self._accounts.record_upload(user_id, real)

    def may_use(self, user_id: str, path: str) -> bool:
        """Whether this is, letter for letter, the path of a file this person brought in.

        A path that means another one (.., links, relative) is never one that Gradio gave out.
        """
        try:
            real = os.path.realpath(path)
        except (ValueError, OSError):
            return False
        return real == path and self._inside(real) and self._accounts.owns_upload(user_id, real)

    def check_body(self, user_id: str, body: Any) -> None:
        """Raise StudioError (403) when a value in an event names a file or an address that is not the caller's own."""
        for path in set(named_files(body)):  # each once, however often it is named
            if not self.may_use(user_id, path):
                raise StudioError(
                    "not_your_file",
                    "This names a file that you did not bring in.",
                    next="Upload the file first, then send the path you get back.",
                    status=403,
                )

    def _inside(self, real: str) -> bool:
        return real.startswith(self._uploads + os.sep)


def named_files(body: Any) -> Iterator[str]:
    """Every path in a JSON value that Gradio could take for a file, and every address it could fetch."""
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
                    continue  # where the page itself shows this very file
            if isinstance(url, str) and not url.startswith("data:"):
                yield url
