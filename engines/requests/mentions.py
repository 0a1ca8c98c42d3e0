"""Names with an ``@`` in a text: where they stand, and where an ``@`` is something else."""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")
"""Scripts in which the next word follows a name without a space."""


_LONGEST = 160
"""As far as a name may go, in letters as they are typed: accents may be letters of their own."""


class At(NamedTuple):
    """An ``@`` and what follows it: ``text[start:end]``; ``name`` is without the @."""

    start: int
    end: int
    name: str


def key(name: str) -> str:
    """What two spellings of one name have in common."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def named(text: str) -> Iterator[At]:
    """Every name behind an ``@``, as far as it goes. E-mail addresses and “@ 24 fps” are none."""
    for start, character in enumerate(text):
        before = text[start - 1 : start]
        if character != "@" or (before and (before in "@./+" or (_inside(before) and not _unspaced(before)))):
            continue
        end = start + 1
        while end < len(text) and _inside(text[end]):
            end += 1
        name = text[start + 1 : end].rstrip("-")
        if name and name[0].isalpha():
            yield At(start, start + 1 + len(name), name)


def known(at: At, names: Mapping[str, object]) -> At | None:
    """The longest of ``names`` (as ``key`` makes them) that ``at`` begins with and that ends where a word may end."""
    for length in range(min(len(at.name), _LONGEST), 0, -1):
        name, rest = at.name[:length], at.name[length:]
        if key(name) in names and (not rest or rest[0] == "-" or _unspaced(rest[0])):
            return At(at.start, at.start + 1 + length, name)
    return None


def replaced(text: str, words: Mapping[str, str]) -> str:
    """The text with each name's words in its place; ``words`` goes by ``key``. What is put in is not read again."""
    parts, done = [], 0
    for at in named(text):
        found = known(at, words)
        if found:
            parts += [text[done : found.start], words[key(found.name)]]
            done = found.end
    return "".join([*parts, text[done:]])


def _inside(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" or character in "-_"


def _unspaced(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_UNSPACED)
