"""How the queue speaks: durations, places and situations in words a person would use."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_MINUTE, _HOUR = 60, 3600


def duration(seconds: float) -> str:
    """A length of time: “under 1 s”, “5 s”, “1 min 20 s”, “2 h 5 min”. Negative counts as nothing."""
    if seconds < 1:
        return "under 1 s"
    if seconds < _HOUR:
        minutes, rest = divmod(round(seconds), _MINUTE)
        if minutes < _MINUTE:
            return _joined((minutes, "min"), (rest, "s"))
    hours, rest = divmod(round(seconds / _MINUTE), 60)
    return _joined((hours, "h"), (rest, "min"))


def about(seconds: float) -> str:
    """A length of time nobody knows exactly: “about 14 s”, “about 1 min 20 s”, “about 4 min”, “about 2 h 5 min”."""
    return f"about {duration(_rounded(seconds))}"


def left(seconds: float) -> str:
    """How long something still takes: “1 min 20 s left”, at its very end “almost done”."""
    return f"{duration(_rounded(seconds))} left" if seconds >= 1 else "almost done"


def between(low: float, high: float) -> str:
    """A range of time in one unit where it has one: “20-60 s”, “1-3 min”, “40 s to 2 min”."""
    low, high = _rounded(low), _rounded(high)
    if low == high:
        return duration(low)
    for size, unit in ((1, "s"), (_MINUTE, "min"), (_HOUR, "h")):
        if low >= size and low % size == 0 and high % size == 0 and high <= 90 * size:
            return f"{low // size:g}-{high // size:g} {unit}"
    return f"{duration(low)} to {duration(high)}"


def paused(step: int, total: int, noun: str) -> str:
    """A job that rests: “paused at 1.2 of 4.3 GB”."""
    return f"paused at {_done(step, total, noun)}" if total > 0 else "paused"


def _done(step: int, total: int, noun: str) -> str:
    return _bytes(min(step, total), total) if noun == "byte" else f"{noun} {min(step, total)} of {total}"


def _bytes(step: int, total: int) -> str:
    """How much of a download is here: “1.2 of 4.3 GB”, “12 of 640 MB”."""
    size, unit = (1e9, "GB") if total >= 1e9 else (1e6, "MB")
    digits = 1 if total < 10 * size else 0
    return f"{step / size:.{digits}f} of {total / size:.{digits}f} {unit}"


def ordinal(place: int) -> str:
    """A place in a line: “first” … “tenth”, “11th”, “22nd”."""
    if 1 <= place <= len(_ORDINALS):
        return _ORDINALS[place - 1]
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"


def whose(owner: str | None, noun: str) -> str:
    """“dad's clip”; with nobody named, “your clip”."""
    return f"{owner}'s {noun}" if owner else f"your {noun}"


def sentence(words: str) -> str:
    """The words as a sentence of their own: a capital in front, names left as they are written."""
    return words[:1].upper() + words[1:]


def in_line(place: int, seconds: float | None, first: str | None) -> str:
    """Where a waiting job stands; ``seconds`` until it is done, ``first`` is whose turn it is (see ``whose``)."""
    if place == 1:
        return "next" if seconds is None else f"next, {about(seconds)}"
    time = "" if seconds is None else f", {about(seconds)}"
    return f"{ordinal(place)} in line{time}" + (f"; {first} is first" if first else "")


def queue_ahead(place: int, first: str | None) -> str:
    """What stands before a request that is not made yet."""
    if place == 1 or first is None:
        return "Nothing is ahead of you."
    return sentence(f"{first} is first: you are {ordinal(place)} in line.")


def working(step: int, total: int, noun: str, seconds: float | None) -> str:
    """How far a job is: “frame 34 of 81, 1 min 20 s left”. Before its middle nothing is called almost done."""
    early = seconds is not None and seconds < 1 and 2 * step < max(total, 1)
    time = "" if seconds is None or early else left(seconds)
    if total < 1:
        return f"being made, {time}" if time else "being made"
    done = _done(step, total, noun)
    return f"{done}, {time}" if time else done


def _joined(*parts: tuple[int, str]) -> str:
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def _rounded(seconds: float) -> int:
    """To what a person would say: seconds to 1 min, then 5 s, from 2 min 10 s, from 10 min minutes, from 1 h 5 min."""
    grain = next(grain for limit, grain in _GRAINS if seconds < limit)
    return max(1, round(seconds / grain) * grain)


_GRAINS = ((_MINUTE, 1), (2 * _MINUTE, 5), (3 * _MINUTE, 10), (_HOUR, _MINUTE), (float("inf"), 5 * _MINUTE))
