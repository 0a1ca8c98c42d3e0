"""Write HEIC like phones do: HEVC pictures, whole or in tiles, rotated, with a profile and EXIF."""

import struct
from pathlib import Path

import av
import numpy as np
from PIL import Image


def box(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), name) + content


def full(name: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(name, struct.pack(">I", version << 24 | flags), *parts)


def hevc(picture: Image.Image, folder: Path, pixel_format: str) -> tuple[bytes, bytes]:
    """Encode a picture as HEVC; return its configuration (hvcC) and the data."""
    path = folder / "tile.mp4"
    options = {"x265-params": "log-level=error:keyint=1:info=0", "crf": "4", "preset": "ultrafast"}
    with av.open(str(path), "w", options={"movflags": "+empty_moov"}) as out:
        stream = out.add_stream("libx265", rate=1, options=options)
        stream.width, stream.height, stream.pix_fmt = *picture.size, pixel_format
        stream.codec_context.codec_tag = "hvc1"
        frame = av.VideoFrame.from_ndarray(np.asarray(picture.convert("RGB")), "rgb24")
        out.mux(stream.encode(frame.reformat(format=pixel_format)))
        out.mux(stream.encode(None))
    with av.open(str(path)) as media:
        packet = next(packet for packet in media.demux(video=0) if packet.size)
        return bytes(media.streams.video[0].codec_context.extradata), bytes(packet)


def make_heic(
    path: Path,
    picture: Image.Image,
    *,
    tile: int | None = None,
    turns: int = 0,
    icc: bytes | None = None,
    cicp: tuple[int, int] | None = None,
    exif: bytes | None = None,
    brands: tuple[bytes, ...] = (b"heic", b"mif1", b"heic"),
    pixel_format: str = "yuv420p",
) -> Path:
    """Write ``picture`` as HEIC, whole or in tiles of a size in px, with a rotation in counterclockwise quarter turns.

    ``cicp`` are the codes of its primaries and transfer characteristics.
    """
    side = (tile, tile) if tile else picture.size
    corners = [(x, y) for y in range(0, picture.height, side[1]) for x in range(0, picture.width, side[0])]
    coded = [hevc(picture.crop((x, y, x + side[0], y + side[1])), path.parent, pixel_format) for x, y in corners]
    items = [(b"hvc1", data) for _, data in coded]
    primary = 1
    references = b""
    if tile:
        columns, rows = -(-picture.width // tile), -(-picture.height // tile)
        items.append((b"grid", struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *picture.size)))
        primary = len(items)
        tiles = struct.pack(f">HH{len(coded)}H", primary, len(coded), *range(1, len(coded) + 1))
        references += box(b"dimg", tiles)
    if exif:
        items.append((b"Exif", struct.pack(">I", 0) + exif))
        references += box(b"cdsc", struct.pack(">HHH", len(items), 1, primary))
    properties = [box(b"hvcC", coded[0][0]), full(b"ispe", struct.pack(">II", *side))]
    properties += [full(b"ispe", struct.pack(">II", *picture.size)), box(b"irot", bytes((turns,)))]
    colors = [box(b"colr", b"prof", icc)] if icc else []
    colors += [box(b"colr", b"nclx", struct.pack(">HHHB", *cicp, 6, 0))] if cicp else []
    properties += colors
    whole = [3, *range(5, 5 + len(colors)), 4]  # the picture's size, colors and rotation
    uses = [(n, [1, 2]) for n in range(1, len(coded) + 1)] if tile else [(1, [1, *whole])]
    uses += [(primary, whole)] if tile else []
    associations = b"".join(struct.pack(">HB", n, len(these)) + bytes(0x80 | p for p in these) for n, these in uses)
    entries = b"".join(
        full(b"infe", struct.pack(">HH4s", n, 0, kind) + b"\0", version=2) for n, (kind, _) in enumerate(items, 1)
    )

    def meta(start: int) -> bytes:
        places = b""
        for n, (_, data) in enumerate(items, 1):
            places += struct.pack(">HHHII", n, 0, 1, start, len(data))
            start += len(data)
        return full(
            b"meta",
            full(b"hdlr", bytes(4), b"pict", bytes(13)),
            full(b"pitm", struct.pack(">H", primary)),
            full(b"iloc", b"\x44\0", struct.pack(">H", len(items)), places),
            full(b"iinf", struct.pack(">H", len(items)), entries),
            full(b"iref", references) if references else b"",
            box(b"iprp", box(b"ipco", *properties), full(b"ipma", struct.pack(">I", len(uses)), associations)),
        )

    head = box(b"ftyp", brands[0], bytes(4), *brands[1:])
    start = len(head) + len(meta(0)) + 8
    path.write_bytes(head + meta(start) + box(b"mdat", *(data for _, data in items)))
    return path
