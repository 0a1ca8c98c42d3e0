"""Clips in: frames one at a time, upright, in RGB, with their exact times."""

from collections.abc import Iterator
from contextlib import ExitStack
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

_UNSPECIFIED = 2  # in all three of FFmpeg's lists of colour tags
_HD_ROWS = 720
_MATRICES = {1: Colorspace.ITU709, 4: Colorspace.FCC, 7: Colorspace.SMPTE240M, 9: Colorspace.BT2020}


class Colour(NamedTuple):
    """How a clip's colours are meant, in FFmpeg's numbers."""

    space: int
    primaries: int
    transfer: int

    @property
    def matrix(self) -> Colorspace:
        """What converts between RGB and its YUV."""
        return _MATRICES.get(self.space, Colorspace.ITU601)


class ClipFormat(NamedTuple):
    """Size in px, clock (seconds a tick), mean frame rate, colours, and shape of a pixel (width to height)."""

    width: int
    height: int
    time_base: Fraction
    fps: Fraction
    colour: Colour
    pixel_aspect: Fraction


class Frame(NamedTuple):
    """RGB pixels [height, width, 3] and when they show, in seconds."""

    pixels: Pixels
    start: Fraction
    duration: Fraction


class ClipReader:
    """Reads a clip from its beginning, never holding more than a few frames. Use it in a ``with``.

    Variable frame rates keep their times. What of a damaged or cut-off clip can be decoded is read; once all is read
    ``whole`` is False then, and ``notes`` say so. Raises StudioError bad_media when that is not even one frame.
    """

    def __init__(self, path: Path) -> None:
        self._files = ExitStack()
        with ExitStack() as opening:
            self._media = opening.enter_context(open_media(path))
            stream = moving_picture(self._media)
            if stream is None or stream.time_base is None:
                raise bad_media("It holds no moving picture.")
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
                raise bad_media("Not one frame of it can be decoded.")
            self._first = first
            self.format = _format(stream, first)
            self.frames = max(1, stream.frames or round(self.seconds * self.format.fps))
            self._files = opening.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def read(self, skip: int = 0) -> Iterator[Frame]:
        """The frames in order, but for the first ``skip``. To be called once."""
        beat = 1 / self.format.fps
        frame, start = self._first, _start(self._first, self._stream, Fraction(0))
        first = start
        index = 0
        for following in self._decoded:
            after = _start(following, self._stream, start + beat)
            if after <= start:  # a broken clock: time only goes forward
                continue
            if index >= skip:
                yield Frame(self._pixels(frame), start, after - start)
            frame, start, index = following, after, index + 1
        last = frame.duration * self._stream.time_base if frame.duration and self._stream.time_base else beat
        if self._end is not None and start < self._end:
            last = min(last, self._end - start)  # its own duration may be that of another frame, in decoding order
            if start + last < self._end - EARLY_SECONDS:
                self.whole = False
                self.notes = (cut_off_note(start + last - first, self._end - first),)
        if not self.whole and not self.notes:
            self.notes = ("Parts of the clip are damaged and could not be read.",)
        if index >= skip:
            yield Frame(self._pixels(frame), start, last)

    def _decode(self) -> Iterator[av.VideoFrame]:
        try:
            for packet in self._media.demux(self._stream):
                try:
                    yield from packet.decode()
                except FFmpegError:  # one damaged packet: the next key frame sets it right
                    self.whole = False
        except FFmpegError:
            self.whole = False

    def _pixels(self, frame: av.VideoFrame) -> Pixels:
        size = (self.format.width, self.format.height)
        width, height = reversed(size) if turned(frame) in (90, 270) else size
        return _rgb(frame, self.format.colour, width, height)


def turned(frame: av.VideoFrame) -> int:
    """How far a frame must be turned counter-clockwise to stand upright: 0, 90, 180 or 270 degrees."""
    return round(frame.rotation / 90) * 90 % 360


def upright(frame: av.VideoFrame) -> Image.Image:
    """A frame as an upright RGB picture."""
    return Image.fromarray(_rgb(frame, colour_of(frame), frame.width, frame.height))


def colour_of(frame: av.VideoFrame) -> Colour:
    """The colours of a frame; where it does not say, what its size suggests, as players do."""
    assumed = 1 if frame.height >= _HD_ROWS else 6  # BT.709 for HD, else SMPTE 170M
    tags = (frame.colorspace, frame.color_primaries, frame.color_trc)
    return Colour(*(tag if tag not in (0, _UNSPECIFIED) else assumed for tag in map(int, tags)))


def frame_at(path: Path, seconds: float) -> Image.Image:
    """The frame of a clip at a time, upright; the last one before where there is none. Raises StudioError bad_media."""
    with open_media(path) as media:
        stream = moving_picture(media)
        if stream is None or stream.time_base is None:
            raise bad_media("It holds no moving picture.")
        found = None
        try:
            media.seek(int(seconds / stream.time_base) + (stream.start_time or 0), stream=stream)
            for frame in media.decode(stream):
                found = frame
                if frame.time is not None and frame.time >= seconds:
                    break
        except FFmpegError:
            pass  # a damaged clip: what decoded before is good enough
        if found is None:
            raise bad_media("Not one frame of it can be decoded.")
        return upright(found)


def _format(stream: av.VideoStream, first: av.VideoFrame) -> ClipFormat:
    width, height = first.width, first.height
    aspect = stream.sample_aspect_ratio or Fraction(1)
    if turned(first) in (90, 270):
        width, height, aspect = height, width, 1 / aspect
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    time_base = stream.time_base or 1 / rate
    return ClipFormat(width, height, time_base, rate, colour_of(first), aspect)


def _start(frame: av.VideoFrame, stream: av.VideoStream, otherwise: Fraction) -> Fraction:
    if frame.pts is None or frame.time_base is None:
        return otherwise
    return frame.pts * frame.time_base


def _rgb(frame: av.VideoFrame, colour: Colour, width: int, height: int) -> Pixels:
    full = ColorRange.JPEG if frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj") else None
    pixels = frame.to_ndarray(
        format="rgb24",
        width=width,
        height=height,
        src_colorspace=None if frame.format.is_rgb else colour.matrix,
        src_color_range=full or ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=SCALER,
    )
    return np.ascontiguousarray(np.rot90(pixels, turned(frame) // 90))
