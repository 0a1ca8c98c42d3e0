"""Deliver a clip: trimmed, at a constant frame rate, in one size, in Rec.709, with all of its sound."""

import hashlib
import heapq
import json
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
from av.container import OutputContainer
from av.video.reformatter import ColorRange

from engines import protocol, torch_setup
from engines.host.context import Context
from engines.media.clip import ClipReader, DecodedFrame, frame_at, upright_size
from engines.media.clip_sound import Excerpt, Packet, carry_sound, decoding_time
from engines.media.files import thumb_path, write_atomically
from engines.media.picture import save_thumb
from engines.media.timecode import carry_timecode
from engines.requests.deliver import DeliverClip
from engines.requests.frame_rate import shown_rate
from engines.video.finish.formats import FORMATS
from engines.video.finish.picture import REC709, Framing, RecConverter, deinterlaced, frame_sha256
from engines.video.finish.timing import FrameChooser, constant_rate
from errors import StudioError

_HDR = {16: "PQ", 18: "HLG"}
"""FFmpeg's numbers of the transfer functions of HDR."""


def deliver_clip(request: DeliverClip, context: Context) -> None:
    """Write a clip in the format, frame rate, size and part that a request names."""
    source, format = context.input(request.clip), FORMATS[request.format]
    with ClipReader(source) as reader:
        _check(request, reader)
        delivery = _Delivery(request, reader, context)
        path = context.new_file(format.suffix)
        record = context.provenance()
        with write_atomically(path) as part:
            notes = delivery.write(source, part, json.dumps(record, ensure_ascii=False))
        seconds = delivery.count / delivery.rate
        save_thumb(frame_at(path, float(seconds / 3)), thumb_path(path))
        width, height = delivery.framing.frame
        context.add(
            protocol.ResultFile(
                file=path.name,
                thumb=thumb_path(path).name,
                kind="clip",
                mime=format.mime,
                width=width,
                height=height,
                seconds=float(seconds),
                fps=float(delivery.rate),
                frames=delivery.count,
                content_sha256=delivery.digest.hexdigest(),
                provenance=record,
                notes=(*reader.notes, *notes),
            )
        )


def _check(request: DeliverClip, reader: ClipReader) -> None:
    if name := _HDR.get(reader.format.color.transfer):
        raise StudioError(
            "hdr_clip",
            f"This clip is HDR ({name}).",
            "Deliveries are in Rec.709, which has no HDR, and the studio does not convert one into the other.",
            "Convert it to Rec.709 in your editing program, then upload it again.",
        )
    if request.start is not None and request.start >= reader.seconds:
        raise StudioError(
            "start_after_end",
            "“Start at” is after the end of the clip.",
            f"The clip lasts {float(reader.seconds):.2f} s.",
            "Choose an earlier start.",
        )


class _Delivery:
    """One file: what it is made of, and after ``write`` the number of its frames and the hash of its content."""

    def __init__(self, request: DeliverClip, reader: ClipReader, context: Context) -> None:
        source = reader.format
        self._reader = reader
        self._context = context
        self._format = FORMATS[request.format]
        self.rate = request.rate or constant_rate(source.fps, reader.base_rate)
        self.framing = Framing.of((source.width, source.height), source.pixel_aspect, request.size, request.framing)
        self._start = _exact(request.start or 0)
        begin = reader.begins + self._start
        end = None if request.end is None else reader.begins + _exact(request.end)
        self._chooser = FrameChooser(self.rate, begin, end)
        self._excerpt = Excerpt(begin, end, self._format.sound)
        self._keeps_rate = request.rate is None
        last = reader.seconds if request.end is None else min(reader.seconds, _exact(request.end))
        self._total = max(1, round((last - self._start) * self.rate))
        self.count = 0
        self.digest = hashlib.sha256()

    def write(self, source: Path, path: Path, record: str) -> list[str]:
        """Write the file; return notes about what it does not contain or what was converted."""
        options = {"movflags": "+faststart+use_metadata_tags", "movie_timescale": str(self.rate.numerator)}
        with ExitStack() as files:
            out = files.enter_context(av.open(str(path), "w", format=self._format.container, options=options))
            out.metadata["c41"] = record
            stream = self._stream(out)
            notes = carry_timecode(source, stream, self.rate, self._start)
            sound = carry_sound(source, out, files, self.digest, self._excerpt)
            for packet in heapq.merge(self._pictures(stream), *sound.tracks, key=decoding_time):
                out.mux(packet)
        return [*notes, *sound.notes, *self._conversions()]

    def _stream(self, out: OutputContainer) -> av.VideoStream:
        stream = out.add_stream(
            self._format.codec, rate=self.rate, options=self._format.encoder_options(torch_setup.threads())
        )
        assert isinstance(stream, av.VideoStream)
        encoder = stream.codec_context
        encoder.width, encoder.height = self.framing.frame
        encoder.pix_fmt, encoder.time_base = self._pixels, 1 / self.rate
        encoder.colorspace, encoder.color_primaries, encoder.color_trc = REC709
        encoder.color_range = ColorRange.MPEG
        encoder.thread_count = torch_setup.threads()
        if self._format.tag:
            encoder.codec_tag = self._format.tag
        return stream

    @property
    def _pixels(self) -> str:
        has_alpha = any(part.is_alpha for part in self._reader.first.format.components)
        return (self._format.alpha if has_alpha else None) or self._format.pixels

    def _pictures(self, stream: av.VideoStream) -> Iterator[Packet]:
        converter = RecConverter(self.framing, self._pixels, self._reader.format.color)
        for chosen in self._chooser.choose(self._frames()):
            frame = converter.convert(chosen)
            frame.pts, frame.time_base = self.count, 1 / self.rate
            self.digest.update(frame_sha256(frame))
            yield from stream.encode(frame)
            self.count += 1
            self._context.progress(self.count, max(self._total, self.count), "frame")
            self._context.preview(partial(upright_size, frame))
        yield from stream.encode(None)

    def _frames(self) -> Iterator[DecodedFrame]:
        frames = self._reader.decoded()
        if self._reader.first.interlaced_frame:
            frames = deinterlaced(frames, self._reader.format.color)
        for frame in frames:
            self._context.check()
            yield frame

    def _conversions(self) -> Iterator[str]:
        if self._reader.first.interlaced_frame:
            yield "The clip is interlaced; the result is progressive, with the same number of frames."
        if self._chooser.uneven and self._keeps_rate:
            yield f"The frame rate of the clip varies; the result has a constant {shown_rate(self.rate)} fps."


def _exact(seconds: float) -> Fraction:
    return Fraction(seconds).limit_denominator(100_000)
