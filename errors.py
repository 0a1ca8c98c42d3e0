"""One error for the page, the API and the queue: what happened, why, and what to do next."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from utf8 import ValidText


class Problem(BaseModel):
    """What a person (or a script) is told when something did not work.

    ``code`` is stable and meant for programs; the other three are sentences meant for people.
    """

    model_config = ConfigDict(frozen=True)

    code: str
    what: ValidText
    why: ValidText = ""
    next: ValidText = ""

    @property
    def sentence(self) -> str:
        """The whole problem as running text."""
        return " ".join(part for part in (self.what, self.why, self.next) if part)


class StudioError(Exception):
    """Raised anywhere below the page for anything a person can understand and act on.

    ``status`` is the HTTP status that scripts get (4xx: the request is at fault, 5xx: the studio is).
    """

    def __init__(self, code: str, what: str, why: str = "", next: str = "", status: int = 400) -> None:
        self.problem = Problem(code=code, what=what, why=why, next=next)
        self.status = status
        super().__init__(self.problem.sentence)


_KINDS = {
    "string": "It takes text.",
    "int": "It takes a whole number.",
    "float": "It takes a number.",
    "decimal": "It takes a number.",
    "finite": "It takes a number that is not infinite.",
    "bool": "It takes true or false.",
    "list": "It takes a list.",
    "tuple": "It takes a list.",
    "set": "It takes a list.",
    "dict": "It takes an object with named values.",
    "mapping": "It takes an object with named values.",
    "model": "It takes an object with named values.",
    "none": "It takes nothing but null.",
}
"""What a field of a kind takes, by the beginning of pydantic's error types (``int_parsing``, ``list_type`` …)."""

_LIMITS = {
    "greater_than_equal": ("ge", "It is {} or more."),
    "less_than_equal": ("le", "It is {} or less."),
    "greater_than": ("gt", "It is more than {}."),
    "less_than": ("lt", "It is less than {}."),
    "multiple_of": ("multiple_of", "It is a multiple of {}."),
    "literal_error": ("expected", "It is {}."),
    "string_too_long": ("max_length", "It has {} characters or fewer."),
    "string_too_short": ("min_length", "It has {} characters or more."),
    "too_long": ("max_length", "It has {} entries or fewer."),
    "too_short": ("min_length", "It has {} entries or more."),
}
"""What holds for a field, by pydantic's error type: the name of the limit, and the sentence around it."""


def reason(invalid: Mapping[str, Any]) -> str:
    """Why a value was refused, as a plain sentence, from one of pydantic's ``ValidationError.errors()``."""
    kind, limits = invalid["type"], invalid.get("ctx", {})
    if kind in _LIMITS and _LIMITS[kind][0] in limits:
        name, sentence = _LIMITS[kind]
        limit = limits[name]
        return sentence.format(f"{limit:g}" if isinstance(limit, float) else limit)
    if kind == "string_pattern_mismatch":
        ids = limits.get("pattern") == "^[0-9a-f]{32}$"
        return "It takes an id: 32 digits and letters from a to f." if ids else "It is not written as it has to be."
    if kind == "missing":
        return "It is missing."
    if kind == "extra_forbidden":
        return "There is no such field."
    if kind == "value_error":
        return f"{invalid['msg'].removeprefix('Value error, ').rstrip('.')}."
    return _KINDS.get(kind.partition("_")[0], "It is not what is expected there.")


def not_found(noun: str) -> StudioError:
    """The same answer for what does not exist and for what belongs to someone else."""
    return StudioError("not_found", f"There is no such {noun}.", "It was deleted, or it is not yours.", status=404)
