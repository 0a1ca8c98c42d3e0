"""Speak a script sentence by sentence, each in its own take, and join them on one track."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from engines.media.sound import measure_loudness
from engines.requests.speech import Speak, Take
from engines.speech.phrases import Phrase
from engines.speech.pronunciation import respell
from engines.speech.script import Script, Sentence, rests, script
from engines.speech.track import Samples, Span, Track, trim_silence
from engines.speech.voice_backend import Delivery, VoiceBackend
from errors import StudioError

_LOUDER = 12.0
"""The largest gain in decibels that matches a take to the level of the sentence it replaces."""


class SpokenSentence(NamedTuple):
    """A sentence in the finished sound: its number, its text, what was read instead, its voice, and the time of each
    phrase."""

    number: int
    text: str
    say: str | None
    voice: str
    phrases: tuple[tuple[str, Span], ...]

    @property
    def plan(self) -> dict[str, Any]:
        """The sentence as a record, with times in seconds."""
        record: dict[str, Any] = {
            "number": self.number,
            "text": self.text,
            "voice": self.voice,
            "start": round(self.phrases[0][1].start, 3),
            "end": round(self.phrases[-1][1].end, 3),
        }
        return record | ({"say": self.say} if self.say else {})


class Narrator:
    """Speaks a request's script with the voices of a backend, whose loaded components are ``models``.

    Raises StudioError bad_value (422) if a take names a sentence or a voice that does not exist.
    """

    def __init__(self, request: Speak, lines: Script, backend: VoiceBackend, models: Sequence[Any]) -> None:
        self._request = request
        self._script = lines
        self._backend = backend
        self._models = models
        self._takes = {take.sentence: take for take in request.takes if take.used}
        for take in request.takes:
            if take.sentence >= len(lines.sentences):
                raise _no_sentence(take.sentence, len(lines.sentences))
        named = [*(take.voice for take in request.takes), *(sentence.voice for sentence in lines.sentences)]
        for voice in named:
            if voice is not None and voice not in backend.voices:
                raise StudioError(
                    "bad_value",
                    f"“{voice}” is not a voice of this model.",
                    next=f"Choose one of: {', '.join(backend.voices)}.",
                    status=422,
                )

    def speak(
        self, before: Callable[[int], None], after: Callable[[str], None]
    ) -> tuple[Samples, list[SpokenSentence]]:
        """Return the whole sound, before its loudness is set, and the times of its sentences.

        ``before`` is called with each sentence's number before it is spoken, ``after`` with its text afterwards.
        """
        track, spoken_sentences = Track(self._backend.rate), []
        if self._script.before is not None:
            track.rest(self._script.before)
        for number, sentence in enumerate(self._script.sentences):
            before(number)
            take = self._takes.get(number)
            spans = self._add(track, sentence, take, partial(before, number))
            if spans:
                voice = self._delivery(sentence, take).voice
                say = take.say if take else None
                spoken_sentences.append(SpokenSentence(number, sentence.text, say, voice, spans))
                after(sentence.text)
        last = self._script.sentences[-1].phrases[-1]
        return track.finish(last.rest), spoken_sentences

    def _add(
        self, track: Track, sentence: Sentence, take: Take | None, check: Callable[[], None]
    ) -> tuple[tuple[str, Span], ...]:
        phrases = _read_instead(sentence, take.say) if take and take.say else sentence.phrases
        rest = rests(self._request.sentence_pause, self._request.paragraph_pause, self._request.speed)
        delivery = self._delivery(sentence, take)
        level = self._level(sentence) if take else None
        spans = []
        voices = []
        for phrase in phrases:
            check()
            voices.append(self._say(phrase, delivery))
        if level is not None:
            voices = _at(level, voices, self._backend.rate)
        for phrase, voice in zip(phrases, voices, strict=True):
            if len(voice):
                spans.append((phrase.text, track.add(voice)))
                track.rest(rest[phrase.then] if phrase.rest is None else phrase.rest)
        return tuple(spans)

    def _say(self, phrase: Phrase, delivery: Delivery) -> Samples:
        words = respell(phrase.text, self._request.pronunciations or {})
        speech = self._backend.speak(self._models, words, delivery)
        return trim_silence(speech.samples, self._backend.rate)

    def _level(self, sentence: Sentence) -> float:
        """Return the loudness of a sentence's first reading, in LUFS."""
        first = self._delivery(sentence, None)
        return _loudness([self._say(phrase, first) for phrase in sentence.phrases], self._backend.rate)

    def _delivery(self, sentence: Sentence, take: Take | None) -> Delivery:
        request = self._request
        voice = (take and take.voice) or sentence.voice or request.voice
        speed = (take and take.speed) or request.speed
        if take is None or take.seed is None:
            return Delivery(voice, speed, request.seed or 0)
        return Delivery(voice, speed, take.seed, varied=True)


def _read_instead(sentence: Sentence, say: str) -> tuple[Phrase, ...]:
    """Return the phrases of a replacement text, with the sentence's pause. Raises StudioError nothing_to_say (422)."""
    new_phrases = [phrase for line in script(say).sentences for phrase in line.phrases]
    if not new_phrases:
        raise StudioError(
            "nothing_to_say",
            "The text of this take has no words to read.",
            next="Enter some English words.",
            status=422,
        )
    last = sentence.phrases[-1]
    return (*new_phrases[:-1], new_phrases[-1]._replace(then=last.then, rest=last.rest))


def _at(level: float, voices: list[Samples], rate: int) -> list[Samples]:
    """Return the samples at the loudness ``level``."""
    own = _loudness(voices, rate)
    if not (np.isfinite(level) and np.isfinite(own)):
        return voices
    factor = np.float32(10 ** (min(max(level - own, -_LOUDER), _LOUDER) / 20))
    return [voice * factor for voice in voices]


def _loudness(voices: list[Samples], rate: int) -> float:
    return measure_loudness(np.concatenate(voices), rate) if voices else float("-inf")


def _no_sentence(number: int, count: int) -> StudioError:
    return StudioError(
        "bad_value",
        f"The text has no sentence {number}.",
        f"It has {count}, numbered from 0.",
        f"Choose a number from 0 to {count - 1}.",
        status=422,
    )
