"""Where the samples of a track of an MP4 or QuickTime file lie, by the tables of its header."""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from engines.media.mp4_boxes import Box, find, read

_MOST_TABLE = 32 * 2**20  # bytes of a table; 12 hours at 120 samples a second have 21 MB of sizes

Numbers = npt.NDArray[np.int64]


def sample_ranges(file: BinaryIO, track: Box) -> Iterator[tuple[int, int]]:
    """From where to where each run of samples lies in the file, by where it begins; none overlaps another.

    Raises ValueError for tables that do not fit together.
    """
    for table in find(file, track, b"mdia", b"minf", b"stbl"):
        starts = _starts(file, table)
        lengths = _lengths(file, table, _counts(file, table, len(starts)))
        done = 0
        for at in np.argsort(starts, kind="stable").tolist():
            start, end = max(done, int(starts[at])), int(starts[at]) + int(lengths[at])
            if end > start:
                yield start, end
                done = end


def _starts(file: BinaryIO, table: Box) -> Numbers:
    """Where each chunk of samples begins."""
    short, long = _content(file, table, b"stco"), _content(file, table, b"co64")
    found = np.concatenate([np.frombuffer(short[8:], ">u4"), np.frombuffer(long[8:], ">u8")]).astype(np.int64)
    if (found < 0).any():
        raise ValueError("a place beyond any file")
    return found


def _counts(file: BinaryIO, table: Box, chunks: int) -> Numbers:
    """How many samples each chunk has: the table says from which chunk on a number holds."""
    runs = np.frombuffer(_content(file, table, b"stsc")[8:], ">u4").reshape(-1, 3).astype(np.int64)
    firsts = np.minimum(runs[:, 0] - 1, chunks)
    counts = np.repeat(runs[:, 1], np.diff(firsts, append=chunks))
    if len(counts) != chunks:
        raise ValueError("chunks of which nobody says how many samples they have")
    return counts


def _lengths(file: BinaryIO, table: Box, counts: Numbers) -> Numbers:
    """Bytes of each chunk."""
    if packed := _content(file, table, b"stz2"):
        kind = {b"\x08": ">u1", b"\x10": ">u2"}.get(packed[7:8])
        if kind is None:
            raise ValueError("sizes of a length that is not read")
        sizes = np.frombuffer(packed[12:], kind).astype(np.int64)
    else:
        plain = _content(file, table, b"stsz")
        alike = int.from_bytes(plain[4:8], "big")
        if alike:
            return np.asarray(counts * alike)
        sizes = np.frombuffer(plain[12:], ">u4").astype(np.int64)
    edges = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    ends = np.minimum(np.cumsum(counts), len(sizes))
    return np.asarray(np.diff(edges[ends], prepend=0))


def _content(file: BinaryIO, table: Box, name: bytes) -> bytes:
    """The content of one of the tables; empty where it is missing."""
    box = next(find(file, table, name), None)
    if box is None:
        return b""
    if box.end - box.content > _MOST_TABLE:
        raise ValueError("a table that is longer than any")
    return read(file, box.content, box.end - box.content)
