"""Find ``@name`` mentions in a text, and tell them apart from other uses of ``@``."""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")
"""Scripts in which the next word follows a name without a space."""


_LONGEST = 160
"""The most characters in a name as typed; an accent may be a character of its own."""


class MentionAt(NamedTuple):
    """An ``@`` and the name after it, at ``text[start:end]``; ``name`` excludes the @."""

    start: int
    end: int
    name: str


def key(name: str) -> str:
    """Return the form of a name that is the same for all its spellings."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def mentioned_names(text: str) -> Iterator[MentionAt]:
    """Yield every name after an ``@``, as long as possible. E-mail addresses and “@ 24 fps” do not count."""
    for start, character in enumerate(text):
        before = text[start - 1 : start]
        if character != "@" or (before and (before in "@./+" or (_inside(before) and not _unspaced(before)))):
            continue
        end = start + 1
        while end < len(text) and _inside(text[end]):
            end += 1
        name = text[start + 1 : end].rstrip("-")
        if name and name[0].isalpha():
            yield MentionAt(start, start + 1 + len(name), name)


def known_mentions(at: MentionAt, names: Mapping[str, object]) -> MentionAt | None:
    """Return the longest of ``names`` (in the form of ``key``) that ``at`` starts with, ending at a word boundary."""
    for length in range(min(len(at.name), _LONGEST), 0, -1):
        name, rest = at.name[:length], at.name[length:]
        if key(name) in names and (not rest or rest[0] == "-" or _unspaced(rest[0])):
            return MentionAt(at.start, at.start + 1 + length, name)
    return None


def replace_mentions(text: str, words: Mapping[str, str]) -> str:
    """Return the text with each mention replaced by its entry in ``words``, by ``key``. Replacements are not reread."""
    parts, done = [], 0
    for at in mentioned_names(text):
        mentions = known_mentions(at, words)
        if mentions:
            parts += [text[done : mentions.start], words[key(mentions.name)]]
            done = mentions.end
    return "".join([*parts, text[done:]])


def _inside(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" or character in "-_"


def _unspaced(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_UNSPACED)
