"""The sounds of the windows of a clip become one, and follow the sound of the clip that is continued."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engines.media.clip import ClipFormat, ClipWriter, Color, Frame
from engines.media.sound_track import SoundTrack
from engines.video.continuation import Continuation
from engines.video.window_sounds import joined_sound, save_sound

FPS = Fraction(8)
RATE = 8000


def level(value: float, seconds: float) -> SoundTrack:
    """A stereo sound of one value."""
    return SoundTrack(np.full((round(seconds * RATE), 2), value, np.float32), RATE)


def test_sounds_of_windows_fade_into_each_other_in_the_frame_that_they_share(tmp_path: Path) -> None:
    save_sound(tmp_path, 0, level(0.5, 2), 0, 8 / FPS)
    save_sound(tmp_path, 1, level(-0.5, 2), 7, 9 / FPS)
    joined = joined_sound(tmp_path, FPS, None)
    assert joined is not None
    samples, rate = joined
    assert (samples.shape, rate) == ((2 * RATE, 2), RATE)
    assert (samples[: 7 * 1000] == 0.5).all()
    assert (samples[8 * 1000 :] == -0.5).all()
    assert np.abs(np.diff(samples[:, 0])).max() < 0.002


def test_silence_is_where_a_sound_ends_early(tmp_path: Path) -> None:
    save_sound(tmp_path, 0, level(0.5, 0.5), 0, 8 / FPS)
    save_sound(tmp_path, 1, SoundTrack(np.full(2 * RATE, 0.25, np.float32), RATE), 7, 2 / FPS)
    joined = joined_sound(tmp_path, FPS, None)
    assert joined is not None
    assert [joined.samples[at, 1] for at in (3999, 4001, 6999, 7001, 8999)] == [0.5, 0, 0, 0.25, 0.25]


def test_a_new_part_alone_begins_after_the_frame_that_it_continues(tmp_path: Path) -> None:
    ramp = SoundTrack(np.linspace(0, 1, RATE, dtype=np.float32), RATE)
    save_sound(tmp_path, 0, ramp, -1, 8 / FPS)
    joined = joined_sound(tmp_path, FPS, None)
    assert joined is not None
    assert np.array_equal(joined.samples[:, 0], ramp.samples[1000:])


def test_windows_without_sound_make_none(tmp_path: Path) -> None:
    assert joined_sound(tmp_path, FPS, None) is None


@pytest.mark.parametrize("heard", [None, 12000])
def test_the_sound_of_the_clip_that_is_continued_comes_first(tmp_path: Path, heard: int | None) -> None:
    form = ClipFormat(64, 64, Fraction(1, 8000), FPS, Color(1, 1, 1), Fraction(1))
    writer = ClipWriter(tmp_path, form)
    for number in range(8):
        writer.write(Frame(np.zeros((64, 64, 3), np.uint8), number / FPS, 1 / FPS))
    tone = np.sin(np.arange(heard or 0) * 2 * np.pi * 440 / 12000).astype(np.float32) / 2
    writer.finish(tmp_path / "clip.mp4", SoundTrack(tone, 12000) if heard else None, {})
    begun = Continuation(tmp_path / "clip.mp4", None, form, Fraction(1), True, "")  # type: ignore[arg-type]
    save_sound(tmp_path, 0, level(0.25, 2), -1, 9 / FPS)
    joined = joined_sound(tmp_path, FPS, begun)
    assert joined is not None
    samples = joined.samples
    assert samples.shape == (2 * RATE, 2)
    before = samples[1000:6000]
    assert np.abs(before).max() == pytest.approx(0.5 if heard else 0, abs=0.05)
    if heard:  # 440 Hz, in both channels, where it was
        expected = np.sin(np.arange(1000, 6000) * 2 * np.pi * 440 / RATE) / 2
        assert np.corrcoef(before[:, 0], expected)[0, 1] > 0.98
        assert np.abs(before[:, 0] - before[:, 1]).max() < 0.01
    assert (samples[8001:] == 0.25).all()
    with av.open(str(tmp_path / "clip.mp4")) as media:
        assert len(media.streams.audio) == bool(heard)
