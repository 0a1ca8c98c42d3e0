"""Phrases are joined into one sound and shown as subtitles."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.speech.cues import LINE, LINES, cues
from engines.speech.track import LEAD_IN, Span, Track, trim_silence

RATE = 24_000


def tone(seconds: float, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(np.arange(round(seconds * RATE)) * 2 * np.pi * 200 / RATE)).astype(np.float32)


def test_silent_ends_are_trimmed_and_the_rest_is_faded() -> None:
    quiet = np.zeros(RATE // 2, np.float32)
    heard = trim_silence(np.concatenate([quiet, tone(1), quiet]), RATE)
    assert 1 <= len(heard) / RATE < 1.1
    assert heard[0] == 0
    assert abs(heard[-1]) < 1e-3


def test_a_sound_that_starts_at_once_does_not_click() -> None:
    heard = trim_silence(np.full(RATE, 0.5, np.float32), RATE)
    assert np.abs(np.diff(np.concatenate([[0], heard, [0]]))).max() < 0.02


def test_pauses_are_exact_to_the_sample() -> None:
    track, spans = Track(RATE), []
    for rest in (None, 0.15, 0.4, 2.5):
        if rest is not None:
            track.rest(rest)
        spans.append(track.add(tone(1)))
    gaps = [after.start - before.end for before, after in itertools.pairwise(spans)]
    assert gaps == pytest.approx([0.15, 0.4, 2.5], abs=1 / RATE)
    assert spans[0].start == pytest.approx(LEAD_IN, abs=1 / RATE)
    samples = track.finish(3)
    assert len(samples) / RATE == pytest.approx(track.seconds)
    assert len(samples) / RATE - spans[-1].end == pytest.approx(3, abs=1 / RATE)
    for before, after in itertools.pairwise(spans):
        assert not samples[round(before.end * RATE) : round(after.start * RATE)].any()


def test_a_long_phrase_becomes_several_cues() -> None:
    text = "The old keeper, who had not spoken to another soul since the storm took the bridge, climbed the stairs " * 2
    made = list(cues([(text.strip(), Span(10, 22))]))
    assert len(made) > 1
    assert made[0].start == 10
    assert made[-1].end == 22
    assert all(a.end == b.start for a, b in itertools.pairwise(made))
    assert " ".join(" ".join(cue.text.split("\n")) for cue in made).split() == text.split()


@given(st.text(alphabet="abc ,.-", min_size=1, max_size=300).filter(lambda text: any(c.isalpha() for c in text)))
def test_cues_are_readable_and_in_order(text: str) -> None:
    made = list(cues([(text, Span(1, 3)), (text, Span(3.5, 6))]))
    for cue in made:
        lines = cue.text.split("\n")
        assert 1 <= len(lines) <= LINES
        assert all(0 < len(line) <= LINE for line in lines)
        assert cue.start < cue.end
    assert all(a.end <= b.start for a, b in itertools.pairwise(made))
