"""The growing voice-over: phrases one after the other, pauses between, no click where they meet."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engines.speech.phrases import Pause

Samples = npt.NDArray[np.float32]

SECONDS = {Pause.CLAUSE: 0.15, Pause.SENTENCE: 0.4, Pause.PARAGRAPH: 0.8}
"""How long a speaker of natural pace rests after a phrase."""

LEAD_IN, LEAD_OUT = 0.1, 0.25
_QUIET = 10 ** (-50 / 20)
_BEFORE, _AFTER = 0.02, 0.06
_FADE_IN, _FADE_OUT = 0.005, 0.03


class Span(NamedTuple):
    """From when to when something is heard, in seconds."""

    start: float
    end: float


class Track:
    """Samples in the order they are heard. ``speed`` shortens the pauses as it does the words."""

    def __init__(self, rate: int, speed: float) -> None:
        self._rate = rate
        self._speed = speed
        self._bytes = bytearray()  # grows in place: a long text is never in memory twice
        self._rest = LEAD_IN

    def add(self, samples: Samples, then: Pause) -> Span | None:
        """Put a phrase at the end, after the pause the one before asked for; None where nothing is heard in it."""
        voice = trimmed(samples, self._rate)
        if not len(voice):
            return None
        self._silence(self._rest)
        start = self.seconds
        self._bytes += voice.tobytes()
        self._rest = SECONDS[then] / self._speed
        return Span(start, self.seconds)

    def finish(self) -> Samples:
        """The whole, with a moment of quiet at its end."""
        self._silence(LEAD_OUT)
        return np.frombuffer(self._bytes, np.float32)

    @property
    def seconds(self) -> float:
        """How long it is by now."""
        return len(self._bytes) / 4 / self._rate

    def _silence(self, seconds: float) -> None:
        self._bytes += bytes(4 * round(seconds * self._rate))


def trimmed(samples: Samples, rate: int) -> Samples:
    """What is heard of ``samples``, its ends faded to nothing; empty for silence."""
    loud = np.flatnonzero(np.abs(samples) > _QUIET * np.abs(samples).max(initial=0))
    if not len(loud):
        return samples[:0]
    start = max(0, loud[0] - round(_BEFORE * rate))
    end = min(len(samples), loud[-1] + 1 + round(_AFTER * rate))
    heard = samples[start:end].astype(np.float32)
    into, out = min(len(heard), round(_FADE_IN * rate)), min(len(heard), round(_FADE_OUT * rate))
    heard[:into] *= _rise(into)
    heard[len(heard) - out :] *= _rise(out)[::-1]
    return heard


def _rise(count: int) -> Samples:
    """Half a cosine from 0 to 1."""
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / max(1, count))).astype(np.float32)
