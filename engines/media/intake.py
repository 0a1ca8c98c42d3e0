"""Inspect uploads: detect their type from the content, never from the name, and refuse unsupported files."""

import hashlib
import itertools
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from av.error import FFmpegError
from PIL import Image

from engines.loras import inspect_file, metadata
from engines.media import documents, lut, wav
from engines.media.clip_reader import frame_at, rotate
from engines.media.picture import LARGE, load_picture, open_picture, save_thumb
from engines.media.sound import Samples, waveform
from engines.media.sound_frames import mono_blocks, timed_frames
from engines.media.streams import (
    Format,
    bad_media,
    cut_off,
    cut_off_note,
    duration,
    moving_picture,
    open_media,
    open_soundtrack,
    sniff,
    soundtrack,
    still_format,
)
from engines.media.unsupported import name_refusal
from engines.requests.base import AssetFacts
from engines.weights.safetensors_header import is_safetensors, read_header
from errors import StudioError

MAX_SOUND_SECONDS = 12 * 3600
THUMB_SOUND_SECONDS = 600

_PICTURES = {
    "PNG": (".png", "image/png"),
    "JPEG": (".jpg", "image/jpeg"),
    "MPO": (".jpg", "image/jpeg"),
    "WEBP": (".webp", "image/webp"),
    "GIF": (".gif", "image/gif"),
    "BMP": (".bmp", "image/bmp"),
    "TIFF": (".tif", "image/tiff"),
    "AVIF": (".avif", "image/avif"),
    "HEIF": (".heic", "image/heic"),
}
_PICTURE_HEADS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*")
_ORIENTATION, _BITS_PER_SAMPLE = 0x0112, 258
_SILENT = {".aif": "AIFF", ".caf": "CAF", ".w64": "Wave64", ".amr": "AMR"}
_ESTIMATED = {"mp3", "aac", "amr"}
"""Demuxers of formats that do not state their duration; it is estimated from the file size."""


class InspectedFile(NamedTuple):
    """An inspected file. ``suffix`` starts with a dot; ``content_sha256`` is the checksum of the file's bytes."""

    facts: AssetFacts
    suffix: str
    content_sha256: str


def inspect(path: Path, name: str) -> InspectedFile:
    """Return the facts about a file before any model uses it; ``name`` is only used in errors.

    Pictures are decoded completely; of clips and sounds only the beginning, so that long sounds stay fast. Documents
    are read and cached, LoRAs are read once. Raises StudioError empty_file, unknown_file, bad_picture,
    picture_too_large, bad_media, sound_too_long, pickle, bad_lut, or one of ``inspect_lora`` or ``read_document``.
    """
    size = path.stat().st_size
    shown = f"“{name[:80]}”" if name else "The file"
    if not size:
        raise StudioError("empty_file", f"{shown} is empty (0 bytes).", next="Choose another file.")
    if _is_picture(path):
        facts, suffix = _picture(path, size)
    elif inspect_file.is_pickle(path):
        raise inspect_file.refuse_pickle(shown)
    elif is_safetensors(path):
        facts, suffix = _lora(path, name, size), inspect_file.SUFFIX
    elif lut.is_lut(path):
        lut.check_lut(path, shown)
        facts, suffix = AssetFacts(kind="lut", mime=lut.MIME, bytes=size), lut.SUFFIX
    elif mime := documents.document_type(path):
        documents.read_document(path, mime, name)
        facts, suffix = AssetFacts(kind="document", mime=mime, bytes=size), documents.SUFFIXES[mime]
    elif container := sniff(path):
        facts, suffix = _stream(path, size, container)
    else:
        raise name_refusal(path, shown) or StudioError(
            "unknown_file",
            f"{shown} is not a supported file.",
            "Supported: pictures (PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF, HEIC), clips (MP4, MOV, WebM, MKV, AVI), "
            "sounds (WAV, MP3, FLAC, OGG, AAC, M4A, AIFF, CAF, W64, AMR), "
            "documents (PDF, RTF, plain text, code, Final Draft, ZIP files of these), "
            "LoRAs (safetensors), LUTs (.cube).",
            "Choose another file.",
            status=415,
        )
    with path.open("rb") as file:
        return InspectedFile(facts, suffix, hashlib.file_digest(file, "sha256").hexdigest())


def thumbnail(path: Path, facts: AssetFacts, out: Path) -> bool:
    """Write a file's thumbnail as WebP; return False if it has none (subtitles, undecodable content).

    A clip shows its frame at one third, a long sound the waveform of its first ten minutes, a LoRA the sample picture
    from its header if there is one.
    """
    try:
        if facts.kind == "image":
            with LARGE:
                save_thumb(open_picture(path), out)
        elif facts.kind == "clip":
            save_thumb(frame_at(path, (facts.seconds or 0) / 3), out)
        elif facts.kind == "sound":
            save_thumb(waveform(_beginning(path)), out)
        elif facts.kind == "lora" and (sample := metadata.picture(read_header(path).metadata)):
            save_thumb(sample, out)
        else:
            return False
    except StudioError:
        return False
    return True


def read_provenance(path: Path) -> dict[str, Any] | None:
    """Return the provenance embedded in a file that the studio made; None for any other file."""
    try:
        text = _embedded(path)
        record = json.loads(text) if text else None
    except (StudioError, OSError, ValueError, struct.error, RecursionError):
        return None
    return record if isinstance(record, dict) and isinstance(record.get("request"), dict) else None


def _lora(path: Path, name: str, size: int) -> AssetFacts:
    family, lora = inspect_file.inspect_lora(path, name)
    return AssetFacts(kind="lora", title=lora.name, mime=inspect_file.MIME, bytes=size, family=family, lora=lora)


def _is_picture(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(16)
    return (
        head.startswith(_PICTURE_HEADS)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or still_format(path) is not None
    )


def _picture(path: Path, size: int) -> tuple[AssetFacts, str]:
    with LARGE:
        image = load_picture(path)
        suffix, mime = _PICTURES[image.format or ""]
        width, height = image.size
        if image.getexif().get(_ORIENTATION) in (5, 6, 7, 8):  # stored rotated by 90°
            width, height = height, width
        notes = tuple(_picture_notes(path, image))
        del image
    return AssetFacts(kind="image", mime=mime, bytes=size, width=width, height=height, notes=notes), suffix


def _picture_notes(path: Path, image: Image.Image) -> Iterator[str]:
    """Yield notes about what the studio does not use of a picture."""
    if image.info.get("cut_off"):
        yield "This JPEG is incomplete: its lower part may be missing."
    if _bits(path, image) > 8:
        yield "This picture has more than 8 bits per channel; the studio uses 8."
    if image.format != "MPO" and _has_more(image):
        what = {"TIFF": "page", "HEIF": "picture"}.get(image.format or "", "frame")
        yield f"Only its first {what} is used."


def _has_more(image: Image.Image) -> bool:
    """Whether there are more frames or pages than one."""
    try:
        return bool(getattr(image, "n_frames", 1) > 1)
    except Exception:  # decoders raise anything for malicious files; here the second frame is damaged
        return True


def _bits(path: Path, image: Image.Image) -> int:
    """Return the stored bits per channel, which Pillow mostly reduces to 8."""
    if image.format == "PNG":
        with path.open("rb") as file:
            return file.read(25)[24]
    if image.format == "TIFF":
        return int(max(image.tag_v2.get(_BITS_PER_SAMPLE, (8,))))  # type: ignore[attr-defined]
    return int(image.info.get("bit_depth", 8))


def _stream(path: Path, size: int, container: Format) -> tuple[AssetFacts, str]:
    with open_media(path) as media:
        try:
            if video := moving_picture(media):
                return _clip(media, video, size, container), container.suffix
            if audio := soundtrack(media):
                return _sound(media, audio, size, container)
        except (FFmpegError, ValueError) as error:
            raise bad_media("It is damaged, incomplete, or uses an unsupported codec.") from error
    raise bad_media("It has neither video nor sound.")


def _clip(media: av.container.InputContainer, video: av.VideoStream, size: int, container: Format) -> AssetFacts:
    first = next(media.decode(video), None)
    if first is None:
        raise bad_media("None of its frames can be decoded.")
    seconds = duration(media, video)
    notes: tuple[str, ...] = ()
    if there := cut_off(media, video):
        seconds, notes = there, (cut_off_note(there, seconds),)
    rate = video.average_rate or video.guessed_rate
    frames = (not notes and video.frames) or (round(seconds * rate) if rate else 0)
    width, height = (first.height, first.width) if rotate(first) in (90, 270) else (first.width, first.height)
    return AssetFacts(
        kind="clip",
        mime=container.mime,
        bytes=size,
        width=width,
        height=height,
        seconds=float(seconds),
        fps=float(rate) if rate else None,
        frames=max(1, frames),
        notes=notes,
    )


def _sound(
    media: av.container.InputContainer, audio: av.AudioStream, size: int, container: Format
) -> tuple[AssetFacts, str]:
    if next(timed_frames(media.demux(audio), audio), None) is None:
        raise bad_media("None of its sound can be decoded.")
    whole = duration(media, audio)
    there = cut_off(media, audio)
    seconds = float(there or whole)
    if seconds > MAX_SOUND_SECONDS:
        raise StudioError(
            "sound_too_long",
            "The sound is too long.",
            f"It lasts {seconds / 3600:.1f} hours; the maximum is 12 hours.",
            "Split it and upload the parts.",
        )
    mp4 = container.demuxer == "mov"
    suffix, mime = (".m4a", "audio/mp4") if mp4 else (container.suffix, container.mime.replace("video/", "audio/"))
    notes = []
    if there and container.demuxer not in _ESTIMATED:
        notes.append(cut_off_note(there, whole, "sound"))
    if name := _SILENT.get(suffix):
        notes.append(f"Most browsers cannot play {name}. Everything else works.")
    return AssetFacts(kind="sound", mime=mime, bytes=size, seconds=seconds, notes=tuple(notes)), suffix


def _beginning(path: Path) -> Samples:
    """Return the peak of each 10 ms of a sound's first minutes."""
    with open_soundtrack(path) as (media, audio):
        blocks = mono_blocks(media, audio, 8000, 80)
        peaks = [float(np.abs(block).max()) for block in itertools.islice(blocks, THUMB_SOUND_SECONDS * 100)]
    return np.asarray(peaks, np.float32)


def _embedded(path: Path) -> str | None:
    if _is_picture(path):
        with Image.open(path, formats=("PNG",)) as image:
            text = image.info.get("c41")
            return text if isinstance(text, str) else None
    container = sniff(path)
    if container is None:
        return None
    if container.suffix == ".wav":
        return wav.comment(path)
    with open_media(path) as media:
        return media.metadata.get("c41")
