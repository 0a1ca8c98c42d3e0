"""Remove the metadata of MP4 and QuickTime clips by emptying it in place.

Nothing moves, so every offset in the file stays valid. Video, sound, subtitles and timecode stay identical; other
tracks, such as camera data and chapters, are removed with their samples.
"""

import os
import shutil
import struct
import sys
from bisect import bisect
from pathlib import Path
from typing import BinaryIO, NamedTuple

from engines.media.files import zero
from engines.media.strip_metadata.mp4_boxes import Box, boxes, empty, find, read
from engines.media.strip_metadata.mp4_samples import sample_ranges
from errors import StudioError

_TOP = b""
_KEPT = {
    _TOP: {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"mfra", b"sidx", b"wide", b"pdin"},
    b"moov": {b"mvhd", b"trak", b"mvex", b"iods", b"pssh", b"ctab", b"clip"},
    b"trak": {b"tkhd", b"edts", b"mdia", b"tref", b"tapt", b"clip", b"matt", b"load", b"imap", b"trgr"},
}
"""Child boxes that stay in these boxes; other boxes keep everything except the boxes that are always emptied."""
_EMPTIED = {b"udta", b"meta", b"uuid", b"free", b"skip", b"chap"}
_INSIDE = {b"moov", b"trak", b"tref", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"edts", b"mvex"}
_DATED = {b"mvhd", b"tkhd", b"mdhd"}
_SHOWN = {b"vide", b"soun", b"tmcd", b"sbtl", b"subt", b"text", b"clcp"}
"""Kinds of tracks that stay: video, sound, subtitles and timecode."""
_IDENTIFYING = (b"Planar Y'CbCr", b"Sorenson H263")
"""Codec names that decoders depend on."""
_CHAPTERS = (b"tref", b"chap")
_MOST_IDS = 4096  # bytes of a track list


def mp4(path: Path, out: Path) -> None:
    """Clean an MP4 or QuickTime file. Raises ValueError, StudioError not_cleanable."""
    shutil.copyfile(path, out)
    with out.open("r+b") as file:
        whole = Box(_TOP, 0, 0, os.fstat(file.fileno()).st_size)
        _clean_tracks(file, whole)
        _clean(file, whole)


class _Track(NamedTuple):
    """A track: its box, its id, its kind, and the ids of its chapter tracks."""

    box: Box
    id: int
    kind: bytes
    chapters: frozenset[int]


def _clean_tracks(file: BinaryIO, movie: Box) -> None:
    """Remove each track of another kind; clean the codec descriptions of the others."""
    if next(find(file, movie, b"moov", b"cmov"), None):
        raise _refusal("Its header is compressed.")
    tracks = [_track(file, box) for box in find(file, movie, b"moov", b"trak")]
    chapters = frozenset().union(*(track.chapters for track in tracks))
    in_fragments = next(find(file, movie, b"moof"), None) is not None
    media = [(box.content, box.end) for box in find(file, movie, b"mdat")]
    for track in tracks:
        if track.kind in _SHOWN and track.id not in chapters:
            _clean_codecs(file, track)
        elif in_fragments:
            raise _refusal("It is stored in fragments that contain chapters or camera data.")
        else:
            _remove(file, track.box, media)


def _remove(file: BinaryIO, track: Box, media: list[tuple[int, int]]) -> None:
    """Empty a track and its samples, which are in one of the byte ranges ``media``."""
    for start, end in sample_ranges(file, track):
        at = bisect(media, (start, sys.maxsize)) - 1
        if at < 0 or start >= media[at][1]:
            continue  # missing, or in another file
        zero(file, start, min(end, media[at][1]))
    empty(file, track)


def _track(file: BinaryIO, box: Box) -> _Track:
    header, handler = next(find(file, box, b"tkhd"), None), next(find(file, box, b"mdia", b"hdlr"), None)
    if header is None:
        raise ValueError("a track has no header")
    at = header.content + (20 if _is_long(file, header) else 12)
    lists = [read(file, one.content, min(one.end - one.content, _MOST_IDS)) for one in find(file, box, *_CHAPTERS)]
    return _Track(
        box,
        int.from_bytes(read(file, at, 4), "big"),
        read(file, handler.content + 8, 4) if handler else b"",
        frozenset(number for one in lists for (number,) in struct.iter_unpack(">I", one[: len(one) // 4 * 4])),
    )


def _clean(file: BinaryIO, outer: Box) -> None:
    """Empty metadata boxes, and remove dates and names from the others."""
    allowed = _KEPT.get(outer.name)
    for box in boxes(file, outer.content, outer.end):
        if box.name in _EMPTIED or (allowed and box.name not in allowed):
            empty(file, box)
        elif box.name in _DATED:
            at = box.content + 4
            zero(file, at, min(box.end, at + (16 if _is_long(file, box) else 8)))
        elif box.name == b"hdlr":  # keep the kind; remove vendor and name
            zero(file, box.content + 12, box.end)
        elif box.name in _INSIDE:
            _clean(file, box)


def _is_long(file: BinaryIO, box: Box) -> bool:
    """Whether the times in a header have 8 bytes instead of 4."""
    return read(file, box.content, 1) == b"\1"


def _clean_codecs(file: BinaryIO, track: _Track) -> None:
    """Remove a timecode's tape name, and the program that encoded video or sound."""
    for table in find(file, track.box, b"mdia", b"minf", b"stbl", b"stsd"):
        for entry in boxes(file, table.content + 8, table.end):
            at = entry.content
            if track.kind == b"tmcd":
                for box in boxes(file, at + 26, entry.end):
                    empty(file, box)
            elif track.kind in (b"vide", b"soun"):  # four bytes of the vendor
                zero(file, at + 12, min(at + 16, entry.end))
            if track.kind == b"vide" and not read(file, at + 43, 31).startswith(_IDENTIFYING):
                zero(file, at + 42, min(at + 74, entry.end))


def _refusal(why: str) -> StudioError:
    return StudioError(
        "not_cleanable",
        "The metadata of this clip cannot be removed.",
        why,
        "Save it with its metadata, or convert it first.",
        status=422,
    )
