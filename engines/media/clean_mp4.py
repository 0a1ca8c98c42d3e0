"""MP4 and QuickTime without what they say about themselves: the parts that describe are emptied where they are.

Nothing moves, so every offset in the file still holds. Pictures, sound, subtitles and the timecode stay, byte for byte;
tracks of anything else (where a camera was and how it moved, chapters) go, and their samples with them.
"""

import os
import shutil
import struct
import sys
from bisect import bisect
from pathlib import Path
from typing import BinaryIO, NamedTuple

from engines.media.files import zero
from engines.media.mp4_boxes import Box, boxes, empty, find, read
from engines.media.mp4_samples import sample_ranges
from errors import StudioError

_TOP = b""
_KEPT = {
    _TOP: {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"mfra", b"sidx", b"wide", b"pdin"},
    b"moov": {b"mvhd", b"trak", b"mvex", b"iods", b"pssh", b"ctab", b"clip"},
    b"trak": {b"tkhd", b"edts", b"mdia", b"tref", b"tapt", b"clip", b"matt", b"load", b"imap", b"trgr"},
}
"""What stays of these boxes; of every other all but what is emptied everywhere."""
_EMPTIED = {b"udta", b"meta", b"uuid", b"free", b"skip", b"chap"}
_INSIDE = {b"moov", b"trak", b"tref", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"edts", b"mvex"}
_DATED = {b"mvhd", b"tkhd", b"mdhd"}
_SHOWN = {b"vide", b"soun", b"tmcd", b"sbtl", b"subt", b"text", b"clcp"}
"""Kinds of tracks that stay: what is seen, heard or read, and the timecode."""
_TELLING = (b"Planar Y'CbCr", b"Sorenson H263")
"""Names of codecs that decoders go by."""
_CHAPTERS = (b"tref", b"chap")
_MOST_IDS = 4096  # bytes of a list of tracks


def mp4(path: Path, out: Path) -> None:
    """MP4 and QuickTime. Raises ValueError, StudioError not_cleanable."""
    shutil.copyfile(path, out)
    with out.open("r+b") as file:
        whole = Box(_TOP, 0, 0, os.fstat(file.fileno()).st_size)
        _clean_tracks(file, whole)
        _clean(file, whole)


class _Track(NamedTuple):
    """A track: its box, its number, what it is of, and which tracks hold its chapters."""

    box: Box
    id: int
    kind: bytes
    chapters: frozenset[int]


def _clean_tracks(file: BinaryIO, whole: Box) -> None:
    """Remove each track that is neither shown nor heard; of the others, the names in how their samples are coded."""
    if next(find(file, whole, b"moov", b"cmov"), None):
        raise _refusal("Its header is compressed.")
    tracks = [_track(file, box) for box in find(file, whole, b"moov", b"trak")]
    chapters = frozenset().union(*(track.chapters for track in tracks))
    in_fragments = next(find(file, whole, b"moof"), None) is not None
    media = [(box.content, box.end) for box in find(file, whole, b"mdat")]
    for track in tracks:
        if track.kind in _SHOWN and track.id not in chapters:
            _clean_codecs(file, track)
        elif in_fragments:
            raise _refusal("It is stored in fragments, and each of them holds chapters or camera data.")
        else:
            _remove(file, track.box, media)


def _remove(file: BinaryIO, track: Box, media: list[tuple[int, int]]) -> None:
    """Empty a track and its samples, which lie in one of the places for ``media``."""
    for start, end in sample_ranges(file, track):
        at = bisect(media, (start, sys.maxsize)) - 1
        if at < 0 or start >= media[at][1]:
            continue  # cut off, or in another file
        zero(file, start, min(end, media[at][1]))
    empty(file, track)


def _track(file: BinaryIO, box: Box) -> _Track:
    header, handler = next(find(file, box, b"tkhd"), None), next(find(file, box, b"mdia", b"hdlr"), None)
    if header is None:
        raise ValueError("a track without a header")
    at = header.content + (20 if _is_long(file, header) else 12)
    lists = [read(file, one.content, min(one.end - one.content, _MOST_IDS)) for one in find(file, box, *_CHAPTERS)]
    return _Track(
        box,
        int.from_bytes(read(file, at, 4), "big"),
        read(file, handler.content + 8, 4) if handler else b"",
        frozenset(number for one in lists for (number,) in struct.iter_unpack(">I", one[: len(one) // 4 * 4])),
    )


def _clean(file: BinaryIO, outer: Box) -> None:
    """Empty what describes, and take dates and names out of what stays."""
    kept = _KEPT.get(outer.name)
    for box in boxes(file, outer.content, outer.end):
        if box.name in _EMPTIED or (kept and box.name not in kept):
            empty(file, box)
        elif box.name in _DATED:
            at = box.content + 4
            zero(file, at, min(box.end, at + (16 if _is_long(file, box) else 8)))
        elif box.name == b"hdlr":  # its kind stays; its maker and its name go
            zero(file, box.content + 12, box.end)
        elif box.name in _INSIDE:
            _clean(file, box)


def _is_long(file: BinaryIO, box: Box) -> bool:
    """Whether the times in a header have 8 bytes instead of 4."""
    return read(file, box.content, 1) == b"\1"


def _clean_codecs(file: BinaryIO, track: _Track) -> None:
    """Take out the tape that a timecode is of, and the program that compressed pictures or sound."""
    for table in find(file, track.box, b"mdia", b"minf", b"stbl", b"stsd"):
        for entry in boxes(file, table.content + 8, table.end):
            at = entry.content
            if track.kind == b"tmcd":
                for box in boxes(file, at + 26, entry.end):
                    empty(file, box)
            elif track.kind in (b"vide", b"soun"):  # four letters of its vendor
                zero(file, at + 12, min(at + 16, entry.end))
            if track.kind == b"vide" and not read(file, at + 43, 31).startswith(_TELLING):
                zero(file, at + 42, min(at + 74, entry.end))


def _refusal(why: str) -> StudioError:
    return StudioError("not_cleanable", "No clean copy can be made of this clip.", why, "Save it as it is.", status=422)
