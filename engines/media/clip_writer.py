"""Write clips as H.264 in MP4, which plays everywhere, in parts, so that hours of work survive a pause or a crash."""

import hashlib
import heapq
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange

from engines import protocol, torch_setup
from engines.media.clip_reader import SCALER, ClipFormat, FloatFrame, Frame, frame_at
from engines.media.clip_sound import Excerpt, Packet, carry_sound, decoding_time
from engines.media.files import thumb_path, write_atomically
from engines.media.picture import save_thumb
from engines.media.sound_track import SoundTrack, add_sound
from engines.media.timecode import carry_timecode

PART_SECONDS = 60.0
"""The most work that a crash can lose."""

_PIXEL_FORMATS = {1: "rgb24", 2: "rgb48le"}
"""FFmpeg's name of RGB by bytes per channel."""

WholePixels = npt.NDArray[Any]
"""Pixels (height, width, 3) of 8 or 16 bits per channel."""

# No B-frames: packets and frames are in the same order, so parts join seamlessly.
X264 = {"crf": "16", "preset": "medium", "bf": "0", "rc-lookahead": "10"}


class _WrittenFrame(NamedTuple):
    """A written frame: its start and duration in ticks of the time base, and the hash of its pixels."""

    start: int
    duration: int
    sha256: str


class ClipWriter:
    """Writes frames to parts in a folder, and joins these with sound at the end.

    A writer on a folder with finished parts continues after them; ``done`` is the number of frames written. Odd sizes
    are padded to even ones, as H.264 requires, by repeating the edge.
    """

    def __init__(self, folder: Path, format: ClipFormat) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._format = format._replace(width=format.width + format.width % 2, height=format.height + format.height % 2)
        self._parts: list[list[_WrittenFrame]] = []
        self._open: list[_WrittenFrame] = []
        self._encoder: _Encoder | None = None
        while (index := self._index(len(self._parts))).exists():
            self._parts.append([_WrittenFrame(*frame) for frame in json.loads(index.read_bytes())])

    @property
    def done(self) -> int:
        """The number of frames written."""
        return sum(map(len, self._parts)) + len(self._open)

    def write(self, frame: Frame | FloatFrame) -> None:
        """Write a frame. Frames must be in order."""
        start = round(frame.start / self._format.time_base)
        duration = max(1, round(frame.duration / self._format.time_base))
        if self._encoder is None:
            self._encoder = _Encoder(self._video(len(self._parts)), self._format, start)
        pixels = self._even(_whole_numbers(frame))
        self._encoder.write(pixels, start)
        self._open.append(_WrittenFrame(start, duration, hashlib.sha256(pixels.data).hexdigest()))
        if time.monotonic() - self._encoder.opened > PART_SECONDS:
            self.keep()

    def keep(self) -> None:
        """Finish the current part, so that it survives a crash."""
        if self._encoder is None:
            return
        self._encoder.close()
        with write_atomically(self._index(len(self._parts))) as index:
            index.write_text(json.dumps(self._open))
        self._parts.append(self._open)
        self._encoder, self._open = None, []

    def abandon(self) -> None:
        """Close the current part without keeping it, after an error or a cancellation."""
        if self._encoder is not None:
            self._encoder.close()
            self._encoder, self._open = None, []

    def finish(
        self,
        path: Path,
        sound: Path | SoundTrack | None,
        provenance: dict[str, Any],
        excerpt: Excerpt | None = None,
        timecode: Path | None = None,
    ) -> protocol.ResultFile:
        """Join the parts into ``path`` with ``sound``: the sound and timecode of a file, of its sound only an
        ``excerpt`` if one is given; or sound in memory, to which ``timecode`` is a file with one.

        The result's ``notes`` name what is not carried over from that file.
        """
        self.keep()
        digest = hashlib.sha256()
        with write_atomically(path) as part:
            record = json.dumps(provenance, ensure_ascii=False)
            notes = self._join(part, sound, record, digest, excerpt, timecode)
        frames_written = [frame for frames in self._parts for frame in frames]
        for frame in frames_written:
            digest.update(f"{frame.start} {frame.sha256}\n".encode())
        seconds = (
            frames_written[-1].start + frames_written[-1].duration - frames_written[0].start
        ) * self._format.time_base
        save_thumb(frame_at(path, float(seconds) / 3), thumb_path(path))
        for number in range(len(self._parts)):
            self._video(number).unlink()
            self._index(number).unlink()
        return protocol.ResultFile(
            file=path.name,
            thumb=thumb_path(path).name,
            kind="clip",
            mime="video/mp4",
            width=self._format.width,
            height=self._format.height,
            seconds=float(seconds),
            fps=float(len(frames_written) / seconds),
            frames=len(frames_written),
            content_sha256=digest.hexdigest(),
            provenance=provenance,
            notes=tuple(notes),
        )

    def _join(
        self,
        path: Path,
        sound: Path | SoundTrack | None,
        record: str,
        digest: "hashlib._Hash",
        excerpt: Excerpt | None,
        timecode: Path | None,
    ) -> list[str]:
        """Write the pictures and the sound to a file; returns notes."""
        options = {
            "movflags": "+faststart+use_metadata_tags",
            "movie_timescale": str(self._format.time_base.denominator),
        }
        with ExitStack() as files:
            out = files.enter_context(av.open(str(path), "w", format="mp4", options=options))
            out.metadata["c41"] = record
            first = files.enter_context(av.open(str(self._video(0))))
            stream = out.add_stream_from_template(first.streams.video[0])
            stream.time_base = self._format.time_base
            stream.codec_context.framerate = self._format.fps  # a timecode counts frames at this rate
            packets, notes = [self._pictures(stream)], []
            timecode = sound if isinstance(sound, Path) else timecode
            if timecode:
                notes += carry_timecode(timecode, stream, self._format.fps)
            if isinstance(sound, SoundTrack):
                packets.append(add_sound(sound, out, digest))
            elif sound is not None:
                carried = carry_sound(sound, out, files, digest, excerpt)
                packets, notes = packets + carried.tracks, notes + carried.notes
            for packet in heapq.merge(*packets, key=decoding_time):
                out.mux(packet)
        return notes

    def _pictures(self, stream: av.VideoStream) -> Iterator[Packet]:
        def packets() -> Iterator[Packet]:
            for number, frames in enumerate(self._parts):
                with av.open(str(self._video(number))) as part:
                    encoded = (packet for packet in part.demux(video=0) if packet.size)
                    for packet, frame in zip(encoded, frames, strict=True):
                        packet.stream = stream
                        packet.time_base = self._format.time_base
                        packet.pts = packet.dts = frame.start
                        packet.duration = frame.duration
                        yield packet

        return packets()

    def _even(self, pixels: WholePixels) -> WholePixels:
        height, width = pixels.shape[:2]
        even: WholePixels = np.ascontiguousarray(pixels)
        if (width, height) != (self._format.width, self._format.height):
            grown = ((0, self._format.height - height), (0, self._format.width - width), (0, 0))
            even = np.pad(pixels, grown, mode="edge")
        return even

    def _video(self, number: int) -> Path:
        return self._folder / f"part-{number:05}.mp4"

    def _index(self, number: int) -> Path:
        return self._folder / f"part-{number:05}.json"


class _Encoder:
    """Encodes one part, whose time starts at its first frame."""

    def __init__(self, path: Path, format: ClipFormat, start: int) -> None:
        self.opened = time.monotonic()
        self._format = format
        self._start = start
        self._file = av.open(str(path), "w", format="mp4")
        self._stream = self._file.add_stream("libx264", rate=format.fps, options=X264)
        context = self._stream.codec_context
        context.width, context.height, context.pix_fmt = format.width, format.height, "yuv420p"
        context.time_base = format.time_base
        context.sample_aspect_ratio = format.pixel_aspect
        context.colorspace, context.color_primaries, context.color_trc = format.color
        context.color_range = ColorRange.MPEG
        context.thread_count = torch_setup.threads()

    def write(self, pixels: WholePixels, start: int) -> None:
        frame = av.VideoFrame.from_ndarray(pixels, _PIXEL_FORMATS[pixels.dtype.itemsize]).reformat(
            format="yuv420p",
            dst_colorspace=self._format.color.matrix,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=SCALER,
        )
        frame.colorspace, frame.color_primaries, frame.color_trc = self._format.color
        frame.pts, frame.time_base = start - self._start, self._format.time_base
        self._file.mux(self._stream.encode(frame))

    def close(self) -> None:
        self._file.mux(self._stream.encode(None))
        self._file.close()


def _whole_numbers(frame: Frame | FloatFrame) -> WholePixels:
    """Return the pixels as integers: floats become 16 bits per channel."""
    if isinstance(frame, Frame):
        return frame.pixels
    pixels = frame.pixels
    return (np.nan_to_num(pixels).clip(0, 1) * 65_535).round().astype(np.uint16)
