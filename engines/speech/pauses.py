"""Pauses written into a text: “[pause]”, “[pause 1.5]”."""

import re
from typing import NamedTuple

ORDINARY = 1.0
"""Length in seconds of a pause without a number."""
LONGEST = 10.0
"""Maximum in seconds; a longer pause is shortened, and a note says so."""
MARK = "\ue000"
"""Marks a pause in a text; no text that is read aloud contains this character."""

_NOTATION = re.compile(r"\[[ \t]*pause(?:[ \t:]+(\d{1,9}(?:[.,]\d{1,9})?)[ \t]*(ms|s|sec|seconds?)?)?[ \t]*\]", re.I)


class PausedText(NamedTuple):
    """A text with marked pauses, their lengths in seconds, and the longest requested length if it was cut."""

    text: str
    seconds: tuple[float, ...]
    cut: float | None


def without_pauses(text: str) -> str:
    """Remove the pauses written into a text."""
    return _NOTATION.sub(" ", text)


def parse_pauses(text: str) -> PausedText:
    """Find the pauses written into a text."""
    seconds_asked: list[float] = []

    def note(match: re.Match[str]) -> str:
        number = float(match[1].replace(",", ".")) if match[1] else ORDINARY
        seconds_asked.append(number / 1000 if (match[2] or "").lower() == "ms" else number)
        return f" {MARK} "

    text = _NOTATION.sub(note, text)
    most = max(seconds_asked, default=0.0)
    return PausedText(text, tuple(min(seconds, LONGEST) for seconds in seconds_asked), most if most > LONGEST else None)
