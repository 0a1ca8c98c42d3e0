"""Matroska and AVI clips without what they say about themselves: the parts that describe are emptied where they are.

Nothing moves, so every offset in the file still holds, and frames and samples stay as they are, byte for byte.
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
    *(0x7BA9, 0x7384, 0x3C83AB, 0x3E83BB),  # title; names of this file, the one before and the one after
    *(0x4461, 0x536E, 0x258688, 0x3A9697),  # date; of a track its name, its codec's name and settings
    *(0xBF, _VOID),  # checksum of these
}
_PROGRAMS = {0x4D80, 0x5741}
"""The programs that wrote a file: it must name some."""
_UNNAMED = b"unknown"
_HEAD = 12
"""Bytes of an element's number and its size, at most."""
_AVI_EMPTIED = {b"JUNK", b"IDIT", b"strn", b"strd"}  # filling, date; of a track its name, what its camera noted


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
    cut_off = end == os.fstat(file.fileno()).st_size  # perhaps: what reaches beyond the end of the file is
    while at + 2 <= end:
        if cut_off and end - at < _HEAD and not _is_whole(_read(file, at, _HEAD)):
            zero(file, at, end)
            return
        element = _element(file, at)
        if element.end is None:  # what is in it follows, one after the other
            at = element.content
            continue
        if element.end > end and not cut_off:
            raise ValueError("an element that is longer than its place")
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
    """Whether an element's number and size are there to the end."""
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
        raise ValueError("no number where one must be")
    return 9 - head[at].bit_length()


def _void(file: BinaryIO, start: int, end: int) -> None:
    """Make one piece that says nothing of what is between two places."""
    length = end - start
    head = b"\xec\x01" + (length - 9).to_bytes(7, "big") if length >= 9 else bytes((_VOID, 0x80 | (length - 2)))
    file.seek(start)
    file.write(head)
    zero(file, start + len(head), end)


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
        elif name in _AVI_EMPTIED or (name == b"LIST" and kind not in (b"movi", b"odml", b"rec ")):
            file.seek(at)
            file.write(b"JUNK")
            zero(file, at + 8, after)
        at = after + size % 2


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)
