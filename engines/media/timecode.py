"""Read a clip's timecode and convert it to another frame rate (SMPTE ST 12-1)."""

import re
from fractions import Fraction

from av.container import InputContainer

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
