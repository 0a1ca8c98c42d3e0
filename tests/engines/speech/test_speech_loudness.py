"""Loudness measured in pieces equals that of a meter for the whole sound."""

import numpy as np
import pyloudnorm
import pytest

from engines.media.sound import measure_loudness, normalize_loudness


def sound(rate: int, seconds: float, channels: int) -> np.ndarray:
    """Noise in bursts of changing strength."""
    frames = round(rate * seconds)
    chance = np.random.default_rng(frames)
    swell = 0.02 + 0.3 * np.abs(np.sin(np.arange(frames) / rate * 2))
    noise = chance.standard_normal((frames, channels)) * swell[:, None]
    return noise.astype(np.float32).squeeze()


@pytest.mark.parametrize(("rate", "seconds", "channels"), [(24_000, 35.3, 1), (44_100, 12, 2), (48_000, 0.5, 1)])
def test_it_measures_like_the_standard(rate: int, seconds: float, channels: int) -> None:
    samples = sound(rate, seconds, channels)
    assert measure_loudness(samples, rate) == pytest.approx(
        pyloudnorm.Meter(rate).integrated_loudness(samples), abs=0.02
    )


def test_pieces_join_seamlessly() -> None:
    rate = 24_000
    samples = sound(rate, 25, 1)
    louder = normalize_loudness(samples, rate, -10)
    gain = louder / samples
    steps = np.abs(np.diff(gain[np.abs(samples) > 1e-3]))
    assert np.abs(louder).max() <= 10 ** (-1 / 20)
    assert steps.max() < 0.02
