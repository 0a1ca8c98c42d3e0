"""Write one file from converted frames and sound, in a format."""

import hashlib
import heapq
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Protocol

import av
from av.container import OutputContainer
from av.video.reformatter import ColorRange

from engines import torch_setup
from engines.media.clip_sound import Packet, Sound, decoding_time
from engines.video.finish.formats import FileFormat
from engines.video.finish.picture import REC709, Size, frame_sha256

_MOST_REORDERED = 64
"""Frames by which a packet may be decoded before it is shown."""


class AddSound(Protocol):
    """Adds sound tracks to a new file; ``files`` closes what it opens, ``digest`` is updated with the sound."""

    def __call__(self, out: OutputContainer, files: ExitStack, digest: "hashlib._Hash", /) -> Sound: ...


SetTimecode = Callable[[av.VideoStream], list[str]]
"""Sets the timecode of a new clip's picture; returns notes about what is not carried over."""


class Output(NamedTuple):
    """How a file is written: its format, FFmpeg's name of the pixel format, its frame rate and its size in px."""

    format: FileFormat
    pixels: str
    rate: Fraction
    size: Size


class FileWriter:
    """Writes frames in the output's size and pixel format. ``written`` is called after each of them.

    Afterwards ``count`` is the number of frames and ``digest`` the hash of frames and sound.
    """

    def __init__(self, output: Output, written: Callable[[av.VideoFrame], None]) -> None:
        self._output = output
        self._written = written
        self.count = 0
        self.digest = hashlib.sha256()

    def write(
        self,
        path: Path,
        frames: Iterable[av.VideoFrame],
        add_sound: AddSound,
        set_timecode: SetTimecode = lambda stream: [],
        record: str = "",
    ) -> list[str]:
        """Write the file, with a record inside; return notes about what it does not contain."""
        options = {"movflags": "+faststart+use_metadata_tags", "movie_timescale": str(self._output.rate.numerator)}
        with ExitStack() as files:
            out = files.enter_context(av.open(str(path), "w", format=self._output.format.container, options=options))
            if record:
                out.metadata["c41"] = record
            stream = self._stream(out)
            notes = set_timecode(stream)
            sound = add_sound(out, files, self.digest)
            for packet in heapq.merge(self._packets(stream, frames), *sound.tracks, key=decoding_time):
                out.mux(packet)
        return [*notes, *sound.notes]

    def _stream(self, out: OutputContainer) -> av.VideoStream:
        format, threads = self._output.format, torch_setup.threads()
        stream = out.add_stream(format.codec, rate=self._output.rate, options=format.encoder_options(threads))
        assert isinstance(stream, av.VideoStream)
        encoder = stream.codec_context
        encoder.width, encoder.height = self._output.size
        encoder.pix_fmt, encoder.time_base = self._output.pixels, 1 / self._output.rate
        encoder.colorspace, encoder.color_primaries, encoder.color_trc = REC709
        encoder.color_range = ColorRange.MPEG
        encoder.thread_count = threads
        if format.tag:
            encoder.codec_tag = format.tag
        return stream

    def _packets(self, stream: av.VideoStream, frames: Iterable[av.VideoFrame]) -> Iterator[Packet]:
        for frame in frames:
            frame.pts, frame.time_base = self.count, 1 / self._output.rate
            self.digest.update(frame_sha256(frame))
            yield from map(_timed, stream.encode(frame))
            self.count += 1
            self._written(frame)
        yield from map(_timed, stream.encode(None))


def _timed(packet: Packet) -> Packet:
    """Return the packet with a valid decoding time: libx265 leaves it undefined in clips of one or two frames."""
    if packet.pts is not None and (packet.dts is None or not 0 <= packet.pts - packet.dts <= _MOST_REORDERED):
        packet.dts = packet.pts
    return packet
