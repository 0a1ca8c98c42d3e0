"""A copy of a file that says nothing about how it was made: for clients.

What is seen and heard stays as it is, byte for byte where the format allows: containers are taken apart and put
together again without decoding. HEIC and AVIF are written anew. Colour profiles, transparency and the way up stay;
prompts, places, dates, programs, covers and names go.
"""

import shutil
import struct
from collections.abc import Callable
from pathlib import Path

from engines.media import clean_clips, clean_mp4, clean_pictures, clean_sounds, clean_stills
from engines.media.files import written
from engines.media.streams import sniff, still_format
from errors import StudioError

_PICTURES: dict[bytes, Callable[[Path, Path], None]] = {
    b"\x89PNG\r\n\x1a\n": clean_pictures.png,
    b"\xff\xd8\xff": clean_pictures.jpeg,
    b"GIF8": clean_pictures.gif,
}
_STREAMS: dict[str, Callable[[Path, Path], None]] = {
    ".wav": clean_sounds.wav,
    ".mp3": clean_sounds.mp3,
    ".flac": clean_sounds.flac,
    ".mp4": clean_mp4.mp4,
    ".mov": clean_mp4.mp4,
    ".webm": clean_clips.matroska,
    ".mkv": clean_clips.matroska,
    ".ogg": clean_sounds.remuxed,
    ".avi": clean_clips.avi,
    ".aac": clean_sounds.aac,
    ".aif": clean_sounds.remuxed,
    ".caf": clean_sounds.remuxed,
    ".w64": clean_sounds.remuxed,
    ".amr": clean_sounds.remuxed,
}
_PLAIN = {".srt", ".vtt", ".txt", ".bmp"}
"""Formats that have no place for such things."""


def clean_copy(path: Path, out: Path) -> Path:
    """Write a copy of ``path`` without metadata to ``out``, and say where it is: HEIC and AVIF get another ending.

    Raises StudioError not_cleanable, bad_file; of HEIC and AVIF bad_picture, picture_too_large.
    """
    if still_format(path):
        return clean_stills.as_jpeg_or_png(path, out)
    clean = _cleaner(path)
    try:
        with written(out) as part:
            clean(path, part)
        return out
    except (ValueError, IndexError, EOFError, RecursionError, struct.error) as error:
        raise StudioError(
            "bad_file", "No clean copy can be made of that file.", "It is damaged.", "Save it as it is.", status=422
        ) from error


def _cleaner(path: Path) -> Callable[[Path, Path], None]:
    with path.open("rb") as file:
        head = file.read(16)
    for magic, clean in _PICTURES.items():
        if head.startswith(magic):
            return clean
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return clean_pictures.webp
    container = sniff(path)
    if container is not None:
        return _STREAMS[container.suffix]
    if path.suffix in _PLAIN:
        return shutil.copyfile  # type: ignore[return-value]
    raise StudioError(
        "not_cleanable",
        f"No clean copy can be made of {path.suffix.removeprefix('.').upper() or 'such'} files.",
        "What they say about themselves cannot be taken out without changing them.",
        "Save it as it is, or as PNG first.",
        status=422,
    )
