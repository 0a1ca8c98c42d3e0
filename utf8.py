"""Text from other programs, made valid UTF-8 where it comes in."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator

_HALF = re.compile("[\ud800-\udfff]")


def valid(text: str) -> str:
    """The text without unpaired surrogates: two halves that make a letter are joined, any other becomes U+FFFD.

    JSON of other programs and file names on disk may hold such halves; no file, database or page can.
    """
    if text.isascii() or not _HALF.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def valid_json(value: Any) -> Any:
    """A JSON value in which every text is ``valid``."""
    if isinstance(value, str):
        return valid(value)
    if isinstance(value, dict):
        return {valid_json(key): valid_json(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(valid_json, value))
    return value


ValidText = Annotated[str, AfterValidator(valid)]
"""A field of a pydantic model that takes any text and holds a valid one."""

ValidJson = Annotated[dict[str, Any], AfterValidator(valid_json)]
"""The same for a JSON object."""


class TextStream:
    """Makes a text valid that arrives in pieces: half a letter at the end of one waits for the other half."""

    def __init__(self) -> None:
        self._waiting = ""

    def take(self, piece: str) -> str:
        """What can be passed on once ``piece`` has arrived."""
        text = self._waiting + piece
        cut = len(text) - 1 if "\ud800" <= text[-1:] <= "\udbff" else len(text)
        self._waiting = text[cut:]
        return valid(text[:cut])

    def end(self) -> str:
        """What is left at the end."""
        rest, self._waiting = valid(self._waiting), ""
        return rest
