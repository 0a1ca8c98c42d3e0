"""Phrases joined into one sound, and shown as subtitles."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.speech.cues import LINE, LINES, cues
from engines.speech.phrases import Pause
from engines.speech.track import LEAD_IN, SECONDS, Span, Track, trimmed

RATE = 24_000


def tone(seconds: float, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(np.arange(round(seconds * RATE)) * 2 * np.pi * 200 / RATE)).astype(np.float32)


def test_quiet_ends_go_and_the_rest_is_faded() -> None:
    quiet = np.zeros(RATE // 2, np.float32)
    heard = trimmed(np.concatenate([quiet, tone(1), quiet]), RATE)
    assert 1 <= len(heard) / RATE < 1.1
    assert heard[0] == 0
    assert abs(heard[-1]) < 1e-3


def test_a_sound_that_starts_at_once_does_not_click() -> None:
    heard = trimmed(np.full(RATE, 0.5, np.float32), RATE)
    assert np.abs(np.diff(np.concatenate([[0], heard, [0]]))).max() < 0.02


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_pauses_are_as_long_as_asked_for(speed: float) -> None:
    track = Track(RATE, speed)
    spans = [track.add(tone(1), then) for then in (Pause.CLAUSE, Pause.SENTENCE, Pause.PARAGRAPH, Pause.SENTENCE)]
    assert None not in spans
    gaps = [after.start - before.end for before, after in itertools.pairwise(s for s in spans if s)]
    wanted = [SECONDS[then] / speed for then in (Pause.CLAUSE, Pause.SENTENCE, Pause.PARAGRAPH)]
    assert gaps == pytest.approx(wanted, abs=1e-4)
    assert spans[0] is not None
    assert spans[0].start == pytest.approx(LEAD_IN, abs=1e-4)
    samples = track.finish()
    assert len(samples) / RATE == pytest.approx(track.seconds)


def test_silence_adds_nothing() -> None:
    track = Track(RATE, 1)
    assert track.add(np.zeros(RATE, np.float32), Pause.SENTENCE) is None
    assert track.add(np.zeros(0, np.float32), Pause.SENTENCE) is None
    assert track.seconds == 0


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
