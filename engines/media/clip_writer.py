"""Clips out: H.264 in MP4 that plays everywhere, written in parts so that hours of work survive a pause or a crash."""

import hashlib
import heapq
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from av.video.reformatter import ColorRange

from engines import runtime, wire
from engines.media.clip_reader import SCALER, ClipFormat, Frame, Pixels, frame_at
from engines.media.clip_sound import Packet, carry_sound
from engines.media.files import thumb_path, written
from engines.media.picture import save_thumb
from engines.media.streams import moving_picture, open_media, other_tracks
from engines.media.timecode import at_rate, timecode

PART_SECONDS = 60.0
"""Work lost at most when the machine goes down."""

# No B-frames: then packets and frames are in the same order, and parts join without a seam.
_X264 = {"crf": "16", "preset": "medium", "bf": "0", "rc-lookahead": "10"}


class _Kept(NamedTuple):
    """A frame that is written: when it shows, how long, in ticks, and the hash of its pixels."""

    start: int
    duration: int
    sha256: str


class ClipWriter:
    """Takes frames, keeps them in closed parts in a folder, and joins these with the sound of the source at the end.

    A writer on a folder that already holds parts goes on after them: ``done`` says how many frames it holds.
    Odd sizes grow by the pixel that H.264 needs, repeating the edge.
    """

    def __init__(self, folder: Path, format: ClipFormat) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._format = format._replace(width=format.width + format.width % 2, height=format.height + format.height % 2)
        self._parts: list[list[_Kept]] = []
        self._open: list[_Kept] = []
        self._encoder: _Encoder | None = None
        while (index := self._index(len(self._parts))).exists():
            self._parts.append([_Kept(*frame) for frame in json.loads(index.read_bytes())])

    @property
    def done(self) -> int:
        """The frames it holds."""
        return sum(map(len, self._parts)) + len(self._open)

    def write(self, frame: Frame) -> None:
        """Add a frame. Times go forward."""
        start = round(frame.start / self._format.time_base)
        duration = max(1, round(frame.duration / self._format.time_base))
        if self._encoder is None:
            self._encoder = _Encoder(self._video(len(self._parts)), self._format, start)
        pixels = self._even(frame.pixels)
        self._encoder.write(pixels, start)
        self._open.append(_Kept(start, duration, hashlib.sha256(pixels.data).hexdigest()))
        if time.monotonic() - self._encoder.opened > PART_SECONDS:
            self.keep()

    def keep(self) -> None:
        """Close the part under way, so that it stays."""
        if self._encoder is None:
            return
        self._encoder.close()
        with written(self._index(len(self._parts))) as index:
            index.write_text(json.dumps(self._open))
        self._parts.append(self._open)
        self._encoder, self._open = None, []

    def abandon(self) -> None:
        """Close the part under way without keeping it; after a failure or a cancel."""
        if self._encoder is not None:
            self._encoder.close()
            self._encoder, self._open = None, []

    def finish(self, path: Path, source: Path | None, provenance: dict[str, Any]) -> wire.ResultFile:
        """Join the parts with the sound and the timecode of ``source`` into ``path``; without a source it stays silent.

        What of the source is not in the result stands in ``notes``.
        """
        self.keep()
        digest = hashlib.sha256()
        with written(path) as part:
            notes = self._join(part, source, json.dumps(provenance, ensure_ascii=False), digest)
        kept = [frame for frames in self._parts for frame in frames]
        for frame in kept:
            digest.update(f"{frame.start} {frame.sha256}\n".encode())
        seconds = (kept[-1].start + kept[-1].duration - kept[0].start) * self._format.time_base
        save_thumb(frame_at(path, float(seconds) / 3), thumb_path(path))
        for number in range(len(self._parts)):
            self._video(number).unlink()
            self._index(number).unlink()
        return wire.ResultFile(
            file=path.name,
            thumb=thumb_path(path).name,
            kind="clip",
            mime="video/mp4",
            width=self._format.width,
            height=self._format.height,
            seconds=float(seconds),
            fps=float(len(kept) / seconds),
            frames=len(kept),
            content_sha256=digest.hexdigest(),
            provenance=provenance,
            notes=tuple(notes),
        )

    def _join(self, path: Path, source: Path | None, record: str, digest: "hashlib._Hash") -> list[str]:
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
            stream.codec_context.framerate = self._format.fps  # what a timecode counts in
            packets, notes = [self._pictures(stream)], []
            if source is not None:
                notes += self._carry_timecode(source, stream)
                sound = carry_sound(source, out, files, digest)
                packets, notes = packets + sound.tracks, notes + sound.notes
            for packet in heapq.merge(*packets, key=_when):
                out.mux(packet)
        return notes

    def _carry_timecode(self, source: Path, stream: av.VideoStream) -> list[str]:
        """Give the clip the source's timecode; what else the source has that is neither picture nor sound."""
        with open_media(source) as media:
            notes = other_tracks(media)
            video, code = moving_picture(media), timecode(media)
            if code is not None:
                before = (video and video.average_rate) or self._format.fps
                if (new := at_rate(code, before, self._format.fps)) is None:
                    return [*notes, f"The timecode {code[:20]!r} is not in the result: it fits no frame rate."]
                stream.metadata["timecode"] = new
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

    def _even(self, pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        if (width, height) == (self._format.width, self._format.height):
            return np.ascontiguousarray(pixels)
        return np.pad(pixels, ((0, self._format.height - height), (0, self._format.width - width), (0, 0)), mode="edge")

    def _video(self, number: int) -> Path:
        return self._folder / f"part-{number:05}.mp4"

    def _index(self, number: int) -> Path:
        return self._folder / f"part-{number:05}.json"


class _Encoder:
    """One part under way; its clock starts at its first frame."""

    def __init__(self, path: Path, format: ClipFormat, start: int) -> None:
        self.opened = time.monotonic()
        self._format = format
        self._start = start
        self._file = av.open(str(path), "w", format="mp4")
        self._stream = self._file.add_stream("libx264", rate=format.fps, options=_X264)
        context = self._stream.codec_context
        context.width, context.height, context.pix_fmt = format.width, format.height, "yuv420p"
        context.time_base = format.time_base
        context.sample_aspect_ratio = format.pixel_aspect
        context.colorspace, context.color_primaries, context.color_trc = format.colour
        context.color_range = ColorRange.MPEG
        context.thread_count = runtime.threads()

    def write(self, pixels: Pixels, start: int) -> None:
        frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(
            format="yuv420p",
            dst_colorspace=self._format.colour.matrix,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=SCALER,
        )
        frame.colorspace, frame.color_primaries, frame.color_trc = self._format.colour
        frame.pts, frame.time_base = start - self._start, self._format.time_base
        self._file.mux(self._stream.encode(frame))

    def close(self) -> None:
        self._file.mux(self._stream.encode(None))
        self._file.close()


def _when(packet: Packet) -> Fraction:
    return (packet.dts or 0) * (packet.time_base or Fraction(0))
