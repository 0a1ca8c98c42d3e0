"""Storybook's words for the page, in groups, each word as it is added to a prompt."""

from typing import Literal, NamedTuple

from engines.families.storybook import words
from engines.families.storybook.motion_words import PHRASES


class WordGroup(NamedTuple):
    """Words of one kind. ``role`` says where a word belongs in a prompt: a ``thing``, an ``adjective`` in front of one,
    a ``phrase`` at the end, a ``clause`` there after a comma, or an ``opening`` at the beginning.
    """

    name: str
    role: Literal["thing", "adjective", "phrase", "clause", "opening"]
    words: tuple[str, ...]


STILL_GROUPS = (
    WordGroup("Things", "thing", tuple(words.THINGS)),
    WordGroup("Colors", "adjective", words.COLORS),
    WordGroup("Sizes", "adjective", ("small", "big")),
    WordGroup("Places", "phrase", tuple(phrases[0] for phrases in words.GROUNDS.values())),
    WordGroup("Times", "phrase", ("at noon", "at dawn", "at sunset", "at night")),
    WordGroup("Weather", "phrase", ("in the rain", "in fog", "while it snows")),
    WordGroup("Position", "phrase", ("on the left", "in the middle", "on the right")),
    WordGroup("Look", "opening", ("a close-up of", "a wide shot of", "a watercolor of", "a line drawing of")),
)
"""The words of a picture."""

MOTION_GROUP = WordGroup("Motion", "phrase", tuple(PHRASES.values()))
"""The words for what moves in a clip."""
