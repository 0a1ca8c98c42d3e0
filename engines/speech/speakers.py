"""Speakers named in a text: “CLARA: …” at the start of a line chooses the voice until the next such line.

A name may be bold, as in Markdown, and followed by a remark, as in a screenplay: “**CLARA (V.O.):** …”.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from engines.speech.markup import without_markup

LONGEST_NAME = 60
"""The most characters of a name."""

_BEFORE = r"^[ \t\u200b\ufeff]*[*_]{0,3}"
_AFTER = r"[*_]{0,3}(?:[ \t]*\([^()\n]{1,40}\))?[*_]{0,3}[ \t]*:[*_]{0,3}"
_NAME = r"([^\W\d_a-z][^\W_a-z]*(?:[ .'’-]{1,2}[^\W_a-z]+){0,3})"
_CAPITALS = re.compile(rf"{_BEFORE}{_NAME}{_AFTER}(?=[ \t]|$)", re.M)
"""A name in capitals before a colon, as screenplays write speakers."""
_LINE_END = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")


class Speech(NamedTuple):
    """A stretch of text and the voice that says it; None is the narrator's."""

    voice: str | None
    text: str


def speeches(text: str, voices: Mapping[str, str]) -> Iterator[Speech]:
    """Yield the stretches of a text between the names of its speakers, without the names.

    ``voices`` maps names, in any capitalization, to voices.
    """
    text = _in_lines(text)
    known = {_key(name): voice for name, voice in voices.items()}
    voice, at = None, 0
    for tag in _tags(text, voices):
        yield Speech(voice, text[at : tag.start()])
        voice, at = known[_key(tag[1])], tag.end()
    yield Speech(voice, text[at:])


def used_speakers(text: str, voices: Mapping[str, str]) -> dict[str, str]:
    """Return the names that a text uses as speakers, with their voices."""
    names = {_key(name): name for name in voices}
    used = (names[_key(tag[1])] for tag in _tags(_in_lines(without_markup(text).text), voices))
    return {name: voices[name] for name in used}


def unknown_speakers(text: str, names: Collection[str]) -> list[str]:
    """Return what looks like a speaker in a text but is none of the names: it is read aloud as text."""
    known = {_key(name) for name in names}
    tags = _CAPITALS.finditer(_in_lines(without_markup(text).text))
    return list(dict.fromkeys(tag[1] for tag in tags if _key(tag[1]) not in known))


def _tags(text: str, names: Collection[str]) -> Iterator[re.Match[str]]:
    """Yield each known name with a colon at the start of a line."""
    if not names:
        return
    known = {_key(name) for name in names}
    one = "|".join(_pattern(name) for name in sorted(names, key=len, reverse=True))
    for tag in re.finditer(rf"{_BEFORE}({one}){_AFTER}[ \t]*", text, re.M | re.I):
        if _key(tag[1]) in known:
            yield tag


def _in_lines(text: str) -> str:
    """Return a text in NFC, whose lines end in line feeds only."""
    return unicodedata.normalize("NFC", _LINE_END.sub("\n", text))


def _key(name: str) -> str:
    """Return what is the same for every spelling of a name."""
    return unicodedata.normalize("NFC", name).casefold().replace("’", "'")


def _pattern(name: str) -> str:
    return re.sub("['’]", "['’]", re.escape(unicodedata.normalize("NFC", name)))
