"""Makes text from other programs valid UTF-8 on input."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator

_HALF = re.compile("[\ud800-\udfff]")


def valid(text: str) -> str:
    """Return the text without lone surrogates: pairs are joined to one character, others become U+FFFD.

    JSON from other programs and file names may contain them; files, databases and pages cannot.
    """
    if text.isascii() or not _HALF.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def valid_json(value: Any) -> Any:
    """Return a JSON value with every text made ``valid``."""
    if isinstance(value, str):
        return valid(value)
    if isinstance(value, dict):
        return {valid_json(key): valid_json(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(valid_json, value))
    return value


ValidText = Annotated[str, AfterValidator(valid)]
"""A pydantic field that accepts any text and stores it as valid text."""

ValidJson = Annotated[dict[str, Any], AfterValidator(valid_json)]
"""The same for a JSON object."""


class TextStream:
    """Makes text that arrives in pieces valid: a high surrogate at the end of one waits for its other half."""

    def __init__(self) -> None:
        self._waiting = ""

    def take(self, piece: str) -> str:
        """Return the text that is complete after ``piece``."""
        text = self._waiting + piece
        cut = len(text) - 1 if "\ud800" <= text[-1:] <= "\udbff" else len(text)
        self._waiting = text[cut:]
        return valid(text[:cut])

    def end(self) -> str:
        """Return the rest at the end."""
        rest, self._waiting = valid(self._waiting), ""
        return rest
