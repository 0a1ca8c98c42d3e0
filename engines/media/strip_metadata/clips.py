"""Remove the metadata of Matroska and AVI clips by emptying it in place.

Nothing moves, so every offset in the file stays valid, and frames and samples stay identical.
"""

import os
import shutil
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

from engines.media.files import zero

_SEGMENT, _INFO, _TRACKS, _TRACK, _VOID = 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0xEC
_EBML_INSIDE = {_SEGMENT, _INFO, _TRACKS, _TRACK}
_EBML_EMPTIED = {
    *(0x1254C367, 0x1941A469, 0x1043A770),  # tags, attachments, chapters
    *(0x7BA9, 0x7384, 0x3C83AB, 0x3E83BB),  # title; file names of this, the previous and the next segment
    *(0x4461, 0x536E, 0x258688, 0x3A9697),  # date; a track's name, codec name and codec settings
    *(0xBF, _VOID),  # checksum, padding
}
_PROGRAMS = {0x4D80, 0x5741}
"""The programs that wrote a file; these elements are mandatory."""
_UNNAMED = b"unknown"
_HEAD = 12
"""Most bytes of an element's id and size."""
_AVI_EMPTIED = {b"JUNK", b"IDIT", b"strn", b"strd"}  # padding, date; a track's name and camera data


def matroska(path: Path, out: Path) -> None:
    """Clean a Matroska or WebM file. Raises ValueError."""
    shutil.copyfile(path, out)
    with out.open("r+b") as file:
        _empty_elements(file, 0, os.fstat(file.fileno()).st_size)


class _Element(NamedTuple):
    """An EBML element with its start, the start of its content, and its end, which is unknown in live recordings."""

    id: int
    start: int
    content: int
    end: int | None


def _empty_elements(file: BinaryIO, at: int, end: int) -> None:
    cut_off = end == os.fstat(file.fileno()).st_size  # the last element may reach beyond the end of the file
    while at + 2 <= end:
        if cut_off and end - at < _HEAD and not _is_whole(_read(file, at, _HEAD)):
            zero(file, at, end)
            return
        element = _element(file, at)
        if element.end is None:  # its children follow
            at = element.content
            continue
        if element.end > end and not cut_off:
            raise ValueError("an element is longer than its parent")
        after = min(element.end, end)
        if element.id in _EBML_EMPTIED:
            _void(file, element.start, after)
        elif element.id in _PROGRAMS:
            zero(file, element.content, after)
            file.seek(element.content)
            file.write(_UNNAMED[: after - element.content])
        elif element.id in _EBML_INSIDE:
            _empty_elements(file, element.content, after)
        at = after


def _is_whole(head: bytes) -> bool:
    """Whether an element's id and size are complete."""
    size_at = _length(head, 0)
    return size_at < len(head) and size_at + _length(head, size_at) <= len(head)


def _element(file: BinaryIO, at: int) -> _Element:
    head = _read(file, at, _HEAD)
    id_length, size_at = _length(head, 0), _length(head, 0)
    size_length = _length(head, size_at)
    size = int.from_bytes(head[size_at : size_at + size_length], "big") & ((1 << 7 * size_length) - 1)
    unknown = size == (1 << 7 * size_length) - 1
    content = at + id_length + size_length
    return _Element(int.from_bytes(head[:id_length], "big"), at, content, None if unknown else content + size)


def _length(head: bytes, at: int) -> int:
    if at >= len(head) or not head[at]:
        raise ValueError("an element id or size is missing")
    return 9 - head[at].bit_length()


def _void(file: BinaryIO, start: int, end: int) -> None:
    """Replace the bytes from ``start`` to ``end`` with one void element."""
    length = end - start
    head = b"\xec\x01" + (length - 9).to_bytes(7, "big") if length >= 9 else bytes((_VOID, 0x80 | (length - 2)))
    file.seek(start)
    file.write(head)
    zero(file, start + len(head), end)


def avi(path: Path, out: Path) -> None:
    """Clean an AVI file. Raises ValueError."""
    shutil.copyfile(path, out)
    with out.open("r+b") as file:
        _empty_chunks(file, 0, os.fstat(file.fileno()).st_size)


def _empty_chunks(file: BinaryIO, at: int, end: int) -> None:
    while at + 8 <= end:
        name, size, kind = struct.unpack("<4sI4s", _read(file, at, 12).ljust(12, b"\0"))
        after = min(at + 8 + size, end)
        if name == b"RIFF" or (name == b"LIST" and kind in (b"hdrl", b"strl")):
            _empty_chunks(file, at + 12, after)
        elif name in _AVI_EMPTIED or (name == b"LIST" and kind not in (b"movi", b"odml", b"rec ")):
            file.seek(at)
            file.write(b"JUNK")
            zero(file, at + 8, after)
        at = after + size % 2


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)
