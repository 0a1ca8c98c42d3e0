"""Clips without what they say about themselves: the parts that describe are emptied where they are.

Nothing moves, so every offset in the file still holds, and frames and samples stay as they are, byte for byte.
"""

import os
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

_CHUNK = 1 << 20
_MP4_KEPT = {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"mfra", b"sidx", b"wide", b"pdin"}
_MP4_INSIDE = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"edts", b"mvex"}
_MP4_EMPTIED = {b"udta", b"meta", b"uuid", b"free", b"skip"}

_SEGMENT, _INFO, _TRACKS, _TRACK, _VOID = 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0xEC
_EBML_INSIDE = {_SEGMENT, _INFO, _TRACKS, _TRACK}
_EBML_EMPTIED = {
    *(0x1254C367, 0x1941A469, 0x1043A770),  # tags, attachments, chapters
    *(0x7BA9, 0x7384, 0x4461, 0x536E, 0xBF, _VOID),  # title, file name, date, track name, checksum of these
}


def mp4(path: Path, out: Path) -> None:
    """MP4 and QuickTime. Raises ValueError."""
    shutil.copyfile(path, out)
    with out.open("r+b") as file:
        _empty_boxes(file, 0, os.fstat(file.fileno()).st_size, top=True)


def _empty_boxes(file: BinaryIO, at: int, end: int, top: bool = False) -> None:
    for name, start, content, after in _boxes(file, at, end):
        if name in _MP4_EMPTIED or (top and name not in _MP4_KEPT):
            file.seek(start + 4)
            file.write(b"free")
            _zero(file, content, after)
        elif name in _MP4_INSIDE:
            _empty_boxes(file, content, after)


def _boxes(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int, int]]:
    """Each box between two places: its name, and where it, its content and what is after it begin."""
    while at + 8 <= end:
        size, name = struct.unpack(">I4s", _read(file, at, 8))
        content = at + 8
        if size == 1:
            size, content = int.from_bytes(_read(file, at + 8, 8), "big"), at + 16
        elif size == 0:
            size = end - at
        if size < content - at or at + size > end:
            raise ValueError("a box that is longer than its place")
        yield name, at, content, at + size
        at += size


def _zero(file: BinaryIO, at: int, end: int) -> None:
    file.seek(at)
    while at < end:
        at += file.write(bytes(min(_CHUNK, end - at)))


def matroska(path: Path, out: Path) -> None:
    """Matroska and WebM. Raises ValueError."""
    shutil.copyfile(path, out)
    with out.open("r+b") as file:
        _empty_elements(file, 0, os.fstat(file.fileno()).st_size)


class _Element(NamedTuple):
    """A piece of EBML and where it, its content and what is after it begin; recordings do not say the last."""

    id: int
    start: int
    content: int
    end: int | None


def _empty_elements(file: BinaryIO, at: int, end: int) -> None:
    while at + 2 <= end:
        element = _element(file, at)
        if element.end is None:  # what is in it follows, one after the other
            at = element.content
            continue
        if element.end > end:
            raise ValueError("an element that is longer than its place")
        if element.id in _EBML_EMPTIED:
            _void(file, element.start, element.end)
        elif element.id in _EBML_INSIDE:
            _empty_elements(file, element.content, element.end)
        at = element.end


def _element(file: BinaryIO, at: int) -> _Element:
    head = _read(file, at, 12)
    id_length, size_at = _length(head, 0), _length(head, 0)
    size_length = _length(head, size_at)
    size = int.from_bytes(head[size_at : size_at + size_length], "big") & ((1 << 7 * size_length) - 1)
    unknown = size == (1 << 7 * size_length) - 1
    content = at + id_length + size_length
    return _Element(int.from_bytes(head[:id_length], "big"), at, content, None if unknown else content + size)


def _length(head: bytes, at: int) -> int:
    if at >= len(head) or not head[at]:
        raise ValueError("no number where one must be")
    return 9 - head[at].bit_length()


def _void(file: BinaryIO, start: int, end: int) -> None:
    """Make one piece that says nothing of what is between two places."""
    length = end - start
    head = b"\xec\x01" + (length - 9).to_bytes(7, "big") if length >= 9 else bytes((_VOID, 0x80 | (length - 2)))
    file.seek(start)
    file.write(head)
    _zero(file, start + len(head), end)


def avi(path: Path, out: Path) -> None:
    """AVI. Raises ValueError."""
    shutil.copyfile(path, out)
    with out.open("r+b") as file:
        _empty_chunks(file, 0, os.fstat(file.fileno()).st_size)


def _empty_chunks(file: BinaryIO, at: int, end: int) -> None:
    while at + 8 <= end:
        name, size, kind = struct.unpack("<4sI4s", _read(file, at, 12).ljust(12, b"\0"))
        after = min(at + 8 + size, end)
        if name == b"RIFF" or (name == b"LIST" and kind in (b"hdrl", b"strl")):
            _empty_chunks(file, at + 12, after)
        elif name in (b"JUNK", b"IDIT", b"strn") or (name == b"LIST" and kind not in (b"movi", b"odml", b"rec ")):
            file.seek(at)
            file.write(b"JUNK")
            _zero(file, at + 8, after)
        at = after + size % 2


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)
