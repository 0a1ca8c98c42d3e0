"""How far a job was when the studio ended during it, and whether that is further than ever."""

import re
from typing import Literal, NamedTuple

_COUNTED = re.compile(r"(?P<noun>.*?) (?P<step>\d+)(?P<total>| of \d+)")
_BETWEEN = "; "


class Stop(NamedTuple):
    """An end of the studio during a job: further than each before it, right at the farthest one, or behind that.

    ``places`` is what to remember: the farthest place of each part of the work, that of the latest progress last.
    """

    progress: Literal["further", "same", "behind"]
    places: str


def stop_at(place: str, before: str | None) -> Stop:
    """Compare a place (“step 3 of 4”, “letter 40”, “loading”) with the ``places`` of the stops before it.

    Steps of one part of the work are compared; a part that no stop was in before counts as further.
    """
    farthest = {_part(one)[0]: one for one in (before or "").split(_BETWEEN) if one}
    part, step = _part(place)
    if part in farthest and step <= _part(farthest[part])[1]:
        return Stop("same" if place == [*farthest.values()][-1] else "behind", before or "")
    others = [one for name, one in farthest.items() if name != part]
    return Stop("further", _BETWEEN.join([*others, place]))


def _part(place: str) -> tuple[str, int]:
    """The part of the work a place is in, and the step of it."""
    counted = _COUNTED.fullmatch(place)
    return (counted["noun"] + counted["total"], int(counted["step"])) if counted else (place, 0)
