"""File names, and atomic writing."""

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
    "safetensors gguf ckpt pt pth bin cube"
)
_ENDINGS = frozenset(_LIST.split())
"""Known file extensions; any other dot belongs to the name."""


@contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Yield a path to write to; at the end of the block it atomically becomes ``path``, safe against power loss.

    If the block raises, the file is deleted.
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
    """Write zeros to the bytes ``at`` to ``end`` of a file."""
    file.seek(at)
    while at < end:
        at += file.write(bytes(min(_CHUNK, end - at)))


def title_of(name: str) -> str:
    """Return a file's name without folders and extension: “Scene 4.2 - take 1.mov” gives “Scene 4.2 - take 1”."""
    name = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    stem, point, ending = name.rpartition(".")
    return stem if point and stem and ending.lower() in _ENDINGS else name


def proxy_path(path: Path) -> Path:
    """Return the path of a clip's small copy, next to the clip."""
    return path.with_name(f"{path.stem}.proxy.mp4")


def thumb_path(path: Path) -> Path:
    """Return the path of a file's thumbnail, next to the file."""
    return path.with_name(f"{path.stem}.thumb.webp")
