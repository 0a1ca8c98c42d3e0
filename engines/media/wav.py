"""Read the chunks of WAV files, even with wrong sizes, and write 24-bit files with embedded provenance.

Sizes in headers are hints. A recorder that lost power leaves 0 and a streaming program writes 0xFFFFFFFF; both mean “to
the end”. RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088) store sizes of 4 GB and more in a separate chunk.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

HEADS = (b"RIFF", b"RF64", b"BW64")
OPEN = 0xFFFFFFFF
"""Size in a header if the real size is stored elsewhere, or unknown."""

_MOST_NOTE = 2**24
_PIECE = 1 << 18  # samples
_WAV_FULL = 1 << 23  # full scale of 24 bit


class Chunk(NamedTuple):
    """A WAV chunk: its name, the start of its content, and its actual size in bytes."""

    name: bytes
    start: int
    size: int


def chunks(file: BinaryIO) -> Iterator[Chunk]:
    """Yield the chunks of an open WAV file in order. The caller may read and seek between them."""
    end = os.fstat(file.fileno()).st_size
    at, long_data = 12, 0
    while at + 8 <= end:
        file.seek(at)
        name, size = struct.unpack("<4sI", file.read(8))
        at += 8
        if name == b"ds64" and end - at >= 16:
            long_data = struct.unpack("<8xQ", file.read(16))[0]
        if name == b"data" and size in (0, OPEN):
            size = long_data or end - at
        size = min(size, end - at)
        yield Chunk(name, at, size)
        at += size + size % 2


def comment(path: Path) -> str | None:
    """Return the comment of a WAV file, or None."""
    with path.open("rb") as file:
        for chunk in chunks(file):
            if chunk.name == b"LIST":
                file.seek(chunk.start)
                text = _entry(file.read(min(chunk.size, _MOST_NOTE)), b"ICMT")
                if text is not None:
                    return text.rstrip(b"\0").decode()
    return None


def _entry(content: bytes, wanted: bytes) -> bytes | None:
    """Return an entry of an ``INFO`` list, or None."""
    at = 4 if content.startswith(b"INFO") else len(content)
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        if name == wanted:
            return content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return None


def write(samples: npt.NDArray[np.float32], rate: int, path: Path, note: str) -> None:
    """Write samples (-1..1; [n] or [n, channels]) as 24-bit PCM with ``note`` as the comment. Raises OSError."""
    channels = samples.shape[1] if samples.ndim == 2 else 1
    text = note.encode() + b"\0"
    text += b"\0" * (len(text) % 2)
    behind = b"LIST" + struct.pack("<I", 12 + len(text)) + b"INFOICMT" + struct.pack("<I", len(text)) + text
    size = 3 * samples.size
    behind = b"\0" * (size % 2) + behind
    with path.open("wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 36 + size + len(behind)) + b"WAVE")
        file.write(b"fmt " + struct.pack("<IHHIIHH", 16, 1, channels, rate, 3 * channels * rate, 3 * channels, 24))
        file.write(b"data" + struct.pack("<I", size))
        flat = samples.reshape(-1)
        for start in range(0, len(flat), _PIECE):
            whole = (
                np.rint(flat[start : start + _PIECE] * np.float64(_WAV_FULL))
                .clip(-_WAV_FULL, _WAV_FULL - 1)
                .astype("<i4")
            )
            file.write(whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes())
        file.write(behind)
