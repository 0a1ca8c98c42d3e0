"""Custom pronunciations: words that are read differently from their spelling.

Only whole words match. A lowercase word matches any capitalization, a word with capitals only itself: “us” matches
“Us”, “US” does not match “us”. The longest match wins, and nothing is replaced twice.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Respelling(NamedTuple):
    """The range ``start`` to ``end`` of a text, and how it is said."""

    start: int
    end: int
    say: str


def respellings(text: str, pairs: Mapping[str, str]) -> list[Respelling]:
    """Return the respellings of a text, in order."""
    return [Respelling(*match.span(), pairs[word]) for match, word in _matches(text, pairs)]


def respell(text: str, pairs: Mapping[str, str]) -> str:
    """Return the text with its respellings applied."""
    parts, at = [], 0
    for start, end, say in respellings(text, pairs):
        parts += [text[at:start], say]
        at = end
    return "".join([*parts, text[at:]])


def used_respellings(text: str, pairs: Mapping[str, str]) -> dict[str, str]:
    """Return the pairs whose words occur in a text."""
    return {word: pairs[word] for _, word in _matches(text, pairs)}


def _matches(text: str, pairs: Mapping[str, str]) -> Iterator[tuple[re.Match[str], str]]:
    if not pairs:
        return
    longest_first = sorted(pairs, key=len, reverse=True)
    pattern = "|".join(f"(?i:{re.escape(word)})" if _small(word) else re.escape(word) for word in longest_first)
    small = {word.lower(): word for word in pairs if _small(word)}
    for match in re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", text):
        yield match, match[0] if match[0] in pairs else small[match[0].lower()]


def _small(word: str) -> bool:
    return word == word.lower()
