"""Saved sound has the requested loudness, no clipping, and embedded provenance."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engines.media import intake
from engines.media.sound import PEAK, measure_loudness, normalize_loudness, save_sound
from engines.media.subtitles import Cue, save_subtitles, srt

RATE = 24_000
RECORD = {"request": {"task": "speak", "text": "Grüße „überall“. " * 3000}, "model": {"id": "t"}, "seed": 1}


def voice(seconds: float, level: float = 0.1) -> np.ndarray:
    """Return noise in syllables, about as uneven as speech."""
    t = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(1).normal(size=len(t))
    return (level * noise * np.abs(np.sin(2 * np.pi * 2 * t))).astype(np.float32)


@pytest.mark.parametrize("lufs", [-16.0, -23.0, -12.0])
@pytest.mark.parametrize("level", [0.003, 0.4])
def test_loudness_is_reached_without_clipping(lufs: float, level: float) -> None:
    loud = normalize_loudness(voice(4, level), RATE, lufs)
    assert measure_loudness(loud, RATE) == pytest.approx(lufs, abs=0.6)
    assert np.abs(loud).max() <= PEAK + 1e-4
    assert len(loud) == 4 * RATE


def test_a_click_is_limited_and_the_rest_stays_unchanged() -> None:
    sound = voice(4, 0.02)
    sound[2 * RATE] = 1.0
    out = normalize_loudness(sound, RATE, -16)
    assert np.abs(out).max() <= PEAK + 1e-4
    gain = out[: RATE // 2] / np.where(sound[: RATE // 2] == 0, 1, sound[: RATE // 2])
    assert np.ptp(gain[sound[: RATE // 2] != 0]) < 0.01


def test_silence_and_very_short_sounds_work() -> None:
    assert not normalize_loudness(np.zeros(RATE, np.float32), RATE, -16).any()
    assert np.isfinite(normalize_loudness(voice(0.1), RATE, -16)).all()


@pytest.mark.parametrize("suffix", [".wav", ".mp3"])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_saved_sound_has_embedded_provenance_and_plays(tmp_path: Path, suffix: str, channels: int) -> None:
    samples = voice(2.5) if channels == 1 else np.stack([voice(2.5), voice(2.5, 0.05)], 1)
    path = tmp_path / f"a{suffix}"
    result = save_sound(samples, RATE, path, RECORD)
    assert intake.read_provenance(path) == RECORD
    facts = intake.inspect(path, "a").facts
    assert (facts.kind, facts.mime) == ("sound", result.mime)
    assert facts.seconds == pytest.approx(2.5, abs=0.1)
    played, rate = soundfile.read(path, always_2d=True)
    assert rate == RATE
    assert played.shape[1] == channels
    assert np.sqrt((played[:, 0] ** 2).mean()) == pytest.approx(np.sqrt((voice(2.5) ** 2).mean()), rel=0.1)
    assert (tmp_path / str(result.thumb)).stat().st_size > 100


def test_wav_is_24_bit_and_exact(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    save_sound(voice(1), RATE, path, RECORD)
    assert soundfile.info(path).subtype == "PCM_24"
    assert np.abs(soundfile.read(path, dtype="float32")[0] - voice(1)).max() < 2e-7


def test_same_samples_same_hash_in_any_format(tmp_path: Path) -> None:
    first = save_sound(voice(1), RATE, tmp_path / "a.wav", RECORD)
    second = save_sound(voice(1), RATE, tmp_path / "b.mp3", RECORD)
    other = save_sound(voice(1, 0.2), RATE, tmp_path / "c.wav", RECORD)
    assert first.content_sha256 == second.content_sha256 != other.content_sha256


def test_nan_and_overshoot_are_clipped(tmp_path: Path) -> None:
    samples = np.array([np.nan, 3.0, -3.0, 0.5] * 1000, np.float32)
    save_sound(samples, RATE, tmp_path / "a.wav", RECORD)
    assert np.abs(soundfile.read(tmp_path / "a.wav")[0]).max() <= 1


def test_subtitles_are_valid_srt(tmp_path: Path) -> None:
    cues = [Cue(0, 1.5, "One\n\ntwo --> three"), Cue(3661.0004, 3662.9996, "Ende")]
    assert srt(cues) == (
        "1\n00:00:00,000 --> 00:00:01,500\nOne\ntwo → three\n\n2\n01:01:01,000 --> 01:01:03,000\nEnde\n"
    )
    result = save_subtitles(cues, tmp_path / "a.srt", RECORD)
    assert (result.kind, result.seconds) == ("subtitles", 3662.9996)
    assert (tmp_path / "a.srt").read_text(encoding="utf-8") == srt(cues)
