"""How a film-maker's shorthand is read, where the voice's own reading of numbers and units falls short."""

import re
from collections.abc import Callable

_FRACTIONS = {"½": "a half", "⅓": "a third", "⅔": "two thirds", "¼": "a quarter", "¾": "three quarters"}

_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(\d)\s?([½⅓⅔¼¾])"), lambda found: f"{found[1]} and {_FRACTIONS[found[2]]}"),
    (re.compile(r"\b[fFT][/-]?(\d+)\.(\d+)\b"), r"f \1 point \2"),  # an aperture
    (re.compile(r"\b[fFT]/(\d+)\b"), r"f \1"),
    (re.compile(r"\b(\d+(?:\.\d+)?):(1)\b(?!:)"), r"\1 to \2"),  # a picture's format
    (re.compile(r"(?<![\d:])(\d{1,2}):([2-9])\b(?!:)"), r"\1 by \2"),  # a time has two figures after its colon
    (re.compile(r"\b(\d+)['′](\d+)[\"″”]"), r"\1 foot \2"),
    (re.compile(r"\bUS\$(?=\d)"), "$"),
    (re.compile(r"\bwww\.", re.I), "W W W dot "),
    (re.compile(r"\bWW(I{1,2})\b"), lambda found: f"World War {'One' if found[1] == 'I' else 'Two'}"),
    (re.compile(r"(?<![\w.,:/-])0(0+)([1-9]\d?)(?![\w:/-]|[.,]\d)"), lambda found: _zeros(found[1], found[2])),
    (re.compile(r"(?<=\d)\s?bpm\b"), " beats per minute"),
    (re.compile(r"(?<=\d)\s?W\b"), " watts"),
    (re.compile(r"(?<=\d)[kK]\b(?=\s?(?:Hz|people|euros|dollars|pounds|views))"), " thousand"),
)


def spelled(text: str) -> str:
    """The text with that shorthand written out."""
    for pattern, words in _RULES:
        text = pattern.sub(words, text)
    return text


def _zeros(more: str, number: str) -> str:
    """“007” is an agent: each figure for itself."""
    return " ".join(["oh"] * (len(more) + 1) + list(number))
