"""The queue's sentences: durations, places and progress."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import wording


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
    assert wording.duration(seconds) == said


def seconds_of(said: str) -> int:
    units = {"s": 1, "min": 60, "h": 3600}
    return sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+) (min|s|h)", said))


@given(st.floats(1, 1e6))
def test_a_duration_is_accurate(seconds: float) -> None:
    said = wording.duration(seconds)
    assert re.fullmatch(r"(\d+ h)?( ?\d+ min)?( ?\d+ s)?", said)
    assert abs(seconds_of(said) - seconds) <= (0.5 if seconds < 3599 else 30)
    assert not re.search(r"\b(60|[6-9]\d|\d{3,}) (s|min)\b", said)


@given(st.floats(-10, 1e6))
def test_an_estimate_is_rounded_but_close(seconds: float) -> None:
    said = wording.about(seconds)
    assert said.startswith("about ")
    assert abs(seconds_of(said) - max(1.0, seconds)) <= max(0.5, 0.21 * abs(seconds))


@given(st.floats(0, 1e5), st.floats(0, 1e5))
def test_rounding_keeps_the_order(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert seconds_of(wording.about(low)) <= seconds_of(wording.about(high))


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (60, 180, "1–3 min"),
        (20, 60, "20–60 s"),
        (3.2, 3.3, "3 s"),
        (40, 120, "40 s to 2 min"),
        (7200, 3 * 3600, "2–3 h"),
        (0, 0, "1 s"),
    ],
)
def test_ranges(low: float, high: float, said: str) -> None:
    assert wording.between(low, high) == said


@given(st.floats(0, 1e5), st.floats(1, 10))
def test_every_range_has_a_text(low: float, factor: float) -> None:
    assert re.search(r"\d", wording.between(low, low * factor))


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (1, "1st"),
        (2, "2nd"),
        (10, "10th"),
        (11, "11th"),
        (12, "12th"),
        (21, "21st"),
        (33, "33rd"),
        (112, "112th"),
    ],
)
def test_ordinals(place: int, said: str) -> None:
    assert wording.ordinal(place) == said


def test_queue_and_progress() -> None:
    assert wording.in_line(3, 240) == "3rd in line · about 4 min"
    assert wording.in_line(2, None) == "2nd in line"
    assert wording.in_line(1, 40) == "next · about 40 s"
    assert wording.in_line(1, None) == "next"
    assert wording.working(34, 81, "frame", 80) == "frame 34 of 81, 1 min 20 s left"
    assert wording.working(99, 81, "frame", 0) == "frame 81 of 81, almost done"
    assert wording.working(0, 3, "sentence", 0.4) == "sentence 0 of 3"
    assert wording.working(0, 0, "step", None) == "working"
    assert wording.queue_ahead(1, None) == "Starts right away."
    assert wording.queue_ahead(2, wording.whose(None)) == "One job is ahead of you (yours)."
    assert wording.queue_ahead(2, wording.whose("dad")) == "One job is ahead of you (dad's)."
    assert wording.queue_ahead(2, None) == "One job is ahead of you."
    assert wording.queue_ahead(4, wording.whose("dad")) == "3 jobs are ahead of you, starting with dad's."
    assert wording.queue_ahead(3, wording.whose(None)) == "2 jobs are ahead of you, starting with yours."
    assert wording.queue_ahead(3, None) == "2 jobs are ahead of you."
    assert wording.sentence("élise's clip") == "Élise's clip"
    assert wording.sentence("") == ""


def test_downloads_show_bytes() -> None:
    assert wording.working(1_234_000_000, 4_300_000_000, "byte", 180) == "1.2 of 4.3 GB, 3 min left"
    assert wording.working(12_000_000, 640_000_000, "byte", None) == "12 of 640 MB"
    assert wording.working(7_000_000_000, 24_000_000_000, "byte", None) == "7 of 24 GB"
    assert wording.paused(300_000, 900_000, "byte") == "paused at 0.3 of 0.9 MB"
    assert wording.paused(3, 81, "frame") == "paused at frame 3 of 81"
    assert wording.paused(0, 0, "byte") == "paused"
