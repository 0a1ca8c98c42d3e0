"""The error type of the page, the API and the queue: what happened, why, and what to do next."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from utf8 import ValidText


class Problem(BaseModel):
    """An error as people and scripts see it.

    ``code`` is stable and meant for programs, ``field`` names the field of the request that is at fault, if it is a
    single one; the other three are sentences for people.
    """

    model_config = ConfigDict(frozen=True)

    code: str
    what: ValidText
    why: ValidText = ""
    next: ValidText = ""
    field: ValidText = ""

    @property
    def sentence(self) -> str:
        """The whole problem as one text."""
        return " ".join(part for part in (self.what, self.why, self.next) if part)


class StudioError(Exception):
    """Raised for any error a person can understand and act on.

    ``status`` is the HTTP status for scripts (4xx: the request is at fault, 5xx: the studio is).
    """

    def __init__(self, code: str, what: str, why: str = "", next: str = "", status: int = 400, field: str = "") -> None:
        self.problem = Problem(code=code, what=what, why=why, next=next, field=field)
        self.status = status
        super().__init__(self.problem.sentence)


_KINDS = {
    "string": "Text is expected.",
    "int": "A whole number is expected.",
    "float": "A number is expected.",
    "decimal": "A number is expected.",
    "finite": "A finite number is expected.",
    "bool": "true or false is expected.",
    "list": "A list is expected.",
    "tuple": "A list is expected.",
    "set": "A list is expected.",
    "dict": "An object is expected.",
    "mapping": "An object is expected.",
    "model": "An object is expected.",
    "none": "null is expected.",
}
"""The expected type, by the first part of pydantic's error type (``int_parsing``, ``list_type`` …)."""

_LIMITS = {
    "greater_than_equal": ("ge", "It must be {} or more."),
    "less_than_equal": ("le", "It must be {} or less."),
    "greater_than": ("gt", "It must be more than {}."),
    "less_than": ("lt", "It must be less than {}."),
    "multiple_of": ("multiple_of", "It must be a multiple of {}."),
    "literal_error": ("expected", "It must be {}."),
    "string_too_long": ("max_length", "It must have {} characters or fewer."),
    "string_too_short": ("min_length", "It must have {} characters or more."),
    "too_long": ("max_length", "It must have {} entries or fewer."),
    "too_short": ("min_length", "It must have {} entries or more."),
}
"""The violated limit, by pydantic's error type: the name of the limit and the sentence about it."""


def reason(invalid: Mapping[str, Any]) -> str:
    """Return why a value is invalid, as a sentence, from one of pydantic's ``ValidationError.errors()``."""
    kind, limits = invalid["type"], invalid.get("ctx", {})
    if kind in _LIMITS and _LIMITS[kind][0] in limits:
        name, sentence = _LIMITS[kind]
        limit = limits[name]
        return sentence.format(f"{limit:g}" if isinstance(limit, float) else limit)
    if kind == "string_pattern_mismatch":
        ids = limits.get("pattern") == "^[0-9a-f]{32}$"
        return "It must be an id: 32 digits and letters from a to f." if ids else "It has the wrong format."
    if kind == "missing":
        return "It is required."
    if kind == "extra_forbidden":
        return "There is no such field."
    if kind == "value_error":
        return f"{invalid['msg'].removeprefix('Value error, ').rstrip('.')}."
    return _KINDS.get(kind.partition("_")[0], "It is invalid.")


def not_found(noun: str) -> StudioError:
    """Return the error for something that does not exist or belongs to someone else, which look the same."""
    return StudioError("not_found", f"There is no such {noun}.", "It was deleted, or it is not yours.", status=404)
