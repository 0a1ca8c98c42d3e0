"""Dissolves and fades: frames mixed as they are stored, in the pixel format of the result."""

from collections.abc import Iterable, Iterator
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from engines.video.finish.picture import tag_rec709

_ALPHA = 3
"""The number of the plane with the transparency; before it come luma and two planes of color."""


def blended(first: av.VideoFrame, second: av.VideoFrame, share: float) -> av.VideoFrame:
    """Return a frame that is ``share`` (0 to 1) of the second and the rest of the first, both in one pixel format."""
    planes = zip(_planes(first), _planes(second), strict=True)
    return _frame(first, [one + (other - one) * np.float32(share) for one, other in planes])


def dissolve(leaving: Iterable[av.VideoFrame], coming: Iterable[av.VideoFrame], count: int) -> Iterator[av.VideoFrame]:
    """Yield ``count`` frames that change evenly from one clip to the next; fewer if one of them ends before."""
    for number, (one, other) in enumerate(zip(leaving, coming, strict=False), 1):
        yield blended(one, other, number / (count + 1))
        if number == count:
            return


def faded(frames: Iterable[av.VideoFrame], count: int, fade_in: int, fade_out: int) -> Iterator[av.VideoFrame]:
    """Yield ``count`` frames; the first ``fade_in`` of them rise from black, the last ``fade_out`` sink to it."""
    for number, frame in enumerate(frames):
        light = min(number / max(1, fade_in) if fade_in else 1, (count - 1 - number) / fade_out if fade_out else 1)
        yield frame if light >= 1 else _darkened(frame, max(0.0, light))


def _darkened(frame: av.VideoFrame, light: float) -> av.VideoFrame:
    step = 1 << frame.format.components[0].bits - 8
    black = (16 * step, 128 * step, 128 * step)
    planes = list(_planes(frame))
    dark = [value + (one - value) * np.float32(light) for one, value in zip(planes[:_ALPHA], black, strict=True)]
    return _frame(frame, [*dark, *planes[_ALPHA:]])


def _planes(frame: av.VideoFrame) -> Iterator[npt.NDArray[np.float32]]:
    """Yield the planes of a frame, without the padding of their rows."""
    for plane in frame.planes:
        rows = np.frombuffer(memoryview(plane), _sample(frame)).reshape(plane.height, -1)
        yield rows[:, : plane.width].astype(np.float32)


def _frame(like: av.VideoFrame, planes: list[npt.NDArray[np.float32]]) -> av.VideoFrame:
    """Return a frame in the format of another, with these planes."""
    new = av.VideoFrame(like.width, like.height, like.format.name)
    for plane, values in zip(new.planes, planes, strict=True):
        rows: npt.NDArray[Any] = np.zeros((plane.height, plane.line_size // _sample(like)().itemsize), _sample(like))
        rows[:, : plane.width] = np.rint(values)
        plane.update(rows.tobytes())
    return tag_rec709(new)


def _sample(frame: av.VideoFrame) -> type[np.unsignedinteger[Any]]:
    return np.uint16 if frame.format.components[0].bits > 8 else np.uint8
