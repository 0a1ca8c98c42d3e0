"""The frames of a part of a clip at a constant rate, forward or backward."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av

from engines.media.clip import ClipReader, DecodedFrame
from engines.video.finish.picture import deinterlaced
from engines.video.finish.timing import FrameChooser, frame_count

_PIECE_BYTES = 256 * 2**20
"""The most memory for the frames of a piece that is read to play it backward."""

_PIECE_FRAMES = 8, 250
"""The fewest and the most frames of such a piece."""


class Source:
    """Reads a clip once from ``begin`` to ``end``, in seconds on its own clock, as progressive frames at ``rate``.

    ``check`` is called for every frame that is read. ``uneven`` says afterwards that the clip's own rate varies.
    """

    def __init__(
        self, reader: ClipReader, rate: Fraction, begin: Fraction, end: Fraction | None, check: Callable[[], None]
    ) -> None:
        self._reader = reader
        self._begin = begin
        self._check = check
        self._chooser = FrameChooser(rate, begin, end)

    @property
    def uneven(self) -> bool:
        return self._chooser.uneven

    def frames(self) -> Iterator[av.VideoFrame]:
        """Yield the frames in order. What is before ``begin`` is skipped, not decoded."""
        return self._chooser.choose(self.decoded())

    def decoded(self) -> Iterator[DecodedFrame]:
        """Yield the clip's own frames from ``begin`` or earlier on, with their times."""
        frames = self._reader.decoded(near=self._begin if self._begin > self._reader.begins else None)
        if self._reader.first.interlaced_frame:
            frames = deinterlaced(frames, self._reader.format.color)
        for frame in frames:
            self._check()
            yield frame


def backward(
    path: Path, rate: Fraction, begin: Fraction, end: Fraction, check: Callable[[], None]
) -> Iterator[av.VideoFrame]:
    """Yield what ``Source`` yields, from the last frame to the first: in pieces, so that memory stays small."""
    count, piece = frame_count(begin, end, rate), None
    while count > 0:
        with ClipReader(path) as reader:
            piece = piece or _piece(reader.first)
            first = max(0, count - piece)
            at, until = begin + first / rate, begin + count / rate
            frames = list(Source(reader, rate, at, until, check).frames())
        while frames:
            yield frames.pop()
        count = first


def _piece(frame: av.VideoFrame) -> int:
    fewest, most = _PIECE_FRAMES
    size = sum(plane.buffer_size for plane in frame.planes)
    return min(most, max(fewest, _PIECE_BYTES // max(1, size)))
