"""Remove the metadata of sounds; the encoded samples are copied unchanged."""

import os
import shutil
import struct
from pathlib import Path
from typing import BinaryIO

import av
from av.error import FFmpegError

from engines.media.streams import open_media
from engines.media.wav import OPEN, chunks

_CHUNK = 1 << 20
_WAV_KEPT = {b"fmt ", b"fact", b"data", b"ds64"}
_FLAC_KEPT = {0, 3}


def wav(path: Path, out: Path) -> None:
    """Keep the format and the samples; correct the sizes. Raises ValueError."""
    with path.open("rb") as source, out.open("wb") as target:
        head = source.read(12)
        target.write(head)
        long, sizes_at, data_size = head[:4] != b"RIFF", 0, 0
        for chunk in chunks(source):
            if chunk.name not in _WAV_KEPT:
                continue
            if chunk.name == b"ds64":
                sizes_at = target.tell() + 8
            if chunk.name == b"data":
                data_size = chunk.size
            open_size = chunk.name == b"data" and (long or chunk.size >= OPEN)
            target.write(chunk.name + struct.pack("<I", OPEN if open_size else chunk.size))
            source.seek(chunk.start)
            _copy(source, target, chunk.size)
            target.write(b"\0" * (chunk.size % 2))
        size = target.tell() - 8
        target.seek(4)
        target.write(struct.pack("<I", OPEN if long else min(size, OPEN)))
        if sizes_at:
            target.seek(sizes_at)
            target.write(struct.pack("<QQ", size, data_size))


def mp3(path: Path, out: Path) -> None:
    """Keep the frames; remove the tags before (ID3v2) and after them (ID3v1, APE, Lyrics3)."""
    with path.open("rb") as source, out.open("wb") as target:
        begin, end = _after_id3(source), os.fstat(source.fileno()).st_size
        while (shorter := _before_tags(source, begin, end)) < end:
            end = shorter
        source.seek(begin)
        _copy(source, target, end - begin)


aac = mp3  # ADTS frames carry their tags the same way


def flac(path: Path, out: Path) -> None:
    """Keep the stream info, the seek table and the frames. Raises ValueError."""
    with path.open("rb") as source, out.open("wb") as target:
        source.seek(4)
        blocks: list[tuple[int, bytes]] = []
        last = False
        while not last:
            head = source.read(4)
            if len(head) < 4:
                raise ValueError("the FLAC is truncated")
            last, kind, size = bool(head[0] & 0x80), head[0] & 0x7F, int.from_bytes(head[1:], "big")
            content = source.read(size)
            if kind in _FLAC_KEPT:
                blocks.append((kind, content))
        target.write(b"fLaC")
        for n, (kind, content) in enumerate(blocks):
            flag = 0x80 if n == len(blocks) - 1 else 0
            target.write(bytes((kind | flag,)) + len(content).to_bytes(3, "big") + content)
        shutil.copyfileobj(source, target, _CHUNK)


def remux(path: Path, out: Path) -> None:
    """Copy the packets and their times into a new container of the same kind. Raises ValueError."""
    with open_media(path) as media:
        options = {"fflags": "+bitexact"}
        try:
            with av.open(str(out), "w", format=media.format.name, options=options) as target:
                streams = {}
                for stream in media.streams.audio:
                    streams[stream.index] = target.add_stream_from_template(stream)
                    streams[stream.index].metadata.clear()
                for packet in media.demux(*(media.streams[index] for index in streams)):
                    if packet.size:
                        packet.stream = streams[packet.stream.index]
                        target.mux(packet)
        except FFmpegError as error:
            raise ValueError("the container cannot be rewritten") from error


def _copy(source: BinaryIO, target: BinaryIO, size: int) -> None:
    while size > 0 and (chunk := source.read(min(size, _CHUNK))):
        target.write(chunk)
        size -= len(chunk)


def _after_id3(source: BinaryIO) -> int:
    at = 0
    while True:
        source.seek(at)
        head = source.read(10)
        if len(head) < 10 or head[:3] != b"ID3":
            return at
        size = (head[6] & 127) << 21 | (head[7] & 127) << 14 | (head[8] & 127) << 7 | (head[9] & 127)
        at += 10 + size + (10 if head[5] & 0x10 else 0)


def _before_tags(source: BinaryIO, begin: int, end: int) -> int:
    """Return the start of the last tag after the frames, or ``end`` if there is none."""
    if end - begin >= 128 and _read(source, end - 128, 3) == b"TAG":
        return end - 128
    if end - begin >= 32 and _read(source, end - 32, 8) == b"APETAGEX":
        size, flags = map(int, struct.unpack("<12xI4xI8x", _read(source, end - 32, 32)))
        return max(begin, end - size - (32 if flags >> 31 else 0))
    if end - begin >= 15 and _read(source, end - 9, 9) == b"LYRICS200":
        digits = _read(source, end - 15, 6)
        return max(begin, end - 15 - int(digits)) if digits.isdigit() else end
    return end


def _read(source: BinaryIO, at: int, size: int) -> bytes:
    source.seek(at)
    return source.read(size)
