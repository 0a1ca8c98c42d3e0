"""Resampling: the duration is exact, tones keep their level, and nothing is mirrored into the new band."""

import numpy as np
import pytest

from engines.media.resample import EDIT_RATE, resample


def tone(hertz: float, rate: int, count: int) -> np.ndarray:
    fade = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.02 * rate))
    return (0.89 * fade * np.sin(2 * np.pi * hertz * np.arange(count) / rate)).astype(np.float32)


@pytest.mark.parametrize("hertz", [60.0, 1000.0, 7333.0, 10_500.0])
def test_a_tone_keeps_its_level_and_gets_no_mirror_image(hertz: float) -> None:
    made = resample(tone(hertz, 24_000, 48_007), 24_000, EDIT_RATE)
    assert len(made) == 2 * 48_007
    assert made.dtype == np.float32
    power = np.square(np.abs(np.fft.rfft(made * np.hanning(len(made)))))
    bins = np.fft.rfftfreq(len(made), 1 / EDIT_RATE)
    assert bins[power.argmax()] == pytest.approx(hertz, abs=1)
    assert power[bins > 12_500].sum() < 1e-10 * power.sum()
    middle = made[10_000:-10_000]
    assert np.sqrt(2 * np.square(middle).mean()) == pytest.approx(0.89, rel=1e-3)
    assert np.abs(made).max() < 0.9


@pytest.mark.parametrize(("rate", "new_rate"), [(22_050, 48_000), (44_100, 48_000), (48_000, 24_000), (48_000, 48_000)])
def test_a_second_stays_a_second_in_stereo(rate: int, new_rate: int) -> None:
    assert resample(np.zeros((rate, 2), np.float32), rate, new_rate).shape == (new_rate, 2)
