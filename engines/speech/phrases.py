"""Split a text into phrases: sentences, or parts of very long ones. Each is spoken in one breath."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from engines.speech.pauses import MARK

LONGEST = 240
"""The most characters in a phrase; a voice loses its intonation after about 12 seconds."""

WRAPPED = 50
"""A line of at least this many characters without a full stop at the end continues on the next line."""

LOOK_AHEAD = 40
"""How many of the following characters decide whether a sentence ends."""


def _words(of: str) -> frozenset[str]:
    return frozenset(of.split())


_END = re.compile(r"(?<![.!?…])[.!?…]++[\"”’')\]»]*+\s+(?=\S)")
_CLAUSE = re.compile(r"(?<=[,;:—–])\s+|\s+(?=[—–(])")
_CLOSED = re.compile(r"[.!?…:;][\"”’')\]»]*$")
_ITEM = re.compile(r"(?:[-*•·]|#{1,6}|\d{1,3}[.)]|[a-z]\))\s")
_MARK = re.compile(r"(?:[-*•·>]|#{1,6})\s+")
_OPENING = "\"“‘'([«"
_NEVER_LAST = _words(
    "mr mrs ms mx dr prof st sr gen col maj capt cpt lt sgt cmdr rev hon gov sen rep pres messrs "
    "vs cf al e.g i.e approx fig figs vol pp eq ca int ext int/ext int./ext ext/int ext./int i/e"
)
_BEFORE_NUMBERS = _words("no nos p ch sec art jan feb mar apr jun jul aug sep sept oct nov dec")
_STARTERS = _words(
    "a an the i he she it we you they this that these those there then but and or so if when while what who why how "
    "where my his her its our your their in on at as for from with after before now not no yes"
)


class Pause(Enum):
    """What follows a phrase."""

    CLAUSE = "clause"
    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"


class Phrase(NamedTuple):
    """Words spoken in one breath, what follows them, and the length in seconds of a pause written there."""

    text: str
    then: Pause
    rest: float | None = None


def phrases(text: str, pauses: Sequence[float] = ()) -> Iterator[Phrase]:
    """Yield the phrases of a text in order. Parts without letters or digits are left out.

    ``pauses`` are the lengths of the marked pauses in seconds; a pause before all words becomes a phrase without words.
    """
    pause_seconds = iter(pauses)
    pending = Phrase("", Pause.CLAUSE)
    for phrase in _phrases(text):
        if phrase.text == MARK:
            pending = pending._replace(rest=(pending.rest or 0) + next(pause_seconds, 0))
            continue
        if pending.text or pending.rest:
            yield pending
        pending = phrase
    if pending.text or pending.rest:
        yield pending


def _phrases(text: str) -> Iterator[Phrase]:
    """Yield the phrases, and the pause marks between them."""
    for paragraph in _paragraphs(text):
        sentences = list(_sentences(paragraph))
        last = max((n for n, sentence in enumerate(sentences) if _speakable(sentence)), default=-1)
        for n, sentence in enumerate(sentences):
            yield from _spoken_phrases(sentence, Pause.PARAGRAPH if n == last else Pause.SENTENCE)


def _spoken_phrases(sentence: str, then: Pause) -> Iterator[Phrase]:
    parts = [
        part
        for piece in re.split(f"({MARK})", sentence)
        for part in ([piece] if piece == MARK else _breaths(piece.strip()))
        if part == MARK or _speakable(part)
    ]
    last = max((n for n, part in enumerate(parts) if part != MARK), default=-1)
    yield from (Phrase(part, then if n == last else Pause.CLAUSE) for n, part in enumerate(parts))


def _speakable(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the blocks between blank lines, and single lines that stand alone: headings, verses, list items."""
    for block in re.split(r"\n\s*\n", text):
        pending = ""
        for line in (" ".join(line.split()) for line in block.split("\n")):
            if pending and not _continues(pending, line):
                yield pending
                pending = ""
            pending = f"{pending} {_MARK.sub('', line, count=1) if _MARK.match(line) else line}".strip()
        if pending:
            yield pending


def _continues(line: str, following: str) -> bool:
    if not following or _ITEM.match(following):
        return False
    return following[0].islower() or (len(line) >= WRAPPED and not _CLOSED.search(line))


def _sentences(paragraph: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(paragraph):
        if _ends(paragraph[start : end.start()], end[0].strip(), paragraph[end.end() : end.end() + LOOK_AHEAD]):
            yield paragraph[start : end.end()].strip()
            start = end.end()
    if start < len(paragraph):
        yield paragraph[start:]


def _ends(before: str, mark: str, after: str) -> bool:
    """Whether a full stop (or other mark) between ``before`` and ``after`` ends a sentence."""
    following = after.lstrip(f"{_OPENING}{MARK} ").split(" ", 1)[0]
    if following[:1].islower():
        return False
    if not mark.startswith(".") or mark.startswith(".."):
        return True
    word = before[before.rfind(" ") + 1 :].lstrip(_OPENING)
    bare = word.lower()
    if before.strip().isdigit() or before.strip() == "EST" or bare in _NEVER_LAST:  # “1. Open the door.”
        return False
    if bare in _BEFORE_NUMBERS:
        return not following[:1].isdigit()
    initials = re.fullmatch(r"(?:[A-Z]\.)*[A-Z]", word)  # “J. Smith”, “the U.S. Army”, but “Plan B. Then we left.”
    return not initials or following.strip(".,;:!?’'\"”").lower() in _STARTERS


def _breaths(sentence: str) -> list[str]:
    """Split a sentence into parts of about equal length that are short enough to speak, at commas or between words."""
    if len(sentence) <= LONGEST:
        return [sentence]
    middle = len(sentence) / 2
    for cuts in (_CLAUSE.finditer(sentence), re.finditer(r"\s+", sentence)):
        inner = [cut for cut in cuts if len(sentence) / 5 < cut.start() < len(sentence) * 4 / 5]
        if inner:
            cut = min(inner, key=lambda cut: abs(cut.start() - middle))
            return _breaths(sentence[: cut.start()]) + _breaths(sentence[cut.end() :])
    return [sentence[start : start + LONGEST] for start in range(0, len(sentence), LONGEST)]
