"""The frames of a clip that a model gets: chosen by time, cropped to its size."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.diffusion.clip_frames import Canvas, read_frames
from engines.diffusion.crop import cover_crop
from tests.engines.media.clip_files import make_clip

GRAYS = [np.full((48, 64, 3), 8 * number, np.uint8) for number in range(31)]
"""Frames that show their number."""

FULL = Canvas(64, 48, (0, 0, 1, 1))


def numbers(frames: list[Image.Image]) -> list[int]:
    """Return which of ``GRAYS`` the frames are."""
    return [round(float(np.asarray(frame).mean()) / 8) for frame in frames]


def clip(folder: Path, times: list[Fraction]) -> Path:
    return make_clip(folder / "clip.mp4", times, time_base=Fraction(1, 12_000), frames=GRAYS)


@pytest.mark.parametrize(
    ("rate", "wanted"),
    [
        (24, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (12, [1, 3, 5, 7, 9, 11, 13, 15, 17]),
        (16, [0, 2, 3, 5, 6, 8, 9, 11, 12]),
        (48, [0, 0, 1, 1, 2, 2, 3, 3, 4]),
    ],
)
def test_frames_are_chosen_by_time(rate: int, wanted: list[int], tmp_path: Path) -> None:
    path = clip(tmp_path, [Fraction(number, 24) for number in range(24)])
    assert numbers(read_frames(path, Fraction(rate), 9, FULL)) == wanted


def test_a_variable_frame_rate_keeps_its_times(tmp_path: Path) -> None:
    path = clip(tmp_path, [Fraction(n, 10) for n in (5, 6, 9, 12)])  # it begins at half a second
    assert numbers(read_frames(path, Fraction(10), 8, FULL)) == [0, 1, 1, 1, 2, 2, 2, 3]


def test_a_shorter_clip_ends_with_its_last_frame(tmp_path: Path) -> None:
    path = clip(tmp_path, [Fraction(number, 24) for number in range(4)])
    assert numbers(read_frames(path, Fraction(24), 9, FULL)) == [0, 1, 2, 3, 3, 3, 3, 3, 3]
    path = clip(tmp_path, [Fraction(0)])
    assert numbers(read_frames(path, Fraction(1, 100), 2, FULL)) == [0, 0]


def test_frames_fill_another_shape(tmp_path: Path) -> None:
    halves = np.zeros((48, 64, 3), np.uint8)
    halves[:, :16] = halves[:, 48:] = 255
    path = make_clip(tmp_path / "clip.mp4", [Fraction(0)], frames=[halves])
    (frame,) = read_frames(path, Fraction(24), 1, Canvas.of(cover_crop((64, 48), 32, 48), (64, 48)))
    assert frame.size == (32, 48)
    assert np.asarray(frame).mean() < 10  # only the black middle is left


def test_the_whole_frame_is_shown_with_gray_around_it(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", [Fraction(0)], frames=[np.full((48, 64, 3), 255, np.uint8)])
    (frame,) = read_frames(path, Fraction(24), 1, Canvas(64, 96, None))
    rows = np.asarray(frame).mean((1, 2))
    assert (rows[24:72] > 250).all()
    assert (rows[:24] == 128).all()
    assert (rows[72:] == 128).all()
