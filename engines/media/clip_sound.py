"""Carry the sound of a clip into another: copy each track if MP4 can hold it, else encode it as AAC; or cut it out and
encode it again."""

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.stream import Disposition

from engines.media.sound_frames import cut_frames, timed_frames
from engines.media.streams import can_decode, open_media

if TYPE_CHECKING:
    import hashlib

Packet: TypeAlias = "av.Packet[Any]"

MOST_TRACKS = 16
_COPIED = {"aac", "alac", "mp3", "ac3", "eac3", "opus"}
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
AAC_BITRATE = 96_000  # bit/s per channel
_MOST_CHANNELS = 8

_STANDARD = {"5.1(side)": "5.1", "5.0(side)": "5.0", "quad(side)": "quad"}
"""Layouts that AAC supports, for layouts that differ only in the position of the back speakers."""

_MOV_LANGUAGES = {
    "deu": "ger",
    "nld": "dut",
    "swe": "sve",
    "fre": "fra",
    "ell": "gre",
    "isl": "ice",
    "zho": "chi",
    "cze": "ces",
}
"""The codes that FFmpeg writes into MOV files, for those of the same languages that it leaves out."""

_DISCRETE = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "6.0", 7: "7.0", 8: "octagonal"}
"""Layouts for channels that are not speakers, such as a recorder's microphones: without a subwoofer channel, which AAC
would muffle."""


class Sound(NamedTuple):
    """The packets of each track of the new clip, and notes about sound that is left out."""

    tracks: list[Iterator[Packet]]
    notes: list[str]


class Excerpt(NamedTuple):
    """The seconds of a sound to take, ``end`` None for all the rest, and the codec to write: AAC, or 24-bit PCM."""

    begin: Fraction
    end: Fraction | None
    codec: Literal["aac", "pcm_s24le"]


def carry_sound(
    source: Path, out: OutputContainer, files: ExitStack, digest: "hashlib._Hash", excerpt: Excerpt | None = None
) -> Sound:
    """Add every sound track of ``source`` to ``out``; ``files`` closes the opened files.

    With an ``excerpt``, each is decoded, cut to the sample and encoded, and starts at 0; an AAC track of which nothing
    is cut is copied nevertheless. ``digest`` is updated with the source's packets.
    """
    tracks: list[Iterator[Packet]] = []
    with open_media(source) as media:
        numbers, notes = usable_tracks(media)
    for number in numbers:
        media = files.enter_context(open_media(source))  # each track is read independently
        track = media.streams.audio[number]
        if not _is_copied(media, track, excerpt):
            notes += lost_channels(media, number)
        tracks.append(_track(media, track, out, digest, excerpt))
    return Sound(tracks, notes)


def usable_tracks(media: InputContainer) -> tuple[list[int], list[str]]:
    """Return the numbers of the sound tracks that a result can have, and notes about the others."""
    numbers: list[int] = []
    notes: list[str] = []
    for number, track in enumerate(media.streams.audio):
        name = _track_name(media, number)
        if not can_decode(track):
            notes.append(f"{name} is left out: its codec is not supported.")
        elif len(numbers) == MOST_TRACKS:
            notes.append(f"{name} is left out: a clip can have at most {MOST_TRACKS} sound tracks.")
        else:
            numbers.append(number)
    return numbers, notes


def lost_channels(media: InputContainer, number: int) -> list[str]:
    """Return a note if a sound track has more channels than can be encoded."""
    channels = media.streams.audio[number].channels
    if channels <= _MOST_CHANNELS:
        return []
    return [f"{_track_name(media, number)} has {channels} channels; only the first two are in the result."]


def _track_name(media: InputContainer, number: int) -> str:
    return f"Sound track {number + 1}" if len(media.streams.audio) > 1 else "The sound"


def decoding_time(packet: Packet) -> Fraction:
    """Return when a packet is decoded, in seconds: packets of all tracks are written in this order."""
    return (packet.dts or 0) * (packet.time_base or Fraction(0))


def aac_rate(rate: int) -> int:
    """The lowest rate of AAC, in Hz, that loses nothing of sound at ``rate``; the highest where there is none."""
    return next((one for one in _AAC_RATES if one >= rate), _AAC_RATES[-1])


def _is_copied(media: InputContainer, track: av.AudioStream, excerpt: Excerpt | None) -> bool:
    if excerpt and (excerpt.begin or excerpt.end is not None or excerpt.codec != track.codec.canonical_name):
        return False
    # AVI has no timestamps for sound, so encoding creates new ones.
    return track.codec.canonical_name in _COPIED and media.format.name != "avi"


def _track(
    media: InputContainer,
    track: av.AudioStream,
    out: OutputContainer,
    digest: "hashlib._Hash",
    excerpt: Excerpt | None,
) -> Iterator[Packet]:
    if _is_copied(media, track, excerpt):
        stream = out.add_stream_from_template(track)
        packets = _copied(media, track, stream, digest)
    elif excerpt and excerpt.codec != "aac":
        stream = out.add_stream(excerpt.codec, rate=track.rate, layout=encodable_layout(track))
        packets = _encoded(media, track, stream, digest, excerpt)
    else:
        stream = out.add_stream("aac", rate=aac_rate(track.rate), layout=encodable_layout(track))
        stream.bit_rate = AAC_BITRATE * max(2, stream.layout.nb_channels)
        packets = _encoded(media, track, stream, digest, excerpt)
    name_track(stream, track, out)
    return packets


def name_track(stream: av.AudioStream, like: av.AudioStream, out: OutputContainer) -> None:
    """Give a new sound track the language, name and disposition of another."""
    for key in ("language", "title", "handler_name"):
        if key in like.metadata:
            stream.metadata[key] = like.metadata[key]
    if out.format.name == "mov" and (code := _MOV_LANGUAGES.get(like.metadata.get("language", ""))):
        stream.metadata["language"] = code
    stream.disposition = like.disposition & Disposition.default


def encodable_layout(track: av.AudioStream) -> str:
    """Return FFmpeg's name of the channel layout that a track is encoded with."""
    name, channels = track.layout.name, track.channels
    if channels > _MOST_CHANNELS:
        return "stereo"
    return _DISCRETE[channels] if name == f"{channels} channels" else _STANDARD.get(name, name)


def _copied(
    media: InputContainer, track: av.AudioStream, stream: av.AudioStream, digest: "hashlib._Hash"
) -> Iterator[Packet]:
    last = None
    for packet in _demuxed(media, track, digest):
        if packet.dts is None or (last is not None and packet.dts <= last):  # a broken clock
            continue
        last = packet.dts
        packet.stream = stream
        yield packet


def _encoded(
    media: InputContainer,
    track: av.AudioStream,
    stream: av.AudioStream,
    digest: "hashlib._Hash",
    excerpt: Excerpt | None,
) -> Iterator[Packet]:
    frames = timed_frames(_demuxed(media, track, digest), track)
    for start, decoded in cut_frames(frames, excerpt.begin, excerpt.end) if excerpt else frames:
        frame = relabeled(decoded, stream.layout.name)
        frame.time_base = Fraction(1, frame.sample_rate)
        frame.pts = round(start * frame.sample_rate)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def relabeled(frame: av.AudioFrame, layout: str) -> av.AudioFrame:
    """Return the frame with a named channel layout if it has none; otherwise FFmpeg would guess and mix channels."""
    if frame.layout.name != f"{frame.layout.nb_channels} channels" or frame.layout.nb_channels > _MOST_CHANNELS:
        return frame
    samples = frame.to_ndarray()
    new = av.AudioFrame.from_ndarray(samples, frame.format.name, layout)
    new.sample_rate = frame.sample_rate
    return new


def _demuxed(media: InputContainer, track: av.AudioStream, digest: "hashlib._Hash") -> Iterator[Packet]:
    try:
        for packet in media.demux(track):
            digest.update(bytes(packet))
            yield packet
    except FFmpegError:
        pass  # a damaged or truncated source: keep what came before
