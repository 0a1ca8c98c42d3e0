"""Durations, places and situations in words a person would use."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "under 1 s"),
        (0, "under 1 s"),
        (0.9, "under 1 s"),
        (1, "1 s"),
        (5.4, "5 s"),
        (59.6, "1 min"),
        (60, "1 min"),
        (80, "1 min 20 s"),
        (3599.9, "1 h"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (100_000, "27 h 47 min"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


def seconds_of(said: str) -> int:
    units = {"s": 1, "min": 60, "h": 3600}
    return sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+) (min|s|h)", said))


@given(st.floats(1, 1e6))
def test_a_duration_says_what_it_is(seconds: float) -> None:
    said = words.duration(seconds)
    assert re.fullmatch(r"(\d+ h)?( ?\d+ min)?( ?\d+ s)?", said)
    assert abs(seconds_of(said) - seconds) <= (0.5 if seconds < 3599 else 30)
    assert not re.search(r"\b(60|[6-9]\d|\d{3,}) (s|min)\b", said)


@given(st.floats(-10, 1e6))
def test_a_guess_is_rounded_but_near(seconds: float) -> None:
    said = words.about(seconds)
    assert said.startswith("about ")
    assert abs(seconds_of(said) - max(1.0, seconds)) <= max(0.5, 0.21 * abs(seconds))


@given(st.floats(0, 1e5), st.floats(0, 1e5))
def test_longer_is_never_said_shorter(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert seconds_of(words.about(low)) <= seconds_of(words.about(high))


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (60, 180, "1-3 min"),
        (20, 60, "20-60 s"),
        (3.2, 3.3, "3 s"),
        (40, 120, "40 s to 2 min"),
        (7200, 3 * 3600, "2-3 h"),
        (0, 0, "1 s"),
    ],
)
def test_ranges(low: float, high: float, said: str) -> None:
    assert words.between(low, high) == said


@given(st.floats(0, 1e5), st.floats(1, 10))
def test_a_range_never_breaks(low: float, factor: float) -> None:
    assert re.search(r"\d", words.between(low, low * factor))


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (1, "first"),
        (2, "second"),
        (10, "tenth"),
        (11, "11th"),
        (12, "12th"),
        (21, "21st"),
        (33, "33rd"),
        (112, "112th"),
    ],
)
def test_ordinals(place: int, said: str) -> None:
    assert words.ordinal(place) == said


def test_situations() -> None:
    assert words.in_line(3, 240, "dad's clip") == "third in line, about 4 min; dad's clip is first"
    assert words.in_line(2, None, "your clip") == "second in line; your clip is first"
    assert words.in_line(1, 40, None) == "next, about 40 s"
    assert words.working(34, 81, "frame", 80) == "frame 34 of 81, 1 min 20 s left"
    assert words.working(99, 81, "frame", 0) == "frame 81 of 81, almost done"
    assert words.working(0, 3, "sentence", 0.4) == "sentence 0 of 3"
    assert words.working(0, 0, "step", None) == "being made"
    assert words.queue_ahead(2, words.whose("dad", "clip")) == "Dad's clip is first: you are second in line."
    assert words.queue_ahead(1, None) == "Nothing is ahead of you."
    assert words.sentence("élise's clip") == "Élise's clip"
    assert words.sentence("") == ""


def test_downloads_speak_in_bytes() -> None:
    assert words.working(1_234_000_000, 4_300_000_000, "byte", 180) == "1.2 of 4.3 GB, 3 min left"
    assert words.working(12_000_000, 640_000_000, "byte", None) == "12 of 640 MB"
    assert words.working(7_000_000_000, 24_000_000_000, "byte", None) == "7 of 24 GB"
    assert words.paused(300_000, 900_000, "byte") == "paused at 0.3 of 0.9 MB"
    assert words.paused(3, 81, "frame") == "paused at frame 3 of 81"
    assert words.paused(0, 0, "byte") == "paused"
