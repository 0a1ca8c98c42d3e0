"""Locate the samples of an MP4 or QuickTime track from the tables in its header."""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from engines.media.strip_metadata.mp4_boxes import Box, find, read

_MOST_TABLE = 32 * 2**20  # bytes of a table; 12 hours at 120 samples per second take 21 MB

Numbers = npt.NDArray[np.int64]


def sample_ranges(file: BinaryIO, track: Box) -> Iterator[tuple[int, int]]:
    """Yield start and end of each chunk of samples in the file, in order and without overlaps.

    Raises ValueError for inconsistent tables.
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
    """Return the start of each chunk of samples."""
    short, long = _content(file, table, b"stco"), _content(file, table, b"co64")
    starts = np.concatenate([np.frombuffer(short[8:], ">u4"), np.frombuffer(long[8:], ">u8")]).astype(np.int64)
    if (starts < 0).any():
        raise ValueError("a chunk offset is invalid")
    return starts


def _counts(file: BinaryIO, table: Box, chunks: int) -> Numbers:
    """Return the number of samples in each chunk; the table lists the first chunk of each run of equal counts."""
    runs = np.frombuffer(_content(file, table, b"stsc")[8:], ">u4").reshape(-1, 3).astype(np.int64)
    firsts = np.minimum(runs[:, 0] - 1, chunks)
    counts = np.repeat(runs[:, 1], np.diff(firsts, append=chunks))
    if len(counts) != chunks:
        raise ValueError("the sample counts do not match the chunks")
    return counts


def _lengths(file: BinaryIO, table: Box, counts: Numbers) -> Numbers:
    """Return the bytes of each chunk."""
    if packed := _content(file, table, b"stz2"):
        kind = {b"\x08": ">u1", b"\x10": ">u2"}.get(packed[7:8])
        if kind is None:
            raise ValueError("the sample size format is unsupported")
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
    """Return the content of a table; empty if it is missing."""
    box = next(find(file, table, name), None)
    if box is None:
        return b""
    if box.end - box.content > _MOST_TABLE:
        raise ValueError("a table is too long")
    return read(file, box.content, box.end - box.content)
