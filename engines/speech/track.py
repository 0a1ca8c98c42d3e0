"""Join phrases into a voice-over, with pauses between them and without clicks."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

LEAD_IN, LEAD_OUT = 0.1, 0.25
_QUIET = 10 ** (-50 / 20)
_BEFORE, _AFTER = 0.02, 0.06
_FADE_IN, _FADE_OUT = 0.005, 0.03


class Span(NamedTuple):
    """A time range, in seconds."""

    start: float
    end: float


class Track:
    """The growing samples of a voice-over, with silence between the phrases."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._bytes = bytearray()  # grows in place, so a long text is never in memory twice
        self._rest = LEAD_IN

    def rest(self, seconds: float) -> None:
        """Set the silence before the next samples."""
        self._rest = seconds

    def add(self, voice: Samples) -> Span:
        """Append trimmed samples after the silence that was set; return their time range."""
        self._silence(self._rest)
        self._rest = 0
        start = self.seconds
        self._bytes += voice.tobytes()
        return Span(start, self.seconds)

    def finish(self, rest: float | None = None) -> Samples:
        """Return all samples, with ``rest`` seconds of silence at the end (by default, a moment)."""
        self._silence(LEAD_OUT if rest is None else rest)
        return np.frombuffer(self._bytes, np.float32)

    @property
    def seconds(self) -> float:
        """Current length in seconds."""
        return len(self._bytes) / 4 / self._rate

    def _silence(self, seconds: float) -> None:
        self._bytes += bytes(4 * round(seconds * self._rate))


def trim_silence(samples: Samples, rate: int) -> Samples:
    """Return the audible part of ``samples`` with faded ends; empty for silence."""
    loud = np.flatnonzero(np.abs(samples) > _QUIET * np.abs(samples).max(initial=0))
    if not len(loud):
        return samples[:0]
    start = max(0, loud[0] - round(_BEFORE * rate))
    end = min(len(samples), loud[-1] + 1 + round(_AFTER * rate))
    audible = samples[start:end].astype(np.float32)
    into, out = min(len(audible), round(_FADE_IN * rate)), min(len(audible), round(_FADE_OUT * rate))
    audible[:into] *= _rise(into)
    audible[len(audible) - out :] *= _rise(out)[::-1]
    return audible


def _rise(count: int) -> Samples:
    """Return half a cosine from 0 to 1."""
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / max(1, count))).astype(np.float32)
