"""Which frame of a clip is shown when, at another frame rate."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import floor

import av

from engines.media.clip import DecodedFrame
from engines.requests.frame_rate import FILM_RATES

_SAME = Fraction(4, 10_000)
"""Rates that differ by less are the same: 23.976 and 24 differ by ten."""


def constant_rate(mean: Fraction, base: Fraction) -> Fraction:
    """Return the constant frame rate for a clip with a mean rate and the rate that its times are multiples of.

    A variable rate becomes the next higher film rate, so that few frames are lost.
    """
    same = [rate for rate in FILM_RATES if abs(rate - mean) < mean * _SAME]
    if same:
        return min(same, key=lambda rate: abs(rate - mean))
    if mean == base:
        return mean
    return next((rate for rate in FILM_RATES if rate >= mean * Fraction(999, 1000)), FILM_RATES[-1])


def frame_count(begin: Fraction, end: Fraction, rate: Fraction) -> int:
    """Return how many frames there are from ``begin`` to ``end`` seconds at a constant rate; at least one."""
    return max(1, floor((end - begin) * rate + Fraction(1, 2)))


class FrameChooser:
    """Chooses the frames of a clip from ``begin`` to ``end`` seconds (None: to its end) at a constant rate.

    ``uneven`` says afterwards whether a frame was moved by more than half of its duration at that rate.
    """

    def __init__(self, rate: Fraction, begin: Fraction, end: Fraction | None) -> None:
        self._rate = rate
        self._begin = begin
        self._end = end
        self.uneven = False

    def choose(self, frames: Iterable[DecodedFrame]) -> Iterator[av.VideoFrame]:
        """Yield the frame to show at each moment: every frame starts as near as possible to its own time.

        A frame may come several times or not at all. The duration is rounded to whole frames, at least one if the clip
        goes on after ``begin``.
        """
        number = 0
        before: DecodedFrame | None = None
        for frame in frames:
            if before is not None:
                beat = min(frame.start - before.start, 1 / self._rate)
                while self._moment(number) <= frame.start - beat / 2 and self._is_inside(number, None):
                    yield before.picture
                    number += 1
                self._compare(frame.start)
            if self._end is not None and frame.start > self._end:
                return
            before = frame
        while before is not None and self._is_inside(number, before.start + before.duration):
            yield before.picture
            number += 1

    def _moment(self, number: int) -> Fraction:
        return self._begin + number / self._rate

    def _is_inside(self, number: int, last: Fraction | None) -> bool:
        """Whether most of a frame lies before the end; ``last`` is the end of the clip if it is known."""
        end = min((one for one in (self._end, last) if one is not None), default=None)
        if end is None:
            return True
        return self._moment(number) + Fraction(1, 2) / self._rate <= end or (number == 0 and self._begin < end)

    def _compare(self, start: Fraction) -> None:
        beats = (start - self._begin) * self._rate
        self.uneven = self.uneven or abs(beats - round(beats)) > Fraction(1, 4)
