"""Write one file from a clip: the frames and the sound of a part of it, in a format."""

import hashlib
import heapq
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
from av.container import OutputContainer
from av.video.reformatter import ColorRange

from engines import torch_setup
from engines.media.clip import ClipReader, DecodedFrame
from engines.media.clip_sound import Excerpt, Packet, carry_sound, decoding_time
from engines.media.timecode import carry_timecode
from engines.video.finish.formats import FileFormat
from engines.video.finish.picture import REC709, Framing, RecConverter, deinterlaced, frame_sha256
from engines.video.finish.timing import FrameChooser

_MOST_REORDERED = 64
"""Frames by which a packet may be decoded before it is shown."""


class Plan(NamedTuple):
    """What to write of a clip: format, frame rate, framing, and the part from ``start`` to ``end`` in seconds."""

    format: FileFormat
    rate: Fraction
    framing: Framing
    start: Fraction = Fraction(0)
    end: Fraction | None = None

    def frames(self, seconds: Fraction) -> int:
        """Return about how many frames it has of a clip that lasts ``seconds``."""
        end = seconds if self.end is None else min(seconds, self.end)
        return max(1, round((end - self.start) * self.rate))


class DeliveryWriter:
    """Writes a clip as a plan says. ``check`` is called for every frame that is read, ``written`` for every one
    that is written.

    Afterwards ``count`` is the number of frames, ``digest`` the hash of frames and sound, and ``uneven`` says that the
    frame rate of the source varies.
    """

    def __init__(
        self, reader: ClipReader, plan: Plan, check: Callable[[], None], written: Callable[[av.VideoFrame], None]
    ) -> None:
        self._reader = reader
        self._plan = plan
        self._check = check
        self._written = written
        begin = reader.begins + plan.start
        end = None if plan.end is None else reader.begins + plan.end
        self._chooser = FrameChooser(plan.rate, begin, end)
        self._excerpt = Excerpt(begin, end, plan.format.sound)
        self.count = 0
        self.digest = hashlib.sha256()

    @property
    def uneven(self) -> bool:
        return self._chooser.uneven

    def write(self, source: Path, path: Path, record: str = "") -> list[str]:
        """Write the file, with a record inside; return notes about what it does not contain."""
        options = {"movflags": "+faststart+use_metadata_tags", "movie_timescale": str(self._plan.rate.numerator)}
        with ExitStack() as files:
            out = files.enter_context(av.open(str(path), "w", format=self._plan.format.container, options=options))
            if record:
                out.metadata["c41"] = record
            stream = self._stream(out)
            notes = carry_timecode(source, stream, self._plan.rate, self._plan.start)
            sound = carry_sound(source, out, files, self.digest, self._excerpt)
            for packet in heapq.merge(self._pictures(stream), *sound.tracks, key=decoding_time):
                out.mux(packet)
        return [*notes, *sound.notes]

    def _stream(self, out: OutputContainer) -> av.VideoStream:
        format, threads = self._plan.format, torch_setup.threads()
        stream = out.add_stream(format.codec, rate=self._plan.rate, options=format.encoder_options(threads))
        assert isinstance(stream, av.VideoStream)
        encoder = stream.codec_context
        encoder.width, encoder.height = self._plan.framing.frame
        encoder.pix_fmt, encoder.time_base = self._pixels, 1 / self._plan.rate
        encoder.colorspace, encoder.color_primaries, encoder.color_trc = REC709
        encoder.color_range = ColorRange.MPEG
        encoder.thread_count = threads
        if format.tag:
            encoder.codec_tag = format.tag
        return stream

    @property
    def _pixels(self) -> str:
        has_alpha = any(part.is_alpha for part in self._reader.first.format.components)
        return (self._plan.format.alpha if has_alpha else None) or self._plan.format.pixels

    def _pictures(self, stream: av.VideoStream) -> Iterator[Packet]:
        converter = RecConverter(self._plan.framing, self._pixels, self._reader.format.color)
        for chosen in self._chooser.choose(self._frames()):
            frame = converter.convert(chosen)
            frame.pts, frame.time_base = self.count, 1 / self._plan.rate
            self.digest.update(frame_sha256(frame))
            yield from map(_timed, stream.encode(frame))
            self.count += 1
            self._written(frame)
        yield from map(_timed, stream.encode(None))

    def _frames(self) -> Iterator[DecodedFrame]:
        begin = self._excerpt.begin
        frames = self._reader.decoded(near=begin if begin > self._reader.begins else None)
        if self._reader.first.interlaced_frame:
            frames = deinterlaced(frames, self._reader.format.color)
        for frame in frames:
            self._check()
            yield frame


def _timed(packet: Packet) -> Packet:
    """Return the packet with a valid decoding time: libx265 leaves it undefined in clips of one or two frames."""
    if packet.pts is not None and (packet.dts is None or not 0 <= packet.pts - packet.dts <= _MOST_REORDERED):
        packet.dts = packet.pts
    return packet
