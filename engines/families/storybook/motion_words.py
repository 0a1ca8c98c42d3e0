"""Split the prompt of a clip into Storybook's words for motion and words for the first frame.

Imports no torch.
"""

import re
from dataclasses import dataclass

from engines.families.storybook import vocabulary
from engines.families.storybook.words import MOTIONS

PHRASES = {
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
"""The learned phrase for each motion, for prompts that use other words."""

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
    """Return a pattern for moving to a side."""
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
_LEARNED = frozenset(said.lower() for ways in MOTIONS.values() for said in ways)

MOTIONS_IN_WORDS = "something moves left or right, rises or grows; the camera pans or zooms; nothing moves"
"""The motions it knows, for error messages."""


@dataclass(frozen=True)
class ParsedClipPrompt:
    """A prompt in the models' words: ``prompt`` for the video model, ``still`` for the image model of the first frame
    (empty if the prompt only describes motion). ``unknown`` holds the words that both ignore."""

    prompt: str
    still: str
    unknown: tuple[str, ...]


def read(prompt: str) -> ParsedClipPrompt:
    """Separate words for motion from the others; replace near words by known ones, and drop unknown words."""
    moved, rest = _split(prompt)
    reading = vocabulary.read(rest)
    still = reading.prompt.strip(" ,")
    return ParsedClipPrompt(", ".join(one for one in (still, *moved.values()) if one), still, reading.unknown)


def without_motions(prompt: str) -> str:
    """Return a prompt without its words for motion, otherwise as written."""
    return _split(prompt)[1]


def _split(prompt: str) -> tuple[dict[str, str], str]:
    """Return the motions of a prompt, each with its phrase, and the rest of the prompt."""
    moved: dict[str, str] = {}
    for motion, pattern in _ANY:
        for match in pattern.finditer(prompt):
            moved.setdefault(motion, _phrases(motion, match.group()))
        prompt = pattern.sub(" ", prompt)
    return moved, prompt


def _phrases(motion: str, written: str) -> str:
    """Return the written phrase if the model has learned it, else the learned phrase for the motion."""
    plain = re.sub(f"^{_JOINT}", "", " ".join(written.lower().split()))
    return plain if plain in _LEARNED else PHRASES[motion]
