"""Opening clips and sounds: one way in, bounded, following nothing outside the file."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
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
"""A track that ends so much before its header says is cut off."""


class Format(NamedTuple):
    """A container format: the suffix and media type its files get, the demuxer that reads it."""

    suffix: str
    mime: str
    demuxer: str


_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_FOREIGN = (b"crx ", b"jxl ", b"jp2 ")  # pictures in the same box as MP4 that are not read here
_STILLS = {
    "AVIF": {b"avif", b"avis"},
    "HEIF": {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"},
}
_CLIPS = (b"qt  ", b"isom", b"iso2", b"mp41", b"mp42")
"""First brands of clips, whatever else they say they can be read as."""

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
_TAGGED = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")  # as Matroska tags a track's end
_RIFF = {b"WAVE": Format(".wav", "audio/wav", "wav"), b"AVI ": Format(".avi", "video/x-msvideo", "avi")}


def still_format(path: Path) -> str | None:
    """AVIF or HEIF where a file is such a picture: the box is that of MP4, and any of its brands may say so."""
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
    """The container format of a file by its first bytes; None when it is no clip and no sound."""
    with path.open("rb") as file:
        head = file.read(64)
    if head[4:8] in _ATOMS and head[8:12] not in _FOREIGN and still_format(path) is None:
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
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:  # a frame header of MPEG audio, or of ADTS AAC
        layer = head[1] & 0x06
        return Format(".mp3", "audio/mpeg", "mp3") if layer else Format(".aac", "audio/aac", "aac")
    return None


@contextmanager
def open_media(path: Path) -> Iterator[InputContainer]:
    """A clip or sound, opened for reading. Raises StudioError bad_media when it is neither or is damaged.

    The demuxer is named here: left to guess, FFmpeg would also follow playlists to other files and hosts.
    """
    container = sniff(path)
    if container is None:
        raise bad_media("Its content is no known format.")
    try:
        media = av.open(
            f"file:{path}", format=container.demuxer, timeout=(OPEN_SECONDS, READ_SECONDS), metadata_errors="ignore"
        )
    except FileNotFoundError:
        raise
    except (FFmpegError, OSError, ValueError) as error:
        raise bad_media("It is damaged, cut off, or its header makes no sense.") from error
    with media:
        yield media


@contextmanager
def open_soundtrack(path: Path) -> Iterator[tuple[InputContainer, av.AudioStream]]:
    """A clip or sound, opened for reading its sound. Raises StudioError bad_media, also where it holds none."""
    with open_media(path) as media:
        audio = soundtrack(media)
        if audio is None:
            raise bad_media("It holds no sound.")
        yield media, audio


def moving_picture(media: InputContainer) -> av.VideoStream | None:
    """The video stream, where there is one that is not a cover picture."""
    return next((s for s in media.streams.video if not s.disposition & Disposition.attached_pic), None)


def soundtrack(media: InputContainer) -> av.AudioStream | None:
    """The first audio stream that can be decoded, where there is one."""
    return next((stream for stream in media.streams.audio if can_decode(stream)), None)


def can_decode(stream: av.VideoStream | av.AudioStream) -> bool:
    """Whether its codec is known: beside the usual track a telephone may write one that only its maker reads."""
    return stream.codec_context is not None and stream.codec_context.codec is not None


def other_tracks(media: InputContainer) -> list[str]:
    """What a clip has beside its first picture and its sound, which work on the picture leaves out, in a sentence."""
    moving = [s for s in media.streams.video if not s.disposition & Disposition.attached_pic]
    data = [s for s in media.streams.data if "timecode" not in s.metadata]
    names = {
        "further picture tracks": len(moving) > 1,
        "subtitles": bool(media.streams.subtitles),
        "camera data": bool(data),
        "chapter marks": bool(media.chapters()),
    }
    found = [name for name, there in names.items() if there]
    return [f"Not in the result: {', '.join(found)}."] if found else []


def duration(media: InputContainer, stream: av.VideoStream | av.AudioStream) -> Fraction:
    """Seconds, as the header says; where it says nothing (recordings of browsers) by walking the packets."""
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
    """When a track ends on the clip's clock, in seconds, as the header says of this track; None where it does not."""
    if stream.duration and stream.time_base:
        return ((stream.start_time or 0) + stream.duration) * stream.time_base
    if match := _TAGGED.match(stream.metadata.get("DURATION", "")):
        hours, minutes, seconds = match.groups()
        return Fraction(seconds) + 60 * int(minutes) + 3600 * int(hours)
    if media.duration and len(media.streams) == 1:
        return Fraction((media.start_time or 0) + media.duration, av.time_base)
    return None


def cut_off(media: InputContainer, stream: av.VideoStream | av.AudioStream) -> Fraction | None:
    """How many seconds of a track are there, where its header says a second or more beyond; None for a whole one.

    Whole files are told by their end alone, so that hours pass quickly. Moves ``media``.
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
            pass  # what came before counts
        if last > end - EARLY_SECONDS:
            return None
    return last - start


def cut_off_note(there: Fraction, whole: Fraction, noun: Literal["clip", "sound"] = "clip") -> str:
    """What a person is told of a clip or sound that ends before its header says."""
    return f"This {noun} is cut off: {float(there):.1f} s of {float(whole):.1f} s are there."


def bad_media(why: str) -> StudioError:
    """The refusal of a file that is no readable clip or sound."""
    return StudioError("bad_media", "This file is not a clip or a sound the studio can read.", why, "Choose another.")
