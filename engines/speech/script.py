"""A text as a voice sees it: sentences, each in phrases of one breath, with the pauses that were written into it."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from engines.speech.alphabet import readable
from engines.speech.markup import without_markup
from engines.speech.pauses import LONGEST, marked
from engines.speech.phrases import Pause, Phrase, phrases

LEFT_OUT = 200
"""How many of the characters that were left out are told."""


class Sentence(NamedTuple):
    """A sentence and the phrases it is spoken in."""

    phrases: tuple[Phrase, ...]

    @property
    def text(self) -> str:
        """As it is written, without its pauses."""
        return " ".join(phrase.text for phrase in self.phrases)


class Script(NamedTuple):
    """``before`` is the quiet asked for before the first word, in seconds; ``left_out`` what cannot be read aloud."""

    before: float | None
    sentences: tuple[Sentence, ...]
    left_out: str
    notes: tuple[str, ...]


def script(text: str) -> Script:
    """Read a text. It has no sentences where it holds no words."""
    text, markup = without_markup(text)
    text, left_out = readable(text)
    text, pauses, cut = marked(text)
    found = list(phrases(text, pauses))
    before = found.pop(0).rest if found and not found[0].text else None
    notes = list(markup)
    if cut is not None:
        notes.append(f"A pause of {cut:g} seconds was cut to {LONGEST:g}: longer ones are for the edit.")
    if left_out:
        notes.append(f"Left out, for the voices read English: {left_out[:LEFT_OUT]}")
    return Script(before, tuple(_sentences(found)), left_out, tuple(notes))


def rests(sentence: float, paragraph: float, speed: float) -> Mapping[Pause, float]:
    """How long a voice rests after each kind of phrase: faster speech rests less."""
    return {Pause.CLAUSE: 0.15 / speed, Pause.SENTENCE: sentence / speed, Pause.PARAGRAPH: paragraph / speed}


def _sentences(found: list[Phrase]) -> Iterator[Sentence]:
    held: list[Phrase] = []
    for phrase in found:
        held.append(phrase)
        if phrase.then is not Pause.CLAUSE:
            yield Sentence(tuple(held))
            held = []
