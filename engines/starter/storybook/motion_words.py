"""Free words for a clip, read with what Storybook knows: what moves and how, and what the first frame shows.

Light: no torch here.
"""

import re
from dataclasses import dataclass

from engines.starter.storybook import vocabulary
from engines.starter.storybook.motion import MOTIONS

_SAID = {
    "left": "moves to the left",
    "right": "moves to the right",
    "rise": "rises",
    "grow": "comes closer",
    "pan left": "the camera pans to the left",
    "pan right": "the camera pans to the right",
    "zoom in": "the camera zooms in",
    "zoom out": "the camera zooms out",
    "still": "nothing moves",
}
"""How each motion is told where it was told in words that the model has not learnt."""

_JOINT = r"(?:\b(?:and|while|as|which|that)\s+)?"
_HOW = r"(?:(?:slowly|quickly|gently|fast|softly|steadily|smoothly|slightly|away|off|along|past|across)\s+)*"
_IS = rf"(?:is\s+|are\s+)?{_HOW}"
_GO = (
    "(?:(?:cross|drift|driv|float|fl(?:y|ies)|glid|go|head|hop|jump|march|mov|rac|rid|roll|run|sail|slid|speed|stroll|"
    r"swim|travel|turn|walk|wander)(?:e|es|s|ing|ling|ming|ning|ping)?|on\s+(?:its|her|his)\s+way)"
)
_CAMERA = r"(?:the\s+|a\s+)?camera\s+"
_SIDES = (("left", "right"), ("right", "left"))


def _to(side: str, other: str) -> str:
    """How people say that something goes to a side."""
    away = rf"from\s+(?:the\s+)?{other}"
    return rf"{_HOW}(?:(?:{away}\s+)?(?:(?:to|towards?)\s+)?(?:the\s+)?{side}(?:wards?)?|{away})"


_PATTERNS: tuple[tuple[str, str], ...] = (
    ("zoom in", rf"(?:{_CAMERA})?{_HOW}(?:zoom|push|dolly|track)(?:s|es|ing)?\s+{_HOW}(?:in|forwards?)"),
    ("zoom out", rf"(?:{_CAMERA})?{_HOW}(?:zoom|pull|dolly|track)(?:s|es|ing)?\s+{_HOW}(?:out|back|backwards?)"),
    *((f"pan {side}", rf"(?:{_CAMERA})?{_HOW}pan(?:s|ning)?\s+{_to(side, other)}") for side, other in _SIDES),
    *((f"pan {side}", rf"{_CAMERA}{_HOW}(?:{_GO}|track(?:s|ing)?)\s+{_to(side, other)}") for side, other in _SIDES),
    *((side, rf"{_IS}{_GO}\s+{_to(side, other)}") for side, other in _SIDES),
    ("rise", rf"{_IS}{_GO}\s+{_HOW}up(?:wards?)?(?:\s+into\s+the\s+(?:sky|air))?"),
    ("rise", rf"{_IS}(?:rises?|rising|ascend(?:s|ing)|climb(?:s|ing)|(?:takes?|taking|lift(?:s|ing)?)\s+off)"),
    ("grow", rf"{_IS}(?:grow(?:s|ing)?|approach(?:es|ing)?)(?:\s+(?:bigger|larger))?"),
    ("grow", rf"{_IS}(?:get|com|mov)(?:e|es|s|ting|ing)\s+(?:bigger|larger|closer|nearer)"),
    ("still", rf"{_IS}(?:stand|sit|stay)(?:s|ing|ting)?\s+still|nothing\s+(?:is\s+)?mov(?:es|ing)"),
    ("still", r"(?:a\s+)?(?:still|static)\s+(?:shot|camera|frame)"),
)
_ANY = tuple((motion, re.compile(rf"{_JOINT}\b(?:{said})\b", re.IGNORECASE)) for motion, said in _PATTERNS)
_LEARNT = frozenset(said.lower() for ways in MOTIONS.values() for said in ways)

MOTIONS_IN_WORDS = (
    "something moves to the left or to the right, rises or grows, the camera pans or zooms, nothing moves"
)
"""What it can move, for people."""


@dataclass(frozen=True)
class ClipReading:
    """A prompt as the models can read it: ``prompt`` the one that moves things, ``still`` the one that draws the first
    frame (empty where the words are of motion alone). ``unknown`` is what both leave out."""

    prompt: str
    still: str
    unknown: tuple[str, ...]


def read(prompt: str) -> ClipReading:
    """Tell the words of motion from the others; of both, near ones are replaced and unknown ones left out."""
    moved: dict[str, str] = {}
    rest = prompt
    for motion, pattern in _ANY:
        for found in pattern.finditer(rest):
            moved.setdefault(motion, _said(motion, found.group()))
        rest = pattern.sub(" ", rest)
    reading = vocabulary.read(rest)
    still = reading.prompt.strip(" ,")
    return ClipReading(", ".join(one for one in (still, *moved.values()) if one), still, reading.unknown)


def _said(motion: str, written: str) -> str:
    """What was written, where the model has learnt it so."""
    plain = re.sub(f"^{_JOINT}", "", " ".join(written.lower().split()))
    return plain if plain in _LEARNT else _SAID[motion]
