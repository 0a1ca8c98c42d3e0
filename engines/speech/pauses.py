"""Pauses that are written into a text: “[pause]”, “[pause 1.5]”."""

import re
from typing import NamedTuple

ORDINARY = 1.0
"""Seconds of a pause without a number."""
LONGEST = 10.0
"""Seconds; a longer pause is shortened to it, and told."""
MARK = "\ue000"
"""Stands in a text where a pause was written; no text that is read aloud holds it."""

_NOTATION = re.compile(r"\[[ \t]*pause(?:[ \t:]+(\d{1,9}(?:[.,]\d{1,9})?)[ \t]*(ms|s|sec|seconds?)?)?[ \t]*\]", re.I)


class Marked(NamedTuple):
    """A text with its pauses marked, their seconds in order, and the longest that was asked for where it was cut."""

    text: str
    seconds: tuple[float, ...]
    cut: float | None


def unmarked(text: str) -> str:
    """The text without the pauses written into it."""
    return _NOTATION.sub(" ", text)


def marked(text: str) -> Marked:
    """Find the pauses written into a text."""
    asked: list[float] = []

    def note(found: re.Match[str]) -> str:
        number = float(found[1].replace(",", ".")) if found[1] else ORDINARY
        asked.append(number / 1000 if (found[2] or "").lower() == "ms" else number)
        return f" {MARK} "

    text = _NOTATION.sub(note, text)
    most = max(asked, default=0.0)
    return Marked(text, tuple(min(seconds, LONGEST) for seconds in asked), most if most > LONGEST else None)
