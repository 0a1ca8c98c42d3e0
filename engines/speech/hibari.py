"""Hibari: one recorded voice, and others made of it by moving its pitch and stretching its spectrum."""

import re
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from engines.swapper import Device
from errors import StudioError

Samples = npt.NDArray[np.float32]

RATE = 24_000
LONGEST = 380
"""The most phonemes it is good at in one go."""

SLOWEST, FASTEST = 0.4, 2.5

_SILENT = -20
"""The logarithm of a level nobody hears."""

_ENDLESS_NUMBER = re.compile(r"\d(?:,?\d){15,}")


class Voice(BaseModel):
    """A speaker, relative to the recorded one: pitch, size of the throat (formants), pace."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pitch: float = Field(1, gt=0.3, lt=3)
    formants: float = Field(1, gt=0.6, lt=1.6)
    pace: float = Field(1, gt=0.5, lt=2)


class Hibari:
    """The component: network, lexicon and tagger, as the package ``hibari-tts`` brings them."""

    key = "hibari-tts:heart"
    bytes = 170_000_000
    place: Literal["device", "host"] = "host"
    note = "the voices"

    def load(self, device: Device) -> Any:
        """A ready ``hibari.Hibari``. Raises StudioError where its package is missing or damaged."""
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
        return model

    def drop(self, model: Any) -> None:
        """Nothing to do: it goes with its last reference."""


def say(model: Any, words: str, voice: Voice, speed: float, chance: np.random.Generator) -> Samples:
    """Speak a phrase; samples at ``RATE``, empty where there is nothing to say. ``chance`` makes the breath."""
    pace = np.float32(min(max(speed * voice.pace, SLOWEST), FASTEST))
    # Beyond quadrillions there are no names: such numbers are read digit by digit.
    words = _ENDLESS_NUMBER.sub(lambda number: " ".join(number[0].replace(",", "")), words)
    pieces = [_piece(model, sounds, voice, pace, chance) for sounds in _manageable(model.g2p(words))]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def _manageable(sounds: str) -> list[str]:
    """Phonemes in runs of at most ``LONGEST``, cut between words: a phrase of numbers grows tenfold when read."""
    runs: list[str] = []
    while len(sounds) > LONGEST:
        cut = sounds.rfind(" ", 0, LONGEST)
        cut = cut if cut > 0 else LONGEST
        runs.append(sounds[:cut])
        sounds = sounds[cut:].lstrip()
    return [*runs, sounds] if sounds.strip() else runs


def _piece(model: Any, sounds: str, voice: Voice, pace: np.float32, chance: np.random.Generator) -> Samples:
    from hibari import dsp

    ids = model.ids(sounds)
    if len(ids) < 3:  # the two ends and nothing between
        return np.zeros(0, np.float32)
    out = model.sess.run(None, {"ids": np.array([ids], np.int64), "speed": np.array([pace], np.float32)})
    *spectra, pitch = (value[0] for value in out)
    stretched = (
        _stretched(spectrum, voice.formants, beyond)
        for spectrum, beyond in zip(spectra, (_SILENT, 0, _SILENT, _SILENT, 0), strict=True)
    )
    samples: Samples = dsp.synth(*stretched, (pitch * voice.pitch).astype(np.float32), chance)
    return samples


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
