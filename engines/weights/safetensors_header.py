"""Read safetensors files defensively: a file from outside may contain anything. No code in it is ever run."""

import json
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from errors import StudioError

_MOST_HEADER = 16 * 2**20
_MOST_MARKS, _MOST_COMMAS = 300_000, 600_000
"""The most braces, brackets and colons in a header, and the most commas, including those in its texts: each may be a
value, and no other thread runs while JSON is parsed."""
_MOST_TENSORS = 20_000
_LONGEST_NAME = 500
_MOST_SIDES = 8
_AT_ONCE = 16 * 2**20
"""Bytes of a tensor read at a time."""

_SIZES = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "I64": 8,
    "I32": 4,
    "I16": 2,
    "I8": 1,
    "U8": 1,
    "BOOL": 1,
}
_EXPONENTS = {
    "F64": (np.uint64, 0x7FF0_0000_0000_0000),
    "F32": (np.uint32, 0x7F80_0000),
    "F16": (np.uint16, 0x7C00),
    "BF16": (np.uint16, 0x7F80),
    "F8_E4M3": (np.uint8, 0x7F),
    "F8_E5M2": (np.uint8, 0x7C),
}
"""The bits that are all set in NaN and infinite values, by precision."""
FRACTIONS = frozenset(_EXPONENTS)
"""The floating-point precisions; all others are integers or packed formats."""


class Tensor(NamedTuple):
    """A tensor in a file: ``start`` is its offset from the beginning of the file and ``size`` its length, in bytes."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    size: int


class Header(NamedTuple):
    """A file's tensors and metadata texts, by name."""

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]


def is_safetensors(path: Path) -> bool:
    """Whether a file starts like a safetensors file: the length of a header, then the header."""
    with path.open("rb") as file:
        first = file.read(9)
    return len(first) == 9 and first[8:] == b"{" and struct.unpack("<Q", first[:8])[0] < 2**32


def read_header(path: Path) -> Header:
    """Read the header of a safetensors file, without its tensors. Raises StudioError damaged_weights."""
    size = path.stat().st_size
    with path.open("rb") as file:
        first = file.read(8)
        length = struct.unpack("<Q", first)[0] if len(first) == 8 else size
        if length > size - 8:
            raise _damaged("It is cut short: even its header is incomplete.")
        if not 0 < length <= _MOST_HEADER:
            raise _damaged("Its header is empty or far too long.")
        text = file.read(length)
        if sum(map(text.count, (b"{", b"[", b":"))) > _MOST_MARKS or text.count(b",") > _MOST_COMMAS:
            raise _damaged("Its header has more parts than that of any LoRA.")
        try:
            content = json.loads(text)
            if len(content) > _MOST_TENSORS:
                raise _damaged("It has more tensors than any LoRA.")
            tensors = {name: _tensor(8 + length, info) for name, info in content.items() if name != "__metadata__"}
            metadata = content.get("__metadata__") or {}
            texts = {_whole(name): _whole(value) for name, value in metadata.items() if isinstance(value, str)}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _damaged("Its header is corrupt.") from error
    end = max((one.start + one.size for one in tensors.values()), default=8 + length)
    if end > size:
        raise _damaged(f"It is cut short: it has {size:,} bytes, but its header says {end:,}.")
    if max(map(len, tensors), default=0) > _LONGEST_NAME:
        raise _damaged("Its tensor names are longer than those of any LoRA.")
    return Header(tensors, texts)


def not_finite(path: Path, header: Header, check: Callable[[], None] = lambda: None) -> str:
    """Return the name of the first tensor that contains NaN or infinite values; empty if all values are finite.

    The file is read in chunks; ``check`` is called between them.
    """
    with path.open("rb") as file:
        for name, tensor in header.tensors.items():
            if tensor.dtype not in _EXPONENTS:
                continue
            kind, mask = _EXPONENTS[tensor.dtype]
            bits = kind(mask)
            for piece in _pieces(file, tensor):
                check()
                if ((np.frombuffer(piece, kind) & bits) == bits).any():
                    return name
    return ""


def is_zero(path: Path, tensor: Tensor) -> bool:
    """Whether a tensor in a file contains only zeros."""
    with path.open("rb") as file:
        return not any(piece.strip(b"\0") for piece in _pieces(file, tensor))


def _pieces(file: BinaryIO, tensor: Tensor) -> Iterator[bytes]:
    file.seek(tensor.start)
    left = tensor.size
    while left:
        piece = file.read(min(left, _AT_ONCE))
        if not piece:
            raise _damaged("It is cut short.")
        left -= len(piece)
        yield piece


def _tensor(begin: int, info: Mapping[str, Any]) -> Tensor:
    """Return one tensor. Raises ValueError if its header entry is inconsistent."""
    dtype, shape = str(info["dtype"]), info["shape"]
    low, high = info["data_offsets"]
    if not isinstance(shape, list) or len(shape) > _MOST_SIDES:
        raise ValueError("no shape")
    if not all(type(side) is int and 0 <= side < 2**63 for side in (*shape, low, high)):
        raise ValueError("no sizes")
    if dtype in _SIZES and math.prod(shape) * _SIZES[dtype] != high - low:
        raise ValueError("sizes that do not fit")
    if high < low:
        raise ValueError("an end before its beginning")
    return Tensor(dtype, tuple(shape), begin + low, high - low)


def _whole(text: str) -> str:
    """Replace lone surrogates, which JSON allows and nothing can store."""
    return text.encode("utf-8", "replace").decode()


def _damaged(why: str) -> StudioError:
    return StudioError(
        "damaged_weights", "This file is damaged.", why, "Download it again, then add it again.", status=422
    )
