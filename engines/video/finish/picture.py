"""The filters that every frame of a delivery passes: deinterlaced, upright, scaled, framed, in Rec.709."""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Literal, NamedTuple

import av
import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.reformatter import ColorRange

from engines.media.clip import Color, DecodedFrame, rotate
from engines.requests.deliver import SIZES

Size = tuple[int, int]
Filters = list[tuple[str, str]]

REC709 = Color(1, 1, 1)
_MATRICES = {1: "bt709", 4: "fcc", 7: "smpte240m", 9: "bt2020"}
_WIDE = {9: "bt2020", 11: "smpte431", 12: "smpte432"}
"""FFmpeg's names of the primaries of wide gamuts. Those of standard definition differ too little to be converted."""

_TURNS: dict[int, Filters] = {
    0: [],
    90: [("transpose", "cclock")],
    180: [("hflip", ""), ("vflip", "")],
    270: [("transpose", "clock")],
}
_SCALER = "flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp"


class Framing(NamedTuple):
    """The size in px that a picture is scaled to, and the size of the frame that it is then put into.

    If the frame is smaller, ``position`` says which part of the picture stays: from 0 (left, top) to 1 (right, bottom).
    """

    scaled: Size
    frame: Size
    position: float = 0.5

    @classmethod
    def of(cls, size: Size, pixel_aspect: Fraction, named: str, how: Literal["fit", "fill"]) -> "Framing":
        """Return the framing of an upright clip; ``named`` is a key of SIZES, or “source”. Pixels become square."""
        width, height = Fraction(size[0]) * pixel_aspect, Fraction(size[1])
        if named == "source":
            scaled = round(width), size[1]
            return cls(scaled, (scaled[0] + scaled[0] % 2, scaled[1] + scaled[1] % 2))
        frame = SIZES[named] if width >= height else SIZES[named][::-1]
        return cls.into((frame[0], frame[1]), size, pixel_aspect, how)

    @classmethod
    def into(cls, frame: Size, size: Size, pixel_aspect: Fraction, how: Literal["fit", "fill"]) -> "Framing":
        """Return the framing of an upright clip in a frame: with black bars, or filling it and losing edges."""
        width, height = Fraction(size[0]) * pixel_aspect, Fraction(size[1])
        times = (min if how == "fit" else max)(frame[0] / width, frame[1] / height)
        return cls((_even(width * times), _even(height * times)), frame)

    @classmethod
    def cropped(cls, size: Size, pixel_aspect: Fraction, aspect: Fraction, position: float) -> "Framing":
        """Return the framing of an upright clip that is cropped to an aspect ratio (width to height)."""
        scaled = round(size[0] * pixel_aspect), size[1]
        width, height = min(scaled[0], int(scaled[1] * aspect)), min(scaled[1], int(scaled[0] / aspect))
        return cls(scaled, (max(2, width // 2 * 2), max(2, height // 2 * 2)), position)

    @classmethod
    def within(cls, size: Size, side: int) -> "Framing":
        """Return the framing of a clip that is made smaller if one of its sides is longer than ``side``."""
        times = min(Fraction(1), Fraction(side, max(size)))
        smaller = _even(size[0] * times), _even(size[1] * times)
        return cls(smaller, smaller)


def _even(length: Fraction) -> int:
    return max(2, 2 * round(length / 2))


class RecConverter:
    """Converts frames, each in its own format, to one size and pixel format in Rec.709."""

    def __init__(self, framing: Framing, pixels: str, color: Color) -> None:
        self._framing = framing
        self._pixels = pixels
        self._color = color
        self._source: tuple[object, ...] | None = None
        self._chain = _Chain()
        self._last: tuple[av.VideoFrame, av.VideoFrame] | None = None

    def convert(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return a frame converted; the same one if it comes again."""
        if self._last is not None and self._last[0] is frame:
            return self._last[1]
        source = (frame.width, frame.height, frame.format.name, rotate(frame))
        if source != self._source:  # the first frame, or a clip that changes its size
            self._source, self._chain = source, _Chain.of(frame, self._filters(frame), self._color)
        (new,) = self._chain.push(frame)
        self._last = frame, tag_rec709(new)
        return new

    def _filters(self, frame: av.VideoFrame) -> Filters:
        (width, height), (out_width, out_height), position = self._framing
        convert = f"w={width}:h={height}:{_SCALER}:out_color_matrix=bt709:out_range=tv"
        if primaries := _WIDE.get(int(frame.color_primaries)):
            convert += f":in_primaries={primaries}:out_primaries=bt709"
            convert += ":in_transfer=bt709:out_transfer=bt709"
        filters: Filters = [*_TURNS[rotate(frame)], ("scale", convert), ("setsar", "1")]
        if width > out_width or height > out_height:
            left, top = (f"({side})*{position}" for side in ("in_w-out_w", "in_h-out_h"))
            filters.append(("crop", f"{out_width}:{out_height}:{left}:{top}"))
        if (out_width - width, out_height - height) in ((1, 0), (0, 1), (1, 1)):  # an odd size: repeat the edge
            fine = "yuva444p12le" if self._pixels.startswith("yuva") else "yuv444p12le"
            filters += [("format", fine), ("pad", f"{out_width}:{out_height}:0:0")]
            filters.append(("fillborders", f"right={out_width - width}:bottom={out_height - height}:mode=smear"))
        elif width < out_width or height < out_height:
            x, y = (out_width - width) // 4 * 2, (out_height - height) // 4 * 2
            filters.append(("pad", f"{out_width}:{out_height}:{x}:{y}:black"))
        return [*filters, ("format", self._pixels)]


def deinterlaced(frames: Iterable[DecodedFrame], color: Color) -> Iterator[DecodedFrame]:
    """Yield the frames with both fields of each made into one picture; progressive frames pass unchanged."""
    chain: _Chain | None = None
    times: deque[DecodedFrame] = deque()
    for frame in frames:
        chain = chain or _Chain.of(frame.picture, [("bwdif", "mode=send_frame:deint=interlaced")], color)
        times.append(frame)
        for picture in chain.push(frame.picture):
            yield times.popleft()._replace(picture=picture)
    for picture in chain.push(None) if chain else ():
        yield times.popleft()._replace(picture=picture)


def tag_rec709(frame: av.VideoFrame) -> av.VideoFrame:
    """Tag a frame as Rec.709 in limited range, and return it."""
    frame.colorspace, frame.color_primaries, frame.color_trc = REC709
    frame.color_range = ColorRange.MPEG
    return frame


def frame_sha256(frame: av.VideoFrame) -> bytes:
    """Return the hash of a frame's pixels, without the padding of its rows."""
    digest = hashlib.sha256()
    for plane in frame.planes:
        sample = 2 if frame.format.components[0].bits > 8 else 1
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        digest.update(np.ascontiguousarray(rows[:, : plane.width * sample]).data)
    return digest.digest()


class _Chain:
    """FFmpeg filters, one after the other."""

    def __init__(self) -> None:
        self._graph = Graph()

    @classmethod
    def of(cls, frame: av.VideoFrame, filters: Filters, color: Color) -> "_Chain":
        """Return filters for frames like this one, whose colors are as the tags in ``color``."""
        chain = cls()
        matrix = "gbr" if frame.format.is_rgb else _MATRICES.get(color.space, "smpte170m")
        full = frame.format.is_rgb or frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
        source = f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base=1/1000000"
        last = chain._graph.add("buffer", f"{source}:colorspace={matrix}:range={'pc' if full else 'tv'}")
        for name, arguments in [*filters, ("buffersink", "")]:
            last = _linked(last, chain._graph.add(name, arguments))
        chain._graph.configure()
        return chain

    def push(self, frame: av.VideoFrame | None) -> Iterator[av.VideoFrame]:
        """Put a frame in, or None at the end; yield the frames that come out."""
        self._graph.push(frame)
        while True:
            try:
                picture = self._graph.pull()
            except (BlockingIOError, EOFError):
                return
            assert isinstance(picture, av.VideoFrame)
            yield picture


def _linked(before: FilterContext, after: FilterContext) -> FilterContext:
    before.link_to(after)
    return after
