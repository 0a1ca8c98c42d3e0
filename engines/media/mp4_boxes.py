"""The boxes that MP4 and QuickTime files consist of, read and emptied where they are."""

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from engines.media.files import zero


class Box(NamedTuple):
    """A box of a file: its name, and where it, its content and what is after it begin."""

    name: bytes
    start: int
    content: int
    end: int


def boxes(file: BinaryIO, at: int, end: int) -> Iterator[Box]:
    """Each box between two places of a file. Of one that is cut off, ``end`` is the end of the file.

    Raises ValueError for one that is longer than what it lies in.
    """
    file_end = os.fstat(file.fileno()).st_size
    while at + 8 <= end:
        size, name = struct.unpack(">I4s", read(file, at, 8))
        content = at + 8
        if size == 1:
            size, content = int.from_bytes(read(file, at + 8, 8), "big"), at + 16
        elif size == 0:
            size = end - at
        if size < content - at or (at + size > end and end != file_end):
            raise ValueError("a box that is longer than its place")
        yield Box(name, at, min(content, end), min(at + size, end))
        at += size


def find(file: BinaryIO, box: Box, *names: bytes) -> Iterator[Box]:
    """The boxes inside ``box`` at a path of names."""
    if not names:
        yield box
        return
    for inner in boxes(file, box.content, box.end):
        if inner.name == names[0]:
            yield from find(file, inner, *names[1:])


def empty(file: BinaryIO, box: Box) -> None:
    """Make a box one of free space, as long as it was."""
    file.seek(box.start + 4)
    file.write(b"free")
    zero(file, box.content, box.end)


def read(file: BinaryIO, at: int, size: int) -> bytes:
    """What is there of so many bytes at a place."""
    file.seek(at)
    return file.read(size)
