"""The progress of a job when the studio stopped during it, and whether that is further than before."""

import re
from typing import Literal, NamedTuple

_COUNTED = re.compile(r"(?P<noun>.*?) (?P<step>\d+)(?P<total>| of \d+)")
_BETWEEN = "; "


class CrashPoint(NamedTuple):
    """A stop of the studio during a job: further than every earlier one, at the farthest place, or behind it.

    ``places`` is the string to store: the farthest place of each part of the work, the latest progress last.
    """

    progress: Literal["further", "same", "behind"]
    places: str


def crash_at(place: str, before: str | None) -> CrashPoint:
    """Compare a place (“step 3 of 4”, “letter 40”, “loading”) with the ``places`` of earlier stops.

    Steps are compared within one part of the work; a part without an earlier stop counts as further.
    """
    farthest = {_part(one)[0]: one for one in (before or "").split(_BETWEEN) if one}
    part, step = _part(place)
    if part in farthest and step <= _part(farthest[part])[1]:
        return CrashPoint("same" if place == [*farthest.values()][-1] else "behind", before or "")
    others = [one for name, one in farthest.items() if name != part]
    return CrashPoint("further", _BETWEEN.join([*others, place]))


def _part(place: str) -> tuple[str, int]:
    """The part of the work that a place belongs to, and the step within it."""
    counted = _COUNTED.fullmatch(place)
    return (counted["noun"] + counted["total"], int(counted["step"])) if counted else (place, 0)
