"""Speakers named in a text: “CLARA: …” at the start of a line chooses the voice until the next such line."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

LONGEST_NAME = 60
"""The most characters of a name."""

_CAPITALS = re.compile(r"^[ \t]*([^\W\d_a-z][^\W_a-z]*(?:[ .'’-]{1,2}[^\W_a-z]+){0,3}):(?=[ \t]|$)", re.M)
"""A name in capitals before a colon, as screenplays write speakers."""


class Speech(NamedTuple):
    """A stretch of text and the voice that says it; None is the narrator's."""

    voice: str | None
    text: str


def speeches(text: str, voices: Mapping[str, str]) -> Iterator[Speech]:
    """Yield the stretches of a text between the names of its speakers, without the names.

    ``voices`` maps names, in any capitalization, to voices.
    """
    known = {name.casefold(): voice for name, voice in voices.items()}
    voice, at = None, 0
    for tag in _tags(text, known):
        yield Speech(voice, text[at : tag.start()])
        voice, at = known[tag[1].casefold()], tag.end()
    yield Speech(voice, text[at:])


def used_speakers(text: str, voices: Mapping[str, str]) -> dict[str, str]:
    """Return the names that a text uses as speakers, with their voices."""
    names = {name.casefold(): name for name in voices}
    used = (names[tag[1].casefold()] for tag in _tags(text, names))
    return {name: voices[name] for name in used}


def unknown_speakers(text: str, names: Collection[str]) -> list[str]:
    """Return what looks like a speaker in a text but is none of the names: it is read aloud as text."""
    known = {name.casefold() for name in names}
    return list(dict.fromkeys(tag[1] for tag in _CAPITALS.finditer(text) if tag[1].casefold() not in known))


def _tags(text: str, names: Collection[str]) -> Iterator[re.Match[str]]:
    """Yield each known name with a colon at the start of a line."""
    if not names:
        return
    one = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    for tag in re.finditer(rf"^[ \t]*({one}):[ \t]*", text, re.M | re.I):
        if tag[1].casefold() in names:
            yield tag
