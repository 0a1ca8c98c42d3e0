"""Clips with sound from memory, and frames finer than eight bits."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engines.media.clip import ClipFormat, ClipReader, ClipWriter, Color, FloatFrame, SoundTrack
from engines.protocol import ResultFile

RATE = Fraction(24)


def clip(folder: Path, frames: int, sound: SoundTrack | None, pixels: np.ndarray | None = None) -> ResultFile:
    folder.mkdir()
    writer = ClipWriter(folder / "parts", ClipFormat(64, 32, Fraction(1, 24_000), RATE, Color(1, 1, 1), Fraction(1)))
    shown = np.full((32, 64, 3), 0.5, np.float32) if pixels is None else pixels
    for number in range(frames):
        writer.write(FloatFrame(shown, number / RATE, 1 / RATE))
    return writer.finish(folder / "clip.mp4", sound, {"made": "here"})


def tone(rate: int, channels: int, seconds: float = 2.0) -> SoundTrack:
    times = np.arange(round(rate * seconds)) / rate
    sides = [np.sin(2 * np.pi * 440 * (number + 1) * times) / 2 for number in range(channels)]
    return SoundTrack(np.stack(sides, axis=1).astype(np.float32), rate)


def heard(path: Path) -> tuple[np.ndarray, int]:
    """The samples (channels, length) of a clip's sound, and their rate."""
    with av.open(str(path)) as media:
        track = media.streams.audio[0]
        blocks = [frame.to_ndarray() for frame in media.decode(track)]
        return np.concatenate(blocks, axis=1), track.rate


@pytest.mark.parametrize(
    ("rate", "channels", "written"), [(48_000, 2, 48_000), (24_000, 1, 24_000), (16_001, 1, 22_050)]
)
def test_sound_in_memory_is_heard_beside_the_frames(tmp_path: Path, rate: int, channels: int, written: int) -> None:
    made = clip(tmp_path / "clip", 48, tone(rate, channels))
    samples, at = heard(tmp_path / "clip" / made.file)
    assert (at, len(samples)) == (written, channels)
    assert samples.shape[1] / at == pytest.approx(2.0, abs=0.1)
    for number, side in enumerate(samples):
        spectrum = np.abs(np.fft.rfft(side))
        assert spectrum.argmax() * at / side.size == pytest.approx(440 * (number + 1), abs=2)
    with ClipReader(tmp_path / "clip" / made.file) as reader:
        assert len(list(reader.read())) == 48


def test_mono_needs_no_axis_for_its_channel(tmp_path: Path) -> None:
    mono = tone(24_000, 1)
    made = clip(tmp_path / "a", 3, SoundTrack(mono.samples[:, 0], mono.rate))
    assert made.content_sha256 == clip(tmp_path / "b", 3, mono).content_sha256
    empty = clip(tmp_path / "c", 3, SoundTrack(np.zeros(0, np.float32), 24_000))
    assert empty.frames == 3


def test_the_sound_counts_in_the_hash_of_what_was_made(tmp_path: Path) -> None:
    sound = tone(24_000, 1)
    hashes = [
        clip(tmp_path / name, 3, track).content_sha256
        for name, track in (("a", sound), ("b", sound), ("c", None), ("d", SoundTrack(sound.samples / 2, sound.rate)))
    ]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_samples_that_are_no_numbers_are_silent_and_loud_ones_are_cut_off(tmp_path: Path) -> None:
    samples = np.full((24_000, 1), np.nan, np.float32)
    samples[12_000:] = 9
    made = clip(tmp_path / "clip", 24, SoundTrack(samples, 24_000))
    sound, _ = heard(tmp_path / "clip" / made.file)
    assert np.isfinite(sound).all()
    assert np.abs(sound[0, 2_000:10_000]).max() < 0.1


def test_floats_reach_the_encoder_finer_than_eight_bits(tmp_path: Path) -> None:
    """Two grays between the same two of eight bits are two results; they would be one if they were rounded first."""
    grays = [np.full((32, 64, 3), (128 + part) / 255, np.float32) for part in (0.1, 0.3)]
    made = [clip(tmp_path / str(number), 2, None, gray) for number, gray in enumerate(grays)]
    assert made[0].content_sha256 != made[1].content_sha256
    wild = np.full((32, 64, 3), np.nan, np.float32)
    wild[:16] = 7
    with ClipReader(tmp_path / "wild" / clip(tmp_path / "wild", 2, None, wild).file) as reader:
        frame = next(iter(reader.read())).pixels
    assert frame[4].min() > 250
    assert frame[28].max() < 5
