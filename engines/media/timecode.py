"""Read a clip's timecode, convert it to another frame rate and carry it over (SMPTE ST 12-1)."""

import re
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer

from engines.media.streams import moving_picture, open_media, other_tracks

_PARTS = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})([:;.])(\d{1,3})")

_MOST_RATE = 255  # a timecode track stores the rate in one byte


def timecode(media: InputContainer) -> str | None:
    """Return the timecode of a clip's first frame, or None."""
    places = [*(stream.metadata for stream in media.streams if stream.type in ("video", "data")), media.metadata]
    return next((place["timecode"] for place in places if place.get("timecode")), None)


def at_rate(code: str, before: Fraction, after: Fraction) -> str | None:
    """Convert a timecode to another frame rate: the same second, the nearest earlier frame; None if it is impossible.

    Drop-frame timecode stays drop-frame only at 29.97 and 59.94 fps.
    """
    match = _PARTS.fullmatch(code.strip())
    if match is None or not 1 <= round(after) <= _MOST_RATE:
        return None
    hours, minutes, seconds, mark, frames = match.groups()
    drops = mark != ":" and after.denominator == 1001 and round(after) in (30, 60)
    frame = int(frames) * round(after) // max(1, round(before))
    frame = min(frame, max(0, round(after) - 1))
    return f"{hours}:{minutes}:{seconds}{';' if drops else ':'}{frame:02}"


def later(code: str, frames: int, rate: Fraction) -> str:
    """Return the timecode of the frame ``frames`` after the one at ``code``, a timecode from ``at_rate``.

    Drop-frame timecode skips the first numbers of each minute except every tenth (SMPTE ST 12-1); days wrap around.
    """
    nominal, skipped = round(rate), _skipped(code, rate)
    mark = ";" if ";" in code else ":"
    number = frame_number(code, rate) + frames
    number %= 24 * 3600 * nominal - skipped * 24 * 54
    tens, rest = divmod(number, 600 * nominal - 9 * skipped)
    number += skipped * (9 * tens + max(0, (rest - skipped) // (60 * nominal - skipped)))
    total, within_second = divmod(number, nominal)
    return f"{total // 3600:02}:{total // 60 % 60:02}:{total % 60:02}{mark}{within_second:02}"


def frame_number(code: str, rate: Fraction) -> int:
    """Return how many frames after midnight a timecode from ``at_rate`` is."""
    hours, minutes, seconds, _, within = _PARTS.fullmatch(code).groups()  # type: ignore[union-attr]
    minute = 60 * int(hours) + int(minutes)
    number = (60 * minute + int(seconds)) * round(rate) + int(within)
    return number - _skipped(code, rate) * (minute - minute // 10)


def _skipped(code: str, rate: Fraction) -> int:
    """Return how many numbers a drop-frame timecode skips in most minutes."""
    return round(rate) // 15 if ";" in code else 0


def carried_timecode(source: Path, rate: Fraction, start: Fraction = Fraction(0)) -> tuple[str | None, list[str]]:
    """Return the timecode of ``source`` after ``start`` seconds at another frame rate, or None.

    Also returns notes about what is not carried over: an impossible timecode, and tracks besides picture and sound.
    """
    with open_media(source) as media:
        notes = other_tracks(media)
        video, code = moving_picture(media), timecode(media)
        if code is None:
            return None, notes
        before = (video and video.average_rate) or rate
        if (new := at_rate(code, before, rate)) is None:
            return None, [*notes, f"The timecode {code[:20]!r} is left out: it does not fit the frame rate."]
        return later(new, round(start * rate), rate), notes


def carry_timecode(source: Path, stream: av.VideoStream, rate: Fraction, start: Fraction = Fraction(0)) -> list[str]:
    """Set the timecode that ``source`` has after ``start`` seconds on a new clip with a frame rate.

    Returns notes about what is not carried over, as ``carried_timecode`` does.
    """
    code, notes = carried_timecode(source, rate, start)
    if code is not None:
        stream.metadata["timecode"] = code
    return notes
