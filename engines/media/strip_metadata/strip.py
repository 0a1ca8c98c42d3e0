"""Copy a file without metadata, for clients.

Picture and sound stay identical where the format allows: containers are rewritten without decoding. HEIC and AVIF are
converted. Color profiles, transparency and orientation stay; prompts, places, dates, programs, covers and names are
removed.
"""

import shutil
import struct
from collections.abc import Callable
from pathlib import Path

from engines.media.files import write_atomically
from engines.media.streams import sniff, still_format
from engines.media.strip_metadata import clips, heic_avif, mp4, pictures, sounds
from errors import StudioError

_PICTURES: dict[bytes, Callable[[Path, Path], None]] = {
    b"\x89PNG\r\n\x1a\n": pictures.png,
    b"\xff\xd8\xff": pictures.jpeg,
    b"GIF8": pictures.gif,
}
_STREAMS: dict[str, Callable[[Path, Path], None]] = {
    ".wav": sounds.wav,
    ".mp3": sounds.mp3,
    ".flac": sounds.flac,
    ".mp4": mp4.mp4,
    ".mov": mp4.mp4,
    ".webm": clips.matroska,
    ".mkv": clips.matroska,
    ".ogg": sounds.remux,
    ".avi": clips.avi,
    ".aac": sounds.aac,
    ".aif": sounds.remux,
    ".caf": sounds.remux,
    ".w64": sounds.remux,
    ".amr": sounds.remux,
}
_PLAIN = {".srt", ".vtt", ".txt", ".bmp"}
"""Formats without metadata."""


def clean_copy(path: Path, out: Path) -> Path:
    """Write a copy of ``path`` without metadata to ``out``; return its path, which has a new suffix for HEIC and AVIF.

    Raises StudioError not_cleanable, bad_file; for HEIC and AVIF bad_picture, picture_too_large.
    """
    if still_format(path):
        return heic_avif.as_jpeg_or_png(path, out)
    clean = _cleaner(path)
    try:
        with write_atomically(out) as part:
            clean(path, part)
        return out
    except (ValueError, IndexError, EOFError, RecursionError, struct.error) as error:
        raise StudioError(
            "bad_file",
            "The metadata of this file cannot be removed.",
            "The file is damaged.",
            "Save it with its metadata.",
            status=422,
        ) from error


def _cleaner(path: Path) -> Callable[[Path, Path], None]:
    with path.open("rb") as file:
        head = file.read(16)
    for magic, clean in _PICTURES.items():
        if head.startswith(magic):
            return clean
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return pictures.webp
    container = sniff(path)
    if container is not None:
        return _STREAMS[container.suffix]
    if path.suffix in _PLAIN:
        return shutil.copyfile  # type: ignore[return-value]
    raise StudioError(
        "not_cleanable",
        f"The metadata of {path.suffix.removeprefix('.').upper() or 'such'} files cannot be removed.",
        "The studio does not support cleaning this format.",
        "Save it with its metadata, or convert it to PNG first.",
        status=422,
    )
