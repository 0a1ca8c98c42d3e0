"""Remove the metadata of pictures; the encoded pixels are copied unchanged."""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from PIL import Image

_MOST = 2**31
_PNG_KEPT = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT", b"bKGD"),
    *(b"pHYs", b"mDCV", b"cLLI", b"acTL", b"fcTL", b"fdAT"),
}
_WEBP_KEPT = {b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04
_ORIENTATION = 0x0112


def png(path: Path, out: Path) -> None:
    """Keep the chunks of the picture, and end a truncated picture properly. Raises ValueError."""
    turned = _orientation(path)
    with path.open("rb") as source, out.open("wb") as target:
        target.write(source.read(8))
        for name, data in _png_chunks(source):
            if name in _PNG_KEPT:
                target.write(_png_chunk(name, data))
            if name == b"IHDR" and turned:
                target.write(_png_chunk(b"eXIf", turned))
            if name == b"IEND":
                return
        target.write(_png_chunk(b"IEND", b""))


def _png_chunks(source: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    while len(head := source.read(8)) == 8:
        size, name = struct.unpack(">I4s", head)
        data = source.read(min(size, _MOST))
        source.seek(4, os.SEEK_CUR)
        if len(data) == size or name == b"IDAT":  # keep truncated pixels
            yield name, data


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def jpeg(path: Path, out: Path) -> None:
    """Keep the segments of the first picture, including its color profile. Raises ValueError."""
    turned = _orientation(path)
    with path.open("rb") as source, out.open("wb") as target:
        data = source.read()
        target.write(b"\xff\xd8")
        if turned:
            target.write(b"\xff\xe1" + struct.pack(">H", len(turned) + 8) + b"Exif\0\0" + turned)
        at = 2
        while True:
            at, marker, segment = _segment(data, at)
            if marker == 0xD9:
                target.write(b"\xff\xd9")
                return
            if _jpeg_kept(marker, segment):
                target.write(bytes((0xFF, marker)) + struct.pack(">H", len(segment) + 2) + segment)
            if marker == 0xDA:
                end = _scan_end(data, at)
                target.write(data[at:end])
                at = end
                if at == len(data):  # truncated: keep what there is
                    target.write(b"\xff\xd9")
                    return


def _segment(data: bytes, at: int) -> tuple[int, int, bytes]:
    """Return the end, marker and content of the next segment."""
    if data[at] != 0xFF:
        raise ValueError("the JPEG has unexpected bytes between its segments")
    while data[at + 1] == 0xFF:  # padding
        at += 1
    marker = data[at + 1]
    if marker == 0xD9:
        return at + 2, marker, b""
    size = int.from_bytes(data[at + 2 : at + 4], "big")
    if size < 2 or at + 2 + size > len(data):
        raise ValueError("the JPEG is truncated")
    return at + 2 + size, marker, data[at + 4 : at + 2 + size]


def _jpeg_kept(marker: int, segment: bytes) -> bool:
    if marker == 0xE2:
        return segment.startswith(b"ICC_PROFILE\0")
    if marker == 0xEE:
        return segment.startswith(b"Adobe")
    return marker not in range(0xE1, 0xF0) and marker != 0xFE


def _scan_end(data: bytes, at: int) -> int:
    """Return the end of the encoded pixels: a marker other than a stuffed 0xFF or a restart, or the end of the file."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            return len(data)
        if data[at + 1] and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2


def webp(path: Path, out: Path) -> None:
    """Keep the chunks of the picture or animation. Raises ValueError."""
    turned = _orientation(path)
    with path.open("rb") as source:
        data = source.read()
    chunks = []
    for name, content in _riff(data[12 : 8 + int.from_bytes(data[4:8], "little")]):
        if name == b"VP8X":
            flags = content[0] & ~(_WEBP_EXIF | _WEBP_XMP) | (_WEBP_EXIF if turned else 0)
            chunks.append((name, bytes((flags,)) + content[1:]))
        elif name == b"ANMF":
            inner = [(part, held) for part, held in _riff(content[16:]) if part in _WEBP_KEPT]
            chunks.append((name, content[:16] + _to_riff(inner)))
        elif name in _WEBP_KEPT:
            chunks.append((name, content))
    if turned and chunks and chunks[0][0] == b"VP8X":
        chunks.append((b"EXIF", turned))
    body = b"WEBP" + _to_riff(chunks)
    out.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


def _riff(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if at + 8 + size > len(data):
            raise ValueError("the WebP is truncated")
        yield name, data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _to_riff(chunks: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks)


def gif(path: Path, out: Path) -> None:
    """Keep the frames, their timing and the loop count. Raises ValueError, IndexError."""
    data = path.read_bytes()
    at = 13 + _palette(data[10])
    output = bytearray(data[:at])
    while at < len(data) and data[at] != 0x3B:
        began = at
        if data[at] == 0x21:
            at = _blocks_end(data, at + 2)
            label, named = data[began + 1], data[began + 3 : began + 14]
            if label == 0xF9 or (label == 0xFF and named in (b"NETSCAPE2.0", b"ANIMEXTS1.0")):
                output += data[began:at]
        elif data[at] == 0x2C:
            at = _blocks_end(data, at + 11 + _palette(data[at + 9]))
            output += data[began:at]
        else:
            raise ValueError("the GIF has unexpected bytes between its blocks")
    out.write_bytes(output + b"\x3b")


def _palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks_end(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1


def _orientation(path: Path) -> bytes | None:
    """Return an EXIF block with only the orientation; None if the picture is stored upright."""
    try:
        with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as image:
            orientation = image.getexif().get(_ORIENTATION)
    except Exception as error:  # decoders raise anything for malicious files
        raise ValueError("the picture's header is corrupt") from error
    if orientation not in range(2, 9):
        return None
    return b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHH", _ORIENTATION, 3, 1, orientation, 0) + b"\0\0\0\0"
