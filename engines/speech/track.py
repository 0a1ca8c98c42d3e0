"""The growing voice-over: phrases one after the other, pauses between, no click where they meet."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

LEAD_IN, LEAD_OUT = 0.1, 0.25
_QUIET = 10 ** (-50 / 20)
_BEFORE, _AFTER = 0.02, 0.06
_FADE_IN, _FADE_OUT = 0.005, 0.03


class Span(NamedTuple):
    """From when to when something is heard, in seconds."""

    start: float
    end: float


class Track:
    """Samples in the order they are heard, with quiet between them."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._bytes = bytearray()  # grows in place: a long text is never in memory twice
        self._rest = LEAD_IN

    def rest(self, seconds: float) -> None:
        """What is added next comes after so much quiet."""
        self._rest = seconds

    def add(self, voice: Samples) -> Span:
        """Put trimmed samples at the end, after the rest that was asked for."""
        self._silence(self._rest)
        self._rest = 0
        start = self.seconds
        self._bytes += voice.tobytes()
        return Span(start, self.seconds)

    def finish(self, rest: float | None = None) -> Samples:
        """The whole, with a moment of quiet at its end, or as much as was asked for."""
        self._silence(LEAD_OUT if rest is None else rest)
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
