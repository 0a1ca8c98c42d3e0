"""Read the boxes of MP4 and QuickTime files, and empty them in place."""

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from engines.media.files import zero


class Box(NamedTuple):
    """A box: its name, its start, the start of its content, and its end."""

    name: bytes
    start: int
    content: int
    end: int


def boxes(file: BinaryIO, at: int, end: int) -> Iterator[Box]:
    """Yield the boxes from ``at`` to ``end``. A truncated box ends with the file.

    Raises ValueError if a box is longer than its parent.
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
            raise ValueError("a box is longer than its parent")
        yield Box(name, at, min(content, end), min(at + size, end))
        at += size


def find(file: BinaryIO, box: Box, *names: bytes) -> Iterator[Box]:
    """Yield the boxes inside ``box`` at a path of names."""
    if not names:
        yield box
        return
    for inner in boxes(file, box.content, box.end):
        if inner.name == names[0]:
            yield from find(file, inner, *names[1:])


def empty(file: BinaryIO, box: Box) -> None:
    """Turn a box into free space of the same length."""
    file.seek(box.start + 4)
    file.write(b"free")
    zero(file, box.content, box.end)


def read(file: BinaryIO, at: int, size: int) -> bytes:
    """Read up to ``size`` bytes at ``at``."""
    file.seek(at)
    return file.read(size)
