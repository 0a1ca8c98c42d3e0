"""A person's own pronunciations: words that are read otherwise than they are written.

A word is found only whole. Written small it is found however it is written; with a capital letter only as it stands:
“us” finds “Us”, “US” leaves “us” alone. Where several fit the longest counts, and nothing is replaced twice.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Respelling(NamedTuple):
    """What stands between ``start`` and ``end`` of a text, and how it is said."""

    start: int
    end: int
    say: str


def respellings(text: str, pairs: Mapping[str, str]) -> list[Respelling]:
    """Where the words of a list stand in a text, in order."""
    return [Respelling(*found.span(), pairs[word]) for found, word in _found(text, pairs)]


def respelled(text: str, pairs: Mapping[str, str]) -> str:
    """The text as it is to be read."""
    parts, at = [], 0
    for start, end, say in respellings(text, pairs):
        parts += [text[at:start], say]
        at = end
    return "".join([*parts, text[at:]])


def used(text: str, pairs: Mapping[str, str]) -> dict[str, str]:
    """The pairs whose words stand in a text."""
    return {word: pairs[word] for _, word in _found(text, pairs)}


def _found(text: str, pairs: Mapping[str, str]) -> Iterator[tuple[re.Match[str], str]]:
    if not pairs:
        return
    longest_first = sorted(pairs, key=len, reverse=True)
    pattern = "|".join(f"(?i:{re.escape(word)})" if _small(word) else re.escape(word) for word in longest_first)
    small = {word.lower(): word for word in pairs if _small(word)}
    for found in re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", text):
        yield found, found[0] if found[0] in pairs else small[found[0].lower()]


def _small(word: str) -> bool:
    return word == word.lower()
