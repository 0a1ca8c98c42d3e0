"""What finishing says about a clip: why it cannot be used, and what was converted without being asked for."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from engines.media.clip import ClipReader
from engines.media.streams import cut_off, cut_off_note, duration, moving_picture, open_media
from engines.requests.frame_rate import shown_rate
from errors import StudioError

_HDR = {16: "PQ", 18: "HLG"}
"""FFmpeg's numbers of the transfer functions of HDR."""


def refuse_hdr(reader: ClipReader) -> None:
    """Raise StudioError hdr_clip if a clip is HDR."""
    if name := _HDR.get(reader.format.color.transfer):
        raise StudioError(
            "hdr_clip",
            f"This clip is HDR ({name}).",
            "Results are in Rec.709, which has no HDR, and the studio does not convert one into the other.",
            "Convert it to Rec.709 in your editing program, then upload it again.",
        )


def begin_and_end(start: float | None, end: float | None, reader: ClipReader) -> tuple[Fraction, Fraction | None]:
    """Return a part's begin and end (None: the clip's) on the clip's own clock, from seconds after its first frame.

    Raises StudioError start_after_end.
    """
    if start is not None and start >= reader.seconds:
        raise StudioError(
            "start_after_end",
            "“Start at” is after the end of the clip.",
            f"The clip lasts {float(reader.seconds):.2f} s.",
            "Choose an earlier start.",
        )
    return reader.begins + exact(start or 0), None if end is None else reader.begins + exact(end)


def exact(seconds: float) -> Fraction:
    """Return the fraction that someone meant by a number of seconds."""
    return Fraction(seconds).limit_denominator(100_000)


def truncation_notes(path: Path) -> list[str]:
    """Return a note if a clip ends before its header says, for work that does not read it in order."""
    with open_media(path) as media:
        stream = moving_picture(media)
        if stream is None or (there := cut_off(media, stream)) is None:
            return []
        return [cut_off_note(there, duration(media, stream))]


def conversion_notes(reader: ClipReader, rate: Fraction, *, is_uneven: bool) -> Iterator[str]:
    """Yield notes about what was converted without being asked for."""
    if reader.first.interlaced_frame:
        yield "The clip is interlaced; the result is progressive, with the same number of frames."
    if is_uneven:
        yield f"The frame rate of the clip varies; the result has a constant {shown_rate(rate)} fps."
