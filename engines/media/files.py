"""Names of files, and writing one so that it is either whole or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_CHUNK = 1 << 20

_LIST = (
    "png apng jpg jpeg jpe jfif webp gif bmp tif tiff heic heif avif jxl jp2 psd exr dpx tga ico svg dng cr2 cr3 nef "
    "arw mp4 m4v mov qt mkv webm avi wmv flv mpg mpeg mts m2ts ts mxf 3gp ogv braw r3d "
    "wav wave mp3 m4a aac flac ogg oga opus aif aiff aifc wma caf "
    "pdf docx doc odt rtf txt text md markdown fdx fountain html htm xml json yaml yml csv srt vtt ass epub zip "
    "safetensors gguf ckpt pt pth bin"
)
_ENDINGS = frozenset(_LIST.split())
"""Endings that say what a file is; any other point belongs to its name."""


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A path to write to; at the end of the block it becomes ``path`` in one step, safe against a power cut.

    When the block raises, nothing is left.
    """
    part = path.with_name(f"{path.stem}.part{path.suffix}")
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def zero(file: BinaryIO, at: int, end: int) -> None:
    """Write zeros from one place of a file to another."""
    file.seek(at)
    while at < end:
        at += file.write(bytes(min(_CHUNK, end - at)))


def title_of(name: str) -> str:
    """The name of a file without folders and ending: “Scene 4.2 - take 1.mov” is “Scene 4.2 - take 1”."""
    name = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    stem, point, ending = name.rpartition(".")
    return stem if point and stem and ending.lower() in _ENDINGS else name


def thumb_path(path: Path) -> Path:
    """Where the thumbnail of a file lies: beside it."""
    return path.with_name(f"{path.stem}.thumb.webp")
