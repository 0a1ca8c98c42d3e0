"""Open clips and sounds, with time limits and without following references to other files."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Literal, NamedTuple

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition

from engines.media import wav
from errors import StudioError

OPEN_SECONDS = 20.0
READ_SECONDS = 60.0
EARLY_SECONDS = 1
"""A track that ends at least this many seconds before its header says is truncated."""


class Format(NamedTuple):
    """A container format: the suffix and MIME type for its files, and its demuxer."""

    suffix: str
    mime: str
    demuxer: str


_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_UNSUPPORTED = (b"crx ", b"jxl ", b"jp2 ")  # unsupported pictures in MP4-like containers
_STILLS = {
    "AVIF": {b"avif", b"avis"},
    "HEIF": {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"},
}
_CLIPS = (b"qt  ", b"isom", b"iso2", b"mp41", b"mp42")
"""Major brands of clips, whatever their compatible brands."""

_OTHER = (
    (0, b"caff", Format(".caf", "audio/x-caf", "caf")),
    (0, b"riff\x2e\x91\xcf\x11", Format(".w64", "audio/x-w64", "w64")),
    (0, b"#!AMR", Format(".amr", "audio/amr", "amr")),
    (8, b"AIFF", Format(".aif", "audio/aiff", "aiff")),
    (8, b"AIFC", Format(".aif", "audio/aiff", "aiff")),
    (0, b"fLaC", Format(".flac", "audio/flac", "flac")),
    (0, b"OggS", Format(".ogg", "audio/ogg", "ogg")),
    (0, b"ID3", Format(".mp3", "audio/mpeg", "mp3")),
)
_TAGGED = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")  # Matroska's tag for a track's end
_RIFF = {b"WAVE": Format(".wav", "audio/wav", "wav"), b"AVI ": Format(".avi", "video/x-msvideo", "avi")}


def still_format(path: Path) -> str | None:
    """Return AVIF or HEIF if a file is such a picture, else None. They share MP4's container; any brand may say so."""
    with path.open("rb") as file:
        head = file.read(512)
    if head[4:8] != b"ftyp":
        return None
    end = min(len(head), int.from_bytes(head[:4], "big"))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, end, 4))}
    if head[8:12] in _CLIPS:
        return None
    return next((name for name, known in _STILLS.items() if brands & known), None)


def sniff(path: Path) -> Format | None:
    """Detect a file's container format from its first bytes; None if it is neither a clip nor a sound."""
    with path.open("rb") as file:
        head = file.read(64)
    if head[4:8] in _ATOMS and head[8:12] not in _UNSUPPORTED and still_format(path) is None:
        apple = head[8:12] == b"qt  " or head[4:8] != b"ftyp"
        return Format(".mov", "video/quicktime", "mov") if apple else Format(".mp4", "video/mp4", "mov")
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        webm = b"webm" in head
        return Format(".webm" if webm else ".mkv", "video/webm" if webm else "video/x-matroska", "matroska")
    if head[:4] in wav.HEADS:
        return _RIFF.get(head[8:12])
    for at, mark, format in _OTHER:
        if head[at : at + len(mark)] == mark:
            return format
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:  # a frame header of MPEG audio or ADTS AAC
        layer = head[1] & 0x06
        return Format(".mp3", "audio/mpeg", "mp3") if layer else Format(".aac", "audio/aac", "aac")
    return None


@contextmanager
def open_media(path: Path) -> Iterator[InputContainer]:
    """Open a clip or sound for reading. Raises StudioError bad_media if it is neither, or damaged.

    The demuxer is set explicitly: otherwise FFmpeg would also follow playlists to other files and hosts.
    """
    container = sniff(path)
    if container is None:
        raise bad_media("Its format is unknown.")
    try:
        media = av.open(
            f"file:{path}", format=container.demuxer, timeout=(OPEN_SECONDS, READ_SECONDS), metadata_errors="ignore"
        )
    except FileNotFoundError:
        raise
    except (FFmpegError, OSError, ValueError) as error:
        raise bad_media("It is damaged or incomplete, or its header is corrupt.") from error
    with media:
        yield media


@contextmanager
def open_soundtrack(path: Path) -> Iterator[tuple[InputContainer, av.AudioStream]]:
    """Open a clip or sound and its sound track. Raises StudioError bad_media, also if it has no sound."""
    with open_media(path) as media:
        audio = soundtrack(media)
        if audio is None:
            raise bad_media("It has no sound.")
        yield media, audio


def moving_picture(media: InputContainer) -> av.VideoStream | None:
    """Return the first video stream that is not a cover picture, or None."""
    return next((s for s in media.streams.video if not s.disposition & Disposition.attached_pic), None)


def soundtrack(media: InputContainer) -> av.AudioStream | None:
    """Return the first audio stream that can be decoded, or None."""
    return next((stream for stream in media.streams.audio if can_decode(stream)), None)


def can_decode(stream: av.VideoStream | av.AudioStream) -> bool:
    """Whether a stream's codec is supported. Phones may add a track in a codec that only their maker supports."""
    return stream.codec_context is not None and stream.codec_context.codec is not None


def other_tracks(media: InputContainer) -> list[str]:
    """Return a note about the tracks of a clip, besides its first video track and its sound, that results leave out."""
    moving = [s for s in media.streams.video if not s.disposition & Disposition.attached_pic]
    data = [s for s in media.streams.data if "timecode" not in s.metadata]
    names = {
        "more video tracks": len(moving) > 1,
        "subtitles": bool(media.streams.subtitles),
        "camera data": bool(data),
        "chapter marks": bool(media.chapters()),
    }
    track_names = [name for name, there in names.items() if there]
    return [f"Not in the result: {', '.join(track_names)}."] if track_names else []


def duration(media: InputContainer, stream: av.VideoStream | av.AudioStream) -> Fraction:
    """Return the duration in seconds from the header, or from the packets if it is missing (browser recordings)."""
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    if media.duration:
        return Fraction(media.duration, av.time_base)
    end = Fraction(0)
    for packet in media.demux(stream):
        if packet.pts is not None and packet.time_base:
            end = max(end, (packet.pts + (packet.duration or 0)) * packet.time_base)
    return end


def track_end(media: InputContainer, stream: av.VideoStream | av.AudioStream) -> Fraction | None:
    """Return a track's end in seconds on the clip's clock, according to its header; None if the header has none."""
    if stream.duration and stream.time_base:
        return ((stream.start_time or 0) + stream.duration) * stream.time_base
    if match := _TAGGED.match(stream.metadata.get("DURATION", "")):
        hours, minutes, seconds = match.groups()
        return Fraction(seconds) + 60 * int(minutes) + 3600 * int(hours)
    if media.duration and len(media.streams) == 1:
        return Fraction((media.start_time or 0) + media.duration, av.time_base)
    return None


def picture_end(path: Path) -> Fraction:
    """Return when the last frame of a clip ends, in seconds on its clock, whatever its header says.

    Only the packets near the end are read, unless the header does not say where that is. Raises StudioError bad_media.
    """
    with open_media(path) as media:
        stream = moving_picture(media)
        if stream is None or stream.time_base is None:
            raise bad_media("It has no video.")
        beat = 1 / (stream.average_rate or stream.guessed_rate or Fraction(25))
        start = end = (stream.start_time or 0) * stream.time_base
        expected = track_end(media, stream)
        for place in (start if expected is None else expected - 2, start):
            with suppress(FFmpegError):  # truncated or damaged: keep what came before
                media.seek(int(max(place, start) / stream.time_base), stream=stream)
                for packet in media.demux(stream):
                    if packet.pts is not None and packet.size and not packet.is_corrupt:
                        lasts = packet.duration * stream.time_base if packet.duration else beat
                        end = max(end, packet.pts * stream.time_base + lasts)
            if end > start:
                break
        return end


def cut_off(media: InputContainer, stream: av.VideoStream | av.AudioStream) -> Fraction | None:
    """Return the seconds that exist of a truncated track; None if it is complete, to within a second.

    Complete files are recognized by their end alone, so that long ones stay fast. Seeks in ``media``.
    """
    end = track_end(media, stream)
    if end is None or stream.time_base is None:
        return None
    start = (stream.start_time or 0) * stream.time_base
    last = start
    for place in (end - 2, start):
        try:
            media.seek(int(max(place, start) / stream.time_base), stream=stream)
            for packet in media.demux(stream):
                if packet.pts is not None and not packet.is_corrupt:
                    last = max(last, (packet.pts + (packet.duration or 0)) * stream.time_base)
        except FFmpegError:
            pass  # keep what came before
        if last > end - EARLY_SECONDS:
            return None
    return last - start


def cut_off_note(seconds_present: Fraction, seconds_expected: Fraction, noun: Literal["clip", "sound"] = "clip") -> str:
    """Return the note for a clip or sound that ends before its header says."""
    return (
        f"This {noun} is incomplete: it ends after {float(seconds_present):.1f} s of {float(seconds_expected):.1f} s."
    )


def bad_media(why: str) -> StudioError:
    """Return the error for a file that is not a readable clip or sound."""
    return StudioError(
        "bad_media", "The studio cannot read this file as a clip or a sound.", why, "Choose another file."
    )
