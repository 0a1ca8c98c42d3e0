"""The sentences of the queue: durations, places and progress."""

_MINUTE, _HOUR = 60, 3600


def duration(seconds: float) -> str:
    """A duration: “under 1 s”, “5 s”, “1 min 20 s”, “2 h 5 min”. A negative one counts as 0 s."""
    if seconds < 1:
        return "under 1 s"
    if seconds < _HOUR:
        minutes, rest = divmod(round(seconds), _MINUTE)
        if minutes < _MINUTE:
            return _joined((minutes, "min"), (rest, "s"))
    hours, rest = divmod(round(seconds / _MINUTE), 60)
    return _joined((hours, "h"), (rest, "min"))


def about(seconds: float) -> str:
    """An estimated duration: “about 14 s”, “about 1 min 20 s”, “about 4 min”, “about 2 h 5 min”."""
    return f"about {duration(_rounded(seconds))}"


def left(seconds: float) -> str:
    """The remaining time: “1 min 20 s left”, or “almost done” in the last second."""
    return f"{duration(_rounded(seconds))} left" if seconds >= 1 else "almost done"


def between(low: float, high: float) -> str:
    """A range of durations, in one unit if possible: “20–60 s”, “1–3 min”, “40 s to 2 min”."""
    low, high = _rounded(low), _rounded(high)
    if low == high:
        return duration(low)
    for size, unit in ((1, "s"), (_MINUTE, "min"), (_HOUR, "h")):
        if low >= size and low % size == 0 and high % size == 0 and high <= 90 * size:
            return f"{low // size:g}–{high // size:g} {unit}"
    return f"{duration(low)} to {duration(high)}"


def paused(step: int, total: int, noun: str) -> str:
    """A paused job: “paused at 1.2 of 4.3 GB”."""
    return f"paused at {_done(step, total, noun)}" if total > 0 else "paused"


def _done(step: int, total: int, noun: str) -> str:
    return _bytes(min(step, total), total) if noun == "byte" else f"{noun} {min(step, total)} of {total}"


def _bytes(step: int, total: int) -> str:
    """How much of a download has arrived: “1.2 of 4.3 GB”, “12 of 640 MB”."""
    size, unit = (1e9, "GB") if total >= 1e9 else (1e6, "MB")
    digits = 1 if total < 10 * size else 0
    return f"{step / size:.{digits}f} of {total / size:.{digits}f} {unit}"


def ordinal(place: int) -> str:
    """A place in the queue: “1st”, “2nd”, “11th”, “22nd”."""
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"


def whose(owner: str | None) -> str:
    """“dad's”; without an owner, “yours”."""
    return f"{owner}'s" if owner else "yours"


def sentence(words: str) -> str:
    """The words as a sentence: the first letter is capitalized, names stay as they are."""
    return words[:1].upper() + words[1:]


def in_line(place: int, seconds: float | None) -> str:
    """The place of a waiting job, and the time until it is done: “3rd in line · about 4 min”."""
    where = "next" if place == 1 else f"{ordinal(place)} in line"
    return where if seconds is None else f"{where} · {about(seconds)}"


def yielded(seconds: float | None) -> str:
    """A long job that lets short ones run: “continues after a short job · about 4 min”."""
    where = "continues after a short job"
    return where if seconds is None else f"{where} · {about(seconds)}"


def in_pause(seconds: float, whose: str) -> str:
    """When a short request that is not submitted yet would interrupt a long job, and whose that is (see ``whose``)."""
    return f"Starts in {about(seconds)}, in a pause of a longer job ({whose})."


def queue_ahead(place: int, first: str | None) -> str:
    """The queue in front of a request that is not submitted yet; ``first`` says whose job is first (see ``whose``)."""
    ahead = place - 1
    if ahead == 0:
        return "Starts right away."
    if ahead == 1:
        return f"One job is ahead of you ({first})." if first else "One job is ahead of you."
    return f"{ahead} jobs are ahead of you, starting with {first}." if first else f"{ahead} jobs are ahead of you."


def working(step: int, total: int, noun: str, seconds: float | None) -> str:
    """The progress of a job: “frame 34 of 81, 1 min 20 s left”. “Almost done” only appears in its second half."""
    early = seconds is not None and seconds < 1 and 2 * step < max(total, 1)
    time = "" if seconds is None or early else left(seconds)
    if total < 1:
        return f"working, {time}" if time else "working"
    done = _done(step, total, noun)
    return f"{done}, {time}" if time else done


def _joined(*parts: tuple[int, str]) -> str:
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def _rounded(seconds: float) -> int:
    """Round to 1 s below 1 min, 5 s below 2 min, 10 s below 10 min, 1 min below 1 h, and 5 min from there."""
    grain = next(grain for limit, grain in _GRAINS if seconds < limit)
    return max(1, round(seconds / grain) * grain)


_GRAINS = ((_MINUTE, 1), (2 * _MINUTE, 5), (3 * _MINUTE, 10), (_HOUR, _MINUTE), (float("inf"), 5 * _MINUTE))
