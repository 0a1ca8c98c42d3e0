"""Where two windows of a clip meet: match their color, and measure how visible the join is."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.float32]
"""A frame (height, width, 3), 0 to 1."""
Color = npt.NDArray[np.float32]
"""A value for each channel."""

_BLOCKS = 4
"""Colors are compared in the averages of this many blocks along each side, so that motion and grain do not count."""
_LEAST_GAIN, _MOST_GAIN = 0.8, 1.25
_MOST_PULL = 0.02
"""How much the colors of a window may go back, of 1: what changed on purpose, such as the light, stays changed."""
_STILL = 1e-3
"""Less change than this from frame to frame is no motion."""


class Join(NamedTuple):
    """A join ``seconds`` after the start of the clip.

    ``delta_e`` is the mean color difference (CIE 1976) of the frames before and after it. ``motion`` is how much the
    picture changes there, as a multiple of the change from frame to frame around it: 1 is a smooth join.
    """

    seconds: float
    delta_e: float
    motion: float


class ColorMatch(NamedTuple):
    """A gain and an offset for each channel, and a further offset that grows from 0 to ``pull`` over a window."""

    gain: Color
    offset: Color
    pull: Color

    @classmethod
    def between(cls, made: Pixels, wanted: Pixels, usual: Color) -> "ColorMatch":
        """Return what makes ``made`` as bright and colorful as ``wanted``, two pictures of the same, and slowly goes
        back to ``usual``, the mean color of the first window."""
        # The order of the sums depends on the layout in memory, which a saved frame loses.
        made, wanted = np.ascontiguousarray(made), np.ascontiguousarray(wanted)
        spread = made.std((0, 1))
        ratio = np.divide(wanted.std((0, 1)), spread, out=np.ones_like(spread), where=spread > 1e-3)
        gain = ratio.clip(_LEAST_GAIN, _MOST_GAIN)
        mean = wanted.mean((0, 1))
        return cls(gain, mean - gain * made.mean((0, 1)), (usual - mean).clip(-_MOST_PULL, _MOST_PULL))

    def apply(self, frame: Pixels, progress: float) -> Pixels:
        """Return a frame with matched colors; ``progress`` is how much of the window has passed, 0 to 1."""
        matched: Pixels = (frame * self.gain + self.offset + np.float32(progress) * self.pull).clip(0, 1)
        return matched


class JoinMeter:
    """Measures joins while frames pass by. It can start in the middle: after ``count`` frames, with the ``joins`` so
    far, the ``last`` frame, and how much that one differs from the one before."""

    def __init__(
        self, fps: float, count: int, joins: Iterable[Join], last: Pixels | None, change: float | None
    ) -> None:
        self.joins = list(joins)
        self.change = change
        self._fps, self._count, self._last = fps, count, last
        self._open: _OpenJoin | None = None

    def see(self, frame: Pixels, *, joins: bool = False) -> None:
        """Take the next frame; ``joins`` if it is the first after a join."""
        before = self.change
        self.change = None if self._last is None else float(np.abs(frame - self._last).mean())
        if self._open is not None:
            self._close(None if joins else self.change)
        if joins and self._last is not None and self.change is not None:
            self._open = _OpenJoin(self._count / self._fps, delta_e(self._last, frame), self.change, before)
        self._last, self._count = frame, self._count + 1

    def finish(self) -> list[Join]:
        """Return all joins."""
        if self._open is not None:
            self._close(None)
        return self.joins

    def _close(self, after: float | None) -> None:
        assert self._open is not None
        seconds, difference, change, before = self._open
        around = [one for one in (before, after) if one is not None]
        motion = change / max(sum(around) / len(around), _STILL) if around else 1.0
        self.joins.append(Join(round(seconds, 3), round(difference, 2), round(motion, 2)))
        self._open = None


class _OpenJoin(NamedTuple):
    """A join before the next frame is known: ``change`` there, and from the frame ``before`` to the last one."""

    seconds: float
    delta_e: float
    change: float
    before: float | None


def delta_e(one: Pixels, other: Pixels) -> float:
    """Return the mean color difference (CIE 1976) of two frames, in averages of blocks: about 2 is just visible."""
    return float(np.linalg.norm(_lab(_blocks(one)) - _lab(_blocks(other)), axis=-1).mean())


def _blocks(frame: Pixels) -> Pixels:
    """Return the mean of each block of a frame in linear light."""
    linear = np.where(frame <= 0.04045, frame / 12.92, ((frame + 0.055) / 1.055) ** 2.4)
    rows, columns = (np.linspace(0, side, _BLOCKS + 1).astype(int)[:-1] for side in frame.shape[:2])
    sums = np.add.reduceat(np.add.reduceat(linear, rows, axis=0), columns, axis=1)
    areas = np.outer(np.diff([*rows, frame.shape[0]]), np.diff([*columns, frame.shape[1]]))
    means: Pixels = sums / areas[:, :, None]
    return means


_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _XYZ.sum(1)


def _lab(linear: Pixels) -> Pixels:
    """Convert linear sRGB to CIE L*a*b* (D65)."""
    ratio = linear @ _XYZ.T / _WHITE
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    lab: Pixels = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)
    return lab
