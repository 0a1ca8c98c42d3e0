"""Hibari: one recorded voice, and others derived from it by shifting its pitch and stretching its spectrum."""

import re
import zlib
from collections import OrderedDict
from collections.abc import Container, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from engines.catalog import Catalog, Entry
from engines.memory import Device
from engines.memory.component import Component
from engines.speech.capitals import spell_out_capitals
from engines.speech.shorthand import spell_out
from engines.speech.track import Samples
from engines.speech.voice_backend import Delivery, PhonemizingBackend, Speech
from errors import StudioError

LONGEST = 380
"""The most phonemes that it reads well at once."""

SLOWEST, FASTEST = 0.4, 2.5

_MELODY, _LIFT, _PACE = (0.75, 1.35), (0.97, 1.03), (0.93, 1.07)
"""Factor ranges of a varied reading: pitch range, pitch, pace."""

_SILENT = -20
"""The logarithm of an inaudible level."""

_CACHE_BYTES = 32_000_000
_VOICED = 40.0
"""Pitch in Hz below which the network's output is unvoiced."""

_ENDLESS_NUMBER = re.compile(r"\d(?:,?\d){15,}")


class Voice(BaseModel):
    """A speaker relative to the recorded one: pitch, formants (size of the throat), pace."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pitch: float = Field(1, gt=0.3, lt=3)
    formants: float = Field(1, gt=0.6, lt=1.6)
    pace: float = Field(1, gt=0.5, lt=2)


class SpokenText(NamedTuple):
    """How words are read: voice, speed, seed of the breath noise, pitch range factor, pitch factor."""

    voice: Voice
    speed: float
    seed: int
    melody: float = 1.0
    lift: float = 1.0


class Speaker:
    """The loaded network. It caches recent phrases, so that changing one sentence of a text only speaks that sentence.

    The same words in the same reading give the same samples, wherever they occur.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._kept: OrderedDict[tuple[str, SpokenText], Samples] = OrderedDict()
        self._bytes = 0

    def say(self, words: str, reading: SpokenText) -> Samples:
        """Speak a phrase; return samples at 24 kHz, empty if there is nothing to say."""
        key = (words, reading)
        if key not in self._kept:
            samples = self._kept[key] = _synthesize(self._model, words, reading)
            self._bytes += samples.nbytes
            while self._bytes > _CACHE_BYTES and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
        self._kept.move_to_end(key)
        return self._kept[key]

    def sounds(self, words: str) -> str:
        """Return the phonemes of words."""
        return str(self._model.g2p(_readable(words, self._model.g2p.lexicon.golds)))


class HibariNetwork:
    """Network, lexicon and tagger of the package ``hibari-tts``, as a component; loads as a Speaker."""

    key = "hibari:heart"
    bytes = 200_000_000
    place: Literal["device", "host"] = "host"
    note = "the voices"

    def load(self, device: Device) -> Speaker:
        """Load the voice. Raises StudioError if its package is missing or damaged."""
        try:
            import hibari

            model = hibari.Hibari(threads=1)
            model.phonemize("Ready.")  # loads the lexicon now, not at the first sentence
        except Exception as error:
            raise StudioError(
                "missing_model",
                "The voices could not be loaded.",
                f"The package hibari-tts reports: {error}.",
                "Install the studio's requirements again.",
                status=500,
            ) from error
        return Speaker(model)

    def drop(self, model: Any) -> None:
        """Do nothing: the model is freed with its last reference."""


class Hibari(PhonemizingBackend):
    """The Hibari backend. The option ``voices`` of its entry derives each voice from the recorded one."""

    rate = 24_000
    languages = ("en",)
    packages = ("hibari-tts",)

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry)
        self._voices = {name: Voice.model_validate(one) for name, one in entry.options["voices"].items()}

    @property
    def voices(self) -> tuple[str, ...]:
        return tuple(self._voices)

    def components(self, catalog: Catalog) -> tuple[Component, ...]:
        return (HibariNetwork(),)

    def speak(self, models: Sequence[Speaker], text: str, delivery: Delivery) -> Speech:
        return Speech(models[0].say(text, self._reading(delivery)))

    def phonemes(self, models: Sequence[Speaker], text: str) -> str:
        return models[0].sounds(text)

    def _reading(self, delivery: Delivery) -> SpokenText:
        voice, speed, seed, varied = delivery
        if not varied:
            return SpokenText(self._voices[voice], speed, seed)
        chance = np.random.default_rng(seed)
        melody, lift, pace = (float(chance.uniform(*bounds)) for bounds in (_MELODY, _LIFT, _PACE))
        return SpokenText(self._voices[voice], speed * pace, seed, melody, lift)


def _synthesize(model: Any, words: str, reading: SpokenText) -> Samples:
    chance = np.random.default_rng([reading.seed, zlib.crc32(words.encode())])
    pieces = [
        _piece(model, sounds, reading, chance)
        for sounds in _manageable(model.g2p(_readable(words, model.g2p.lexicon.golds)))
    ]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def _readable(words: str, known: Container[str]) -> str:
    """Spell out shorthand and capitals; numbers beyond quadrillions are read digit by digit."""
    words = spell_out_capitals(spell_out(words), known)
    return _ENDLESS_NUMBER.sub(lambda number: " ".join(number[0].replace(",", "")), words)


def _manageable(sounds: str) -> list[str]:
    """Split phonemes into runs of at most ``LONGEST`` between words. Numbers grow up to tenfold when they are read."""
    runs: list[str] = []
    while len(sounds) > LONGEST:
        cut = sounds.rfind(" ", 0, LONGEST)
        cut = cut if cut > 0 else LONGEST
        runs.append(sounds[:cut])
        sounds = sounds[cut:].lstrip()
    return [*runs, sounds] if sounds.strip() else runs


def _piece(model: Any, sounds: str, reading: SpokenText, chance: np.random.Generator) -> Samples:
    from hibari import dsp

    ids = model.ids(sounds)
    if len(ids) < 3:  # the two ends and nothing between
        return np.zeros(0, np.float32)
    voice = reading.voice
    pace = np.float32(min(max(reading.speed * voice.pace, SLOWEST), FASTEST))
    out = model.sess.run(None, {"ids": np.array([ids], np.int64), "speed": np.array([pace], np.float32)})
    *spectra, pitch = (value[0] for value in out)
    stretched = (
        _stretch(spectrum, voice.formants, beyond)
        for spectrum, beyond in zip(spectra, (_SILENT, 0, _SILENT, _SILENT, 0), strict=True)
    )
    pitch = _scale_pitch(pitch, reading.melody) * reading.lift * voice.pitch
    samples: Samples = dsp.synth(*stretched, pitch.astype(np.float32), chance)
    return samples


def _scale_pitch(pitch: Samples, melody: float) -> Samples:
    """Return a pitch curve that deviates ``melody`` times as far from its mean."""
    voiced = pitch > _VOICED
    if melody == 1 or not voiced.any():
        return pitch
    middle = np.exp(np.log(pitch[voiced]).mean())
    return np.where(voiced, middle * (np.maximum(pitch, _VOICED) / middle) ** melody, pitch)


def _stretch(spectrum: Samples, factor: float, beyond: float) -> Samples:
    """Return a [frequency, time] map with its frequencies multiplied; a factor below 1 makes a larger throat.

    Frequencies beyond the recording get the value ``beyond``.
    """
    if factor == 1:
        return spectrum
    source = np.arange(len(spectrum)) / factor
    low = np.minimum(source.astype(np.intp), len(spectrum) - 2)
    share = (source - low).astype(np.float32)[:, None]
    out = spectrum[low] * (1 - share) + spectrum[low + 1] * share
    out[source > len(spectrum) - 2] = beyond  # the last frequency bin does not belong to the voice
    return np.ascontiguousarray(out, np.float32)
