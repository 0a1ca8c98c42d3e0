"""Put a sound under a clip. The picture is copied, packet by packet."""

import hashlib
import heapq
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Literal, NamedTuple, Self

import av
from av.container import InputContainer
from av.error import FFmpegError

from engines import protocol
from engines.host.context import Context
from engines.media import sound_stream
from engines.media.clip import ClipFormat, ClipReader, frame_at
from engines.media.clip_sound import Packet, decoding_time
from engines.media.files import proxy_path, thumb_path, write_atomically
from engines.media.picture import save_thumb
from engines.media.streams import bad_media, moving_picture, open_media, picture_end
from engines.media.timecode import carry_timecode
from engines.requests.finish import AddSound
from engines.video.finish.checks import truncation_notes
from engines.video.finish.mixdown import Mixdown
from engines.video.finish.result import Progress, write_proxy

_IN_MP4 = {"h264", "hevc", "mpeg4", "av1", "vp9"}
"""Codecs that MP4 holds; others go into MOV."""
_IN_BROWSERS = {"h264", "av1", "vp9"}
"""Codecs that browsers play if the pixels have eight bits in 4:2:0."""


class _Clip(NamedTuple):
    """What is known of the clip before its picture is copied."""

    path: Path
    format: ClipFormat
    begins: Fraction
    frames: int
    codec: str
    plays: bool

    @classmethod
    def of(cls, path: Path) -> Self:
        with open_media(path) as media:
            stream = moving_picture(media)
            codec = stream.codec_context.name if stream else ""
        with ClipReader(path) as reader:
            plays = codec in _IN_BROWSERS and reader.first.format.name in ("yuv420p", "yuvj420p")
            return cls(path, reader.format, reader.begins, reader.frames, codec, plays)


def add_sound(request: AddSound, context: Context) -> None:
    """Write a clip with a sound under it. Raises StudioError bad_media."""
    clip = _Clip.of(context.input(request.clip))
    seconds = picture_end(clip.path) - clip.begins
    mixdown = Mixdown(request, clip.path, context.input(request.sound), clip.begins, seconds)
    container = "mp4" if clip.codec in _IN_MP4 else "mov"
    progress = Progress(context, clip.frames, has_proxy=not clip.plays)
    digest, record = hashlib.sha256(), context.provenance()
    path = context.new_file(f".{container}")
    with write_atomically(path) as part:
        notes = _write(part, container, clip, mixdown, digest, json.dumps(record, ensure_ascii=False), progress.count)
    count = progress.done
    if progress.has_proxy:
        write_proxy(path, context.check, progress.written)
    save_thumb(frame_at(path, float(seconds) / 3), thumb_path(path))
    context.add(
        protocol.ResultFile(
            file=path.name,
            thumb=thumb_path(path).name,
            proxy=proxy_path(path).name if progress.has_proxy else None,
            kind="clip",
            mime="video/mp4" if container == "mp4" else "video/quicktime",
            width=clip.format.width,
            height=clip.format.height,
            seconds=float(seconds),
            fps=float(clip.format.fps),
            frames=count,
            content_sha256=digest.hexdigest(),
            provenance=record,
            notes=tuple(notes),
        )
    )


def _write(
    path: Path,
    container: str,
    clip: _Clip,
    mixdown: Mixdown,
    digest: "hashlib._Hash",
    record: str,
    copied: Callable[[], None],
) -> list[str]:
    """Write the file; return notes about what it does not contain. ``copied`` is called for every frame."""
    clock = str(clip.format.time_base.denominator)
    options = {"movflags": "+faststart+use_metadata_tags", "movie_timescale": clock}
    with ExitStack() as files:
        source = files.enter_context(open_media(clip.path))
        picture = moving_picture(source)
        if picture is None:
            raise bad_media("It has no video.")
        out = files.enter_context(av.open(str(path), "w", format=container, options=options))
        out.metadata["c41"] = record
        stream = out.add_stream_from_template(picture)
        stream.time_base = clip.format.time_base
        if clip.codec == "hevc":
            stream.codec_context.codec_tag = "hvc1"  # Apple's players need it
        notes = carry_timecode(clip.path, stream, clip.format.fps)
        codec: Literal["aac", "pcm_s24le"] = "aac" if container == "mp4" else "pcm_s24le"
        _, sound = sound_stream.encode(mixdown.blocks(), mixdown.form, codec, out, digest)
        pictures = _copied(source, picture, stream, round(clip.begins / clip.format.time_base))
        for packet in heapq.merge(pictures, sound, key=decoding_time):
            if packet.stream is stream:
                digest.update(bytes(packet))
                copied()
            out.mux(packet)
    return [*notes, *mixdown.notes, *truncation_notes(clip.path)]


def _copied(media: InputContainer, picture: av.VideoStream, stream: av.VideoStream, begins: int) -> Iterator[Packet]:
    """Yield the packets of the picture, so that the first frame is at 0."""
    try:
        for packet in media.demux(picture):
            if packet.size and packet.pts is not None:
                packet.pts -= begins
                packet.dts = None if packet.dts is None else packet.dts - begins
                packet.stream = stream
                yield packet
    except FFmpegError:
        pass  # a truncated clip: keep what came before
