"""Prompts that change over time: lines that begin with a time, such as “3 s: she turns to the camera”."""

import re
from typing import NamedTuple

_TIME = re.compile(r"^\s*(\d{1,3}(?:\.\d{1,3})?)\s*s\s*:[ \t]*", re.MULTILINE | re.IGNORECASE)


class TimedPrompt(NamedTuple):
    """A prompt, and the seconds from the start of the clip at which it begins to apply."""

    start: float
    prompt: str


def timed_prompts(prompt: str) -> tuple[TimedPrompt, ...]:
    """Split a prompt at its times. Text before the first time applies throughout; so does a prompt without times.

    The first prompt always starts at 0. Raises ValueError if the times are not in order or a time has no text.
    """
    times = list(_TIME.finditer(prompt))
    if not times:
        return (TimedPrompt(0.0, prompt),)
    throughout, _ = split_times(prompt)
    found: list[TimedPrompt] = []
    for match, following in zip(times, [*times[1:], None], strict=True):
        words = prompt[match.end() : following.start() if following else None].strip()
        start = float(match[1]) if found else 0.0
        if not words:
            raise ValueError(f"Write what happens at {match[1]} s")
        if found and start <= found[-1].start:
            raise ValueError(f"Write the times in order: {match[1]} s is not after {found[-1].start:g} s")
        found.append(TimedPrompt(start, f"{throughout}\n{words}" if throughout else words))
    return tuple(found)


def split_times(prompt: str) -> tuple[str, str]:
    """Return what applies throughout, and the lines with times; empty if there are none."""
    first = _TIME.search(prompt)
    return (prompt[: first.start()].strip(), prompt[first.start() :]) if first else (prompt, "")


def without_times(prompt: str) -> str:
    """Return a prompt without its times."""
    return _TIME.sub("", prompt)
