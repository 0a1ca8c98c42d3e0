"""Cut a text into phrases: sentences, and parts of the very long ones. Each is spoken in one breath."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from engines.speech.pauses import MARK

LONGEST = 240
"""The most characters of a phrase; a voice loses its thread after about a dozen seconds."""

WRAPPED = 50
"""A line at least this long that ends without a full stop goes on in the next: it was wrapped, not ended."""

LOOK_AHEAD = 40
"""Characters of what follows that decide whether a sentence ended."""


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
    """What comes after a phrase."""

    CLAUSE = "clause"
    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"


class Phrase(NamedTuple):
    """Words that are spoken in one breath, what comes after them, and how many seconds of rest were asked for there."""

    text: str
    then: Pause
    rest: float | None = None


def phrases(text: str, pauses: Sequence[float] = ()) -> Iterator[Phrase]:
    """The phrases of a text, in order. What holds no letter and no digit is left out.

    ``pauses`` are the seconds of the pauses marked in it; one before all words comes as a phrase without words.
    """
    asked = iter(pauses)
    held = Phrase("", Pause.CLAUSE)
    for phrase in _phrases(text):
        if phrase.text == MARK:
            held = held._replace(rest=(held.rest or 0) + next(asked, 0))
            continue
        if held.text or held.rest:
            yield held
        held = phrase
    if held.text or held.rest:
        yield held


def _phrases(text: str) -> Iterator[Phrase]:
    """The phrases, and the marks of pauses between them."""
    for paragraph in _paragraphs(text):
        sentences = list(_sentences(paragraph))
        last = max((n for n, sentence in enumerate(sentences) if _speakable(sentence)), default=-1)
        for n, sentence in enumerate(sentences):
            yield from _spoken(sentence, Pause.PARAGRAPH if n == last else Pause.SENTENCE)


def _spoken(sentence: str, then: Pause) -> Iterator[Phrase]:
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
    """Blocks between blank lines, and the lines in them that stand for themselves: headings, verses, items."""
    for block in re.split(r"\n\s*\n", text):
        held = ""
        for line in (" ".join(line.split()) for line in block.split("\n")):
            if held and not _goes_on(held, line):
                yield held
                held = ""
            held = f"{held} {_MARK.sub('', line, count=1) if _MARK.match(line) else line}".strip()
        if held:
            yield held


def _goes_on(line: str, following: str) -> bool:
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
    """The sentence in parts short enough to speak, about equally long, cut at a comma or else between words."""
    if len(sentence) <= LONGEST:
        return [sentence]
    middle = len(sentence) / 2
    for cuts in (_CLAUSE.finditer(sentence), re.finditer(r"\s+", sentence)):
        inner = [cut for cut in cuts if len(sentence) / 5 < cut.start() < len(sentence) * 4 / 5]
        if inner:
            cut = min(inner, key=lambda cut: abs(cut.start() - middle))
            return _breaths(sentence[: cut.start()]) + _breaths(sentence[cut.end() :])
    return [sentence[start : start + LONGEST] for start in range(0, len(sentence), LONGEST)]
