"""Read clips frame by frame, upright, in RGB, with exact times."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Self

import av
import numpy as np
import numpy.typing as npt
from av.error import FFmpegError
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from PIL import Image

from engines.media.streams import (
    EARLY_SECONDS,
    bad_media,
    cut_off_note,
    duration,
    moving_picture,
    open_media,
    track_end,
)

Pixels = npt.NDArray[np.uint8]

SCALER = Interpolation.LANCZOS | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT

_EARLIER_SECONDS = 10
"""How much earlier to look for a key frame if the index leads to a later one: some order frames by decoding time."""

_UNSPECIFIED = 2  # in all three of FFmpeg's color enums
_HDR = frozenset({16, 18})  # PQ and HLG
_HD_ROWS = 720
_MATRICES = {1: Colorspace.ITU709, 4: Colorspace.FCC, 7: Colorspace.SMPTE240M, 9: Colorspace.BT2020}


class Color(NamedTuple):
    """A clip's color tags, as FFmpeg's numbers."""

    space: int
    primaries: int
    transfer: int

    @property
    def matrix(self) -> Colorspace:
        """Matrix for the conversion between RGB and YUV."""
        return _MATRICES.get(self.space, Colorspace.ITU601)

    @property
    def is_hdr(self) -> bool:
        """Whether the transfer function is PQ or HLG."""
        return self.transfer in _HDR


class ClipFormat(NamedTuple):
    """Size in px, time base in seconds per tick, mean frame rate, color, and pixel aspect ratio (width to height)."""

    width: int
    height: int
    time_base: Fraction
    fps: Fraction
    color: Color
    pixel_aspect: Fraction


class Frame(NamedTuple):
    """RGB pixels [height, width, 3], with start and duration in seconds."""

    pixels: Pixels
    start: Fraction
    duration: Fraction


class FloatFrame(NamedTuple):
    """The same with pixels from 0 to 1, as models make them, finer than eight bits."""

    pixels: npt.NDArray[np.float32]
    start: Fraction
    duration: Fraction


class DecodedFrame(NamedTuple):
    """A frame as it is stored, not upright and in its own pixel format, with start and duration in seconds."""

    picture: av.VideoFrame
    start: Fraction
    duration: Fraction


class ClipReader:
    """Reads a clip from the beginning, with only a few frames in memory. Use it in a ``with`` block.

    Variable frame rates keep their times. Of a damaged or truncated clip, the decodable part is read; ``whole`` is then
    False at the end, and ``notes`` say so. ``first`` is the first frame as it is stored, ``begins`` its start in
    seconds, ``base_rate`` the lowest rate in which the times of all frames are exact. Raises StudioError bad_media if
    not a single frame can be decoded.
    """

    def __init__(self, path: Path) -> None:
        self._files = ExitStack()
        with ExitStack() as opening:
            self._media = opening.enter_context(open_media(path))
            stream = moving_picture(self._media)
            if stream is None or stream.time_base is None:
                raise bad_media("It has no video.")
            stream.thread_type = "AUTO"
            self._stream = stream
            self.whole = True
            self.notes: tuple[str, ...] = ()
            self.seconds = duration(self._media, stream)
            self._end = track_end(self._media, stream)
            self._media.seek(0)  # counting packets may have gone to the end
            self._decoded = self._decode()
            first = next(self._decoded, None)
            if first is None:
                raise bad_media("None of its frames can be decoded.")
            self.first = first
            self.begins = _start(first, stream, Fraction(0))
            self.format = _format(stream, first)
            self.base_rate = stream.base_rate or self.format.fps
            self.frames = max(1, stream.frames or round(self.seconds * self.format.fps))
            self._files = opening.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._decoded = iter(())  # it refers to this reader: the frames' memory would wait for the garbage collector
        self._files.close()

    def read(self, skip: int = 0) -> Iterator[Frame]:
        """Yield the frames in order, without the first ``skip``. Call it or ``decoded`` only once."""
        for picture, begin, seconds in self.decoded(skip):
            yield Frame(self._pixels(picture), begin, seconds)

    def decoded(self, skip: int = 0, near: Fraction | None = None) -> Iterator[DecodedFrame]:
        """Yield the frames in order as they are stored, with all of their bits, without the first ``skip``.

        With ``near``, start at a key frame at or before that time in seconds: the frames before it are not decoded.
        """
        beat = 1 / self.format.fps
        frame = self.first if near is None else self._key_frame(near)
        start = _start(frame, self._stream, self.begins)
        first = self.begins
        index = 0
        for following in self._decoded:
            after = _start(following, self._stream, start + beat)
            if after <= start:  # a broken clock: skip frames that go back in time
                continue
            if index >= skip:
                yield DecodedFrame(frame, start, after - start)
            frame, start, index = following, after, index + 1
        last = frame.duration * self._stream.time_base if frame.duration and self._stream.time_base else beat
        if self._end is not None and start < self._end:
            last = min(last, self._end - start)  # in decoding order, its duration may belong to another frame
            if start + last < self._end - EARLY_SECONDS:
                self.whole = False
                self.notes = (cut_off_note(start + last - first, self._end - first),)
        if not self.whole and not self.notes:
            self.notes = ("Parts of the clip are damaged and were skipped.",)
        if index >= skip:
            yield DecodedFrame(frame, start, last)

    def _key_frame(self, seconds: Fraction) -> av.VideoFrame:
        """Seek to a key frame at or before ``seconds`` and return it; the first frame if there is none."""
        assert self._stream.time_base is not None
        for at in (seconds, seconds - _EARLIER_SECONDS, self.begins):
            with suppress(FFmpegError):  # a file without an index
                self._media.seek(int(at / self._stream.time_base), stream=self._stream)
                self._decoded = self._decode()
                frame = next(self._decoded, None)
                if frame is not None and _start(frame, self._stream, self.begins) <= seconds:
                    return frame
        return self.first

    def _decode(self) -> Iterator[av.VideoFrame]:
        try:
            for packet in self._media.demux(self._stream):
                try:
                    yield from packet.decode()
                except FFmpegError:  # a damaged packet; the next key frame recovers
                    self.whole = False
        except FFmpegError:
            self.whole = False

    def _pixels(self, frame: av.VideoFrame) -> Pixels:
        size = (self.format.width, self.format.height)
        width, height = reversed(size) if rotate(frame) in (90, 270) else size
        return _rgb(frame, self.format.color, width, height)


def rotate(frame: av.VideoFrame) -> int:
    """Return the counterclockwise rotation that turns a frame upright: 0, 90, 180 or 270 degrees."""
    return round(frame.rotation / 90) * 90 % 360


def upright_size(frame: av.VideoFrame) -> Image.Image:
    """Return a frame as an upright RGB picture."""
    return Image.fromarray(_rgb(frame, color_of(frame), frame.width, frame.height))


def color_of(frame: av.VideoFrame) -> Color:
    """Return a frame's color tags; missing ones are guessed from its height, as players do."""
    assumed = 1 if frame.height >= _HD_ROWS else 6  # BT.709 for HD, else SMPTE 170M
    tags = (frame.colorspace, frame.color_primaries, frame.color_trc)
    return Color(*(tag if tag not in (0, _UNSPECIFIED) else assumed for tag in map(int, tags)))


def frame_at(path: Path, seconds: float) -> Image.Image:
    """Return a clip's frame at ``seconds``, upright, or the last one before it. Raises StudioError bad_media."""
    with open_media(path) as media:
        stream = moving_picture(media)
        if stream is None or stream.time_base is None:
            raise bad_media("It has no video.")
        nearest = None
        try:
            media.seek(int(seconds / stream.time_base) + (stream.start_time or 0), stream=stream)
            for frame in media.decode(stream):
                nearest = frame
                if frame.time is not None and frame.time >= seconds:
                    break
        except FFmpegError:
            pass  # a damaged clip: use the last decoded frame
        if nearest is None:
            raise bad_media("None of its frames can be decoded.")
        return upright_size(nearest)


def frame_on_screen(path: Path, seconds: float) -> tuple[int, Image.Image]:
    """Return what a player shows at ``seconds``: the last frame that has started, upright, with its number (from 0).

    Times are those of the file; negative ones count from its beginning. Raises StudioError bad_media.
    """
    with open_media(path) as media:
        stream = moving_picture(media)
        if stream is None or stream.time_base is None:
            raise bad_media("It has no video.")
        begins = Fraction(stream.start_time or 0) * stream.time_base
        at = Fraction(seconds) + min(Fraction(0), begins)
        shown: tuple[Fraction, av.VideoFrame] | None = None
        with suppress(FFmpegError):  # read from the beginning instead
            media.seek(int(at / stream.time_base), stream=stream)
        try:
            for frame in media.decode(stream):
                start = _start(frame, stream, begins)
                if shown is not None and start > at:
                    break
                shown = (start, frame)
        except FFmpegError:
            pass  # a damaged clip: use the last decoded frame
        if shown is None:
            raise bad_media("None of its frames can be decoded.")
        start, frame = shown
        return round((start - begins) * _rate(stream)), upright_size(frame)


def _rate(stream: av.VideoStream) -> Fraction:
    return stream.average_rate or stream.guessed_rate or Fraction(25)


def _format(stream: av.VideoStream, first: av.VideoFrame) -> ClipFormat:
    width, height = first.width, first.height
    aspect = stream.sample_aspect_ratio or Fraction(1)
    if rotate(first) in (90, 270):
        width, height, aspect = height, width, 1 / aspect
    rate = _rate(stream)
    time_base = stream.time_base or 1 / rate
    return ClipFormat(width, height, time_base, rate, color_of(first), aspect)


def _start(frame: av.VideoFrame, stream: av.VideoStream, otherwise: Fraction) -> Fraction:
    if frame.pts is None or frame.time_base is None:
        return otherwise
    return frame.pts * frame.time_base


def _rgb(frame: av.VideoFrame, color: Color, width: int, height: int) -> Pixels:
    full = ColorRange.JPEG if frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj") else None
    pixels = frame.to_ndarray(
        format="rgb24",
        width=width,
        height=height,
        src_colorspace=None if frame.format.is_rgb else color.matrix,
        src_color_range=full or ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=SCALER,
    )
    return np.ascontiguousarray(np.rot90(pixels, rotate(frame) // 90))
