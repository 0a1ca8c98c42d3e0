"""The header of a GGUF file: the metadata and tensors of a model, without loading it."""

import math
import struct
from pathlib import Path
from typing import Any, BinaryIO

from engines.weights.sizes import corrupt

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _LIST = 8, 9
_MOST = 4_000_000
"""The most characters in a text and entries in a list of a valid file."""
_MOST_SIDES = 8
_DEEPEST = 4
"""The most dimensions of a tensor, and levels of nested lists."""


def header(path: Path) -> dict[str, Any]:
    """Return the metadata of a GGUF file, with the number of its parameters as ``parameters``.

    Raises StudioError ``corrupt_model`` if it is invalid.
    """
    metadata, shapes = read(path)
    return {**metadata, "parameters": sum(map(math.prod, shapes.values()))}


def read(path: Path) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
    """Return the metadata of a GGUF file, and the shape of each tensor in torch's order.

    Raises StudioError like ``header``.
    """
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise ValueError("it is not a GGUF file")
            _, tensors, count = struct.unpack("<IQQ", file.read(20))
            if count > 10_000 or tensors > 100_000:
                raise ValueError("its header is too long")
            metadata = {_text(file): _value(file, *struct.unpack("<I", file.read(4))) for _ in range(count)}
            return metadata, dict(_tensor(file) for _ in range(tensors))
    except (ValueError, struct.error, KeyError, UnicodeDecodeError) as error:
        raise corrupt(path, str(error) or "its header is corrupt") from error


def _text(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", file.read(8))
    if length > _MOST:
        raise ValueError("its header is corrupt")
    return file.read(length).decode(errors="replace")


def _tensor(file: BinaryIO) -> tuple[str, tuple[int, ...]]:
    """Return the next tensor's name and shape."""
    name = _text(file)
    (dimensions,) = struct.unpack("<I", file.read(4))
    if dimensions > _MOST_SIDES:
        raise ValueError("its header is corrupt")
    shape = struct.unpack(f"<{dimensions}Q", file.read(8 * dimensions))
    file.read(12)  # its type and offset
    return name, shape[::-1]


def _value(file: BinaryIO, kind: int, depth: int = 0) -> Any:
    if kind == _TEXT:
        return _text(file)
    if kind == _LIST:
        inner, length = struct.unpack("<IQ", file.read(12))
        if length > _MOST or depth >= _DEEPEST:
            raise ValueError("its header is corrupt")
        if inner in _NUMBERS:
            code = f"<{length}{_NUMBERS[inner]}"
            return struct.unpack(code, file.read(struct.calcsize(code)))
        return [_value(file, inner, depth + 1) for _ in range(length)]
    code = f"<{_NUMBERS[kind]}"
    return struct.unpack(code, file.read(struct.calcsize(code)))[0]
