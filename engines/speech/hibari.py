"""Hibari: one recorded voice, and others made of it by moving its pitch and stretching its spectrum."""

import re
import zlib
from collections import OrderedDict
from collections.abc import Container
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from engines.speech.capitals import worded
from engines.speech.reading import spelled
from engines.swapper import Device
from errors import StudioError

Samples = npt.NDArray[np.float32]

RATE = 24_000
LONGEST = 380
"""The most phonemes it is good at in one go."""

SLOWEST, FASTEST = 0.4, 2.5

_SILENT = -20
"""The logarithm of a level nobody hears."""

_KEPT_BYTES = 32_000_000
_VOICED = 40.0
"""Hz; below it the network means no pitch at all."""

_ENDLESS_NUMBER = re.compile(r"\d(?:,?\d){15,}")


class Voice(BaseModel):
    """A speaker, relative to the recorded one: pitch, size of the throat (formants), pace."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pitch: float = Field(1, gt=0.3, lt=3)
    formants: float = Field(1, gt=0.6, lt=1.6)
    pace: float = Field(1, gt=0.5, lt=2)


class Reading(NamedTuple):
    """How words are read: who, how fast, the chance in the breath, how far the melody swings, how high it lies."""

    voice: Voice
    speed: float
    seed: int
    melody: float = 1.0
    lift: float = 1.0


class Speaker:
    """The loaded network. What it said last is kept: a text read again with one sentence changed costs that sentence.

    The same words in the same reading are the same samples, wherever they stand.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._kept: OrderedDict[tuple[str, Reading], Samples] = OrderedDict()
        self._bytes = 0

    def say(self, words: str, reading: Reading) -> Samples:
        """Speak a phrase; samples at ``RATE``, empty where there is nothing to say."""
        key = (words, reading)
        if key not in self._kept:
            samples = self._kept[key] = _said(self._model, words, reading)
            self._bytes += samples.nbytes
            while self._bytes > _KEPT_BYTES and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
        self._kept.move_to_end(key)
        return self._kept[key]

    def sounds(self, words: str) -> str:
        """The phonemes of words."""
        return str(self._model.g2p(_readable(words, self._model.g2p.lexicon.golds)))


class Hibari:
    """The component: network, lexicon and tagger, as the package ``hibari-tts`` brings them; loads as a Speaker."""

    key = "hibari:heart"
    bytes = 200_000_000
    place: Literal["device", "host"] = "host"
    note = "the voices"

    def load(self, device: Device) -> Speaker:
        """A ready voice. Raises StudioError where its package is missing or damaged."""
        try:
            import hibari

            model = hibari.Hibari(threads=1)
            model.phonemize("Ready.")  # reads the lexicon now, not at the first sentence
        except Exception as error:
            raise StudioError(
                "missing_model",
                "The voices cannot be read.",
                f"The package hibari-tts says: {error}.",
                "Install the studio's requirements again.",
                status=500,
            ) from error
        return Speaker(model)

    def drop(self, model: Any) -> None:
        """Nothing to do: it goes with its last reference."""


def _said(model: Any, words: str, reading: Reading) -> Samples:
    chance = np.random.default_rng([reading.seed, zlib.crc32(words.encode())])
    pieces = [
        _piece(model, sounds, reading, chance)
        for sounds in _manageable(model.g2p(_readable(words, model.g2p.lexicon.golds)))
    ]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def _readable(words: str, known: Container[str]) -> str:
    """Beyond quadrillions there are no names: such numbers are read digit by digit."""
    words = worded(spelled(words), known)
    return _ENDLESS_NUMBER.sub(lambda number: " ".join(number[0].replace(",", "")), words)


def _manageable(sounds: str) -> list[str]:
    """Phonemes in runs of at most ``LONGEST``, cut between words: a phrase of numbers grows tenfold when read."""
    runs: list[str] = []
    while len(sounds) > LONGEST:
        cut = sounds.rfind(" ", 0, LONGEST)
        cut = cut if cut > 0 else LONGEST
        runs.append(sounds[:cut])
        sounds = sounds[cut:].lstrip()
    return [*runs, sounds] if sounds.strip() else runs


def _piece(model: Any, sounds: str, reading: Reading, chance: np.random.Generator) -> Samples:
    from hibari import dsp

    ids = model.ids(sounds)
    if len(ids) < 3:  # the two ends and nothing between
        return np.zeros(0, np.float32)
    voice = reading.voice
    pace = np.float32(min(max(reading.speed * voice.pace, SLOWEST), FASTEST))
    out = model.sess.run(None, {"ids": np.array([ids], np.int64), "speed": np.array([pace], np.float32)})
    *spectra, pitch = (value[0] for value in out)
    stretched = (
        _stretched(spectrum, voice.formants, beyond)
        for spectrum, beyond in zip(spectra, (_SILENT, 0, _SILENT, _SILENT, 0), strict=True)
    )
    pitch = _sung(pitch, reading.melody) * reading.lift * voice.pitch
    samples: Samples = dsp.synth(*stretched, pitch.astype(np.float32), chance)
    return samples


def _sung(pitch: Samples, melody: float) -> Samples:
    """A pitch curve that swings ``melody`` times as far from its middle."""
    voiced = pitch > _VOICED
    if melody == 1 or not voiced.any():
        return pitch
    middle = np.exp(np.log(pitch[voiced]).mean())
    return np.where(voiced, middle * (np.maximum(pitch, _VOICED) / middle) ** melody, pitch)


def _stretched(spectrum: Samples, factor: float, beyond: float) -> Samples:
    """A [frequency, time] map with its frequencies multiplied: less than 1 makes a larger throat.

    What the recording does not reach is ``beyond``.
    """
    if factor == 1:
        return spectrum
    source = np.arange(len(spectrum)) / factor
    low = np.minimum(source.astype(np.intp), len(spectrum) - 2)
    share = (source - low).astype(np.float32)[:, None]
    out = spectrum[low] * (1 - share) + spectrum[low + 1] * share
    out[source > len(spectrum) - 2] = beyond  # the last frequency of all is not a voice's
    return np.ascontiguousarray(out, np.float32)
