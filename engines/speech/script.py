"""Parse a text for speaking: speakers, sentences, their phrases of one breath, and the pauses written into it."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from engines.speech.alphabet import readable
from engines.speech.markup import without_markup
from engines.speech.pauses import LONGEST, parse_pauses
from engines.speech.phrases import Pause, Phrase, phrases
from engines.speech.speakers import speeches

LEFT_OUT = 200
"""The most removed characters that a note lists."""


class Sentence(NamedTuple):
    """A sentence: its phrases, and the voice of its speaker; None is the narrator's."""

    phrases: tuple[Phrase, ...]
    voice: str | None = None

    @property
    def text(self) -> str:
        """The sentence without its pauses."""
        return " ".join(phrase.text for phrase in self.phrases)

    def with_rest(self, seconds: float) -> "Sentence":
        """Return the sentence with a longer written pause after it."""
        last = self.phrases[-1]
        return self._replace(phrases=(*self.phrases[:-1], last._replace(rest=(last.rest or 0) + seconds)))


class Script(NamedTuple):
    """``before`` is the pause before the first word in seconds; ``left_out`` holds the unreadable characters."""

    before: float | None
    sentences: tuple[Sentence, ...]
    left_out: str
    notes: tuple[str, ...]


def script(text: str, voices: Mapping[str, str] = MappingProxyType({})) -> Script:
    """Parse a text; ``voices`` maps the names of its speakers to their voices.

    The script of a text without words has no sentences.
    """
    text, markup = without_markup(text)
    sentences: list[Sentence] = []
    before, longest, left_out = None, 0.0, ""
    for voice, spoken in speeches(text, voices):
        words, unread = readable(spoken)
        left_out += unread
        marked, pauses, cut = parse_pauses(words)
        longest = max(longest, cut or 0)
        all_phrases = list(phrases(marked, pauses))
        first = all_phrases.pop(0).rest if all_phrases and not all_phrases[0].text else None
        if first is not None and sentences:
            sentences[-1] = sentences[-1].with_rest(first)
        elif first is not None:
            before = (before or 0) + first
        sentences += _sentences(all_phrases, voice)
    notes = list(markup)
    if longest:
        notes.append(
            f"A pause of {longest:g} seconds was cut to {LONGEST:g}, the maximum. Add longer pauses in the edit."
        )
    if left_out:
        notes.append(f"The voices only read English. Left out: {left_out[:LEFT_OUT]}")
    return Script(before, tuple(sentences), left_out, tuple(notes))


def rests(sentence: float, paragraph: float, speed: float) -> Mapping[Pause, float]:
    """Return the pause in seconds after each kind of phrase. Faster speech has shorter pauses."""
    return {Pause.CLAUSE: 0.15 / speed, Pause.SENTENCE: sentence / speed, Pause.PARAGRAPH: paragraph / speed}


def _sentences(phrases_read: list[Phrase], voice: str | None) -> Iterator[Sentence]:
    pending: list[Phrase] = []
    for phrase in phrases_read:
        pending.append(phrase)
        if phrase.then is not Pause.CLAUSE:
            yield Sentence(tuple(pending), voice)
            pending = []
