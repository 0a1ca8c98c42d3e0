"""A script spoken: sentence by sentence, each in its own take, joined on one track."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from engines.media.sound import measure_loudness
from engines.requests.speech import Speak, Take
from engines.speech.hibari import RATE, Reading, Speaker, Voice
from engines.speech.phrases import Phrase
from engines.speech.pronouncing import respelled
from engines.speech.script import Script, Sentence, rests, script
from engines.speech.track import Samples, Span, Track, trimmed
from errors import StudioError

_MELODY, _LIFT, _PACE = (0.75, 1.35), (0.97, 1.03), (0.93, 1.07)
"""How far another take may differ: the swing of its melody, its height, its pace."""
_LOUDER = 12.0
"""The most decibels by which a take is brought to the level of what it replaces."""


class Heard(NamedTuple):
    """A sentence in the finished sound: its number and text, what was read instead, when each phrase is heard."""

    number: int
    text: str
    say: str | None
    phrases: tuple[tuple[str, Span], ...]

    @property
    def plan(self) -> dict[str, Any]:
        """As a record: the times in seconds."""
        record: dict[str, Any] = {
            "number": self.number,
            "text": self.text,
            "start": round(self.phrases[0][1].start, 3),
            "end": round(self.phrases[-1][1].end, 3),
        }
        return record | ({"say": self.say} if self.say else {})


class Narrator:
    """Speaks a request's script with the voices of a catalog entry.

    Raises StudioError bad_value (422) for a take of a sentence or a voice that there is not.
    """

    def __init__(self, request: Speak, lines: Script, voices: Mapping[str, Any], speaker: Speaker) -> None:
        self._request = request
        self._script = lines
        self._voices = {name: Voice.model_validate(known) for name, known in voices.items()}
        self._speaker = speaker
        self._takes = {take.sentence: take for take in request.takes if take.used}
        for take in request.takes:
            if take.sentence >= len(lines.sentences):
                raise _no_sentence(take.sentence, len(lines.sentences))
            if take.voice is not None and take.voice not in self._voices:
                raise StudioError("bad_value", f"There is no voice “{take.voice}”.", status=422)

    def speak(self, before: Callable[[int], None], after: Callable[[str], None]) -> tuple[Samples, list[Heard]]:
        """The whole, before its loudness is set, and what is heard when.

        ``before`` is told the number of each sentence before it is spoken, ``after`` its text when it was heard.
        """
        track, heard = Track(RATE), []
        if self._script.before is not None:
            track.rest(self._script.before)
        for number, sentence in enumerate(self._script.sentences):
            before(number)
            take = self._takes.get(number)
            spans = self._add(track, sentence, take, partial(before, number))
            if spans:
                heard.append(Heard(number, sentence.text, take.say if take else None, spans))
                after(sentence.text)
        last = self._script.sentences[-1].phrases[-1]
        return track.finish(last.rest), heard

    def _add(
        self, track: Track, sentence: Sentence, take: Take | None, check: Callable[[], None]
    ) -> tuple[tuple[str, Span], ...]:
        phrases = _read_instead(sentence, take.say) if take and take.say else sentence.phrases
        rest = rests(self._request.sentence_pause, self._request.paragraph_pause, self._request.speed)
        reading = self._reading(take)
        level = self._level(sentence) if take else None
        spans = []
        voices = []
        for phrase in phrases:
            check()
            voices.append(self._say(phrase, reading))
        if level is not None:
            voices = _at(level, voices)
        for phrase, voice in zip(phrases, voices, strict=True):
            if len(voice):
                spans.append((phrase.text, track.add(voice)))
                track.rest(rest[phrase.then] if phrase.rest is None else phrase.rest)
        return tuple(spans)

    def _say(self, phrase: Phrase, reading: Reading) -> Samples:
        words = respelled(phrase.text, self._request.pronunciations or {})
        return trimmed(self._speaker.say(words, reading), RATE)

    def _level(self, sentence: Sentence) -> float:
        """How loud the first reading of a sentence is, in LUFS."""
        return _loudness([self._say(phrase, self._reading(None)) for phrase in sentence.phrases])

    def _reading(self, take: Take | None) -> Reading:
        request = self._request
        voice = self._voices[(take and take.voice) or request.voice]
        speed = (take and take.speed) or request.speed
        if take is None or take.seed is None:
            return Reading(voice, speed, request.seed or 0)
        chance = np.random.default_rng(take.seed)
        melody, lift, pace = (float(chance.uniform(*bounds)) for bounds in (_MELODY, _LIFT, _PACE))
        return Reading(voice, speed * pace, take.seed, melody, lift)


def _read_instead(sentence: Sentence, say: str) -> tuple[Phrase, ...]:
    """Other words for a sentence, followed by what follows it. Raises StudioError nothing_to_say (422)."""
    found = [phrase for line in script(say).sentences for phrase in line.phrases]
    if not found:
        raise StudioError(
            "nothing_to_say", "There is nothing to say in this take.", next="Write some words.", status=422
        )
    last = sentence.phrases[-1]
    return (*found[:-1], found[-1]._replace(then=last.then, rest=last.rest))


def _at(level: float, voices: list[Samples]) -> list[Samples]:
    """Samples as loud as ``level``."""
    own = _loudness(voices)
    if not (np.isfinite(level) and np.isfinite(own)):
        return voices
    factor = np.float32(10 ** (min(max(level - own, -_LOUDER), _LOUDER) / 20))
    return [voice * factor for voice in voices]


def _loudness(voices: list[Samples]) -> float:
    return measure_loudness(np.concatenate(voices), RATE) if voices else float("-inf")


def _no_sentence(number: int, count: int) -> StudioError:
    return StudioError(
        "bad_value",
        f"There is no sentence {number}.",
        f"The text has {count}, counted from 0.",
        "Choose one of these.",
        status=422,
    )
