"""ICC profiles for the color codes (CICP, ITU-T H.273) in AVIF and HEIC files."""

import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from PIL import ImageCms

_MOST_META = 2**20
_MOST_BOXES = 200
_PRIMARIES = {
    9: ("BT.2020", ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))),
    12: ("Display P3", ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
}
"""CIE x, y of red, green and blue, for primaries other than sRGB's; all have the white point of sRGB."""
_WHITE = (0.3127, 0.3290)
_LIKE_SRGB = {1, 2, 6, 13, 14, 15}
"""Transfer characteristics that are displayed with sRGB's curve; those of HDR are not."""


def profile(path: Path) -> bytes | None:
    """Return the ICC profile for the colors of an AVIF or HEIC file; None for sRGB and for missing or unknown codes."""
    numbers = _numbers(path)
    if numbers is None or numbers[0] not in _PRIMARIES or numbers[1] not in _LIKE_SRGB:
        return None
    return _profile(numbers[0])


def _numbers(path: Path) -> tuple[int, int] | None:
    """Return the codes of the primaries and of the transfer characteristics."""
    with path.open("rb") as file:
        for _ in range(_MOST_BOXES):
            size, kind = struct.unpack(">I4s", file.read(8).ljust(8, b"\0"))
            if kind == b"meta":
                return _named(file.read(min(size - 8, _MOST_META))[4:]) if size > 8 else None
            if size < 8:
                return None
            file.seek(size - 8, 1)
    return None


def _named(meta: bytes) -> tuple[int, int] | None:
    """Return the codes of the primary picture, or, if it has none, those that all parts share."""
    for properties in _inside(meta, b"iprp"):
        for container in _inside(properties, b"ipco"):
            every = list(_boxes(container))
            own = _own(meta, properties)
            for named in ([every[n - 1] for n in own if 0 < n <= len(every)], every):
                profiles = {numbers for kind, content in named if (numbers := _nclx(kind, content))}
                if profiles:
                    return profiles.pop() if len(profiles) == 1 else None
    return None


def _nclx(kind: bytes, content: bytes) -> tuple[int, int] | None:
    if kind != b"colr" or content[:4] != b"nclx" or len(content) < 8:
        return None
    primaries, transfer = struct.unpack(">HH", content[4:8])
    return primaries, transfer


def _own(meta: bytes, properties: bytes) -> list[int]:
    """Return the property numbers of the primary picture; a gain map or a thumbnail has others."""
    primary = next((_number(box, 4, 4 if box[0] else 2) for box in _inside(meta, b"pitm") if len(box) >= 6), None)
    return [number for box in _inside(properties, b"ipma") for item, number in _associations(box) if item == primary]


def _associations(box: bytes) -> Iterator[tuple[int, int]]:
    """Yield pairs of an item number and the number of one of its properties."""
    if len(box) < 8:
        return
    item_size, size = 4 if box[0] else 2, 2 if box[3] & 1 else 1
    at = 8
    for _ in range(_number(box, 4, 4)):
        if at + item_size >= len(box):
            return
        item, count = _number(box, at, item_size), box[at + item_size]
        at += item_size + 1
        for place in range(at, at + count * size, size):
            yield item, _number(box, place, size) & (1 << 8 * size - 1) - 1  # the first bit marks essential properties
        at += count * size


def _number(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(content[at : at + size], "big")


def _inside(content: bytes, wanted: bytes) -> Iterator[bytes]:
    return (inner for kind, inner in _boxes(content) if kind == wanted)


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        if size < 8:
            return
        yield kind, content[at + 8 : at + size]
        at += size


@cache
def _profile(primaries: int) -> bytes:
    """Return the sRGB profile with other primaries, under their name."""
    name, corners = _PRIMARIES[primaries]
    profile_bytes = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack_from(">I", profile_bytes, 128)[0]
    entries = (struct.unpack_from(">4sII", profile_bytes, 132 + 12 * n) for n in range(count))
    tags = {tag: (at, size) for tag, at, size in entries}
    adapting = np.reshape(struct.unpack_from(">9i", profile_bytes, tags[b"chad"][0] + 8), (3, 3)) / 65536
    colors = np.transpose([_xyz(*corner) for corner in corners])
    colorants = adapting @ (colors * np.linalg.solve(colors, _xyz(*_WHITE)))
    for tag, colorant in zip((b"rXYZ", b"gXYZ", b"bXYZ"), np.rint(colorants.T * 65536).astype(int), strict=True):
        struct.pack_into(">3i", profile_bytes, tags[tag][0] + 8, *colorant)
    if b"chrm" in tags:
        places = (round(value * 65536) for corner in corners for value in corner)
        struct.pack_into(">6I", profile_bytes, tags[b"chrm"][0] + 12, *places)
    at, size = tags[b"desc"]
    length = (size - 28) // 2
    profile_bytes[at + 28 : at + 28 + 2 * length] = name.ljust(length)[:length].encode("utf-16-be")
    return bytes(profile_bytes)


def _xyz(x: float, y: float) -> tuple[float, float, float]:
    """Return the XYZ color of luminance 1."""
    return x / y, 1.0, (1 - x - y) / y
