"""Joined clips, read back: order, dissolves, cross-faded sound, conformed sizes, rates and pixels, silence."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engines.requests import JoinClips, parse
from errors import StudioError
from tests.engines.enhance.enhance_worker import Desk, asset_id
from tests.engines.media.clip_files import heard
from tests.engines.video.delivery_files import RATE, Delivered, clicks, gray, plane, sine, write

CLIPS = tuple(map(asset_id, range(3)))


def flat(path: Path, luma: int, count: int = 10, size: tuple[int, int] = (64, 48), **options: object) -> Path:
    """Write frames of one gray in 8 bits."""
    return write(path, [gray(np.full(size[::-1], luma), "yuv420p") for _ in range(count)], **options)


def lumas(path: Path) -> list[float]:
    return [float(plane(frame)[20:28, 28:36].mean()) for frame in Delivered.of(path).frames]


def test_cuts_and_dissolves_in_order(desk: Desk, tmp_path: Path) -> None:
    shots = [flat(tmp_path / f"{luma}.mov", luma) for luma in (50, 100, 200)]
    came = desk.do(JoinClips(clips=CLIPS, dissolves="0, 0.2"), *shots)
    mixed = [100 + 100 * n / 6 for n in range(1, 6)]
    assert lumas(came.path) == pytest.approx([50] * 10 + [100] * 5 + mixed + [200] * 5, abs=1)
    assert (came.file.frames, came.file.seconds, came.file.fps, came.file.notes) == (25, 1, 25, ())
    with av.open(str(came.path)) as media:
        assert not media.streams.audio


def test_sound_is_cross_faded_and_stays_in_sync(desk: Desk, tmp_path: Path) -> None:
    first = flat(tmp_path / "a.mov", 50, 25, tones=[sine(400, 1)])
    second = flat(tmp_path / "b.mov", 200, 25, tones=[sine(1000, 1)])
    came = desk.do(JoinClips(clips=CLIPS[:2], dissolve=0.4, format="prores_hq"), first, second)
    sound = heard(came.path)
    assert len(sound) == round(1.6 * RATE)

    def level(hertz: int, at: float) -> float:
        piece = sound[round(at * RATE) :][: RATE // 50]
        return float(abs(np.exp(-2j * np.pi * hertz * np.arange(len(piece)) / RATE) @ piece) * 2 / len(piece))

    for at, low, high in ((0.3, 0.3, 0), (0.79, 0.212, 0.212), (1.3, 0, 0.3)):
        assert [level(400, at), level(1000, at)] == pytest.approx([low, high], abs=0.02)
    ticking = [flat(tmp_path / f"{n}.mov", 90, 13, fps=Fraction(24000, 1001), clicks=[0.25]) for n in range(3)]
    came = desk.do(JoinClips(clips=CLIPS, format="prores_hq"), *ticking)
    sound = np.abs(heard(came.path))
    beat = 13 * 1001 / 24000
    assert [0.25, 0.25 + beat, 0.25 + 2 * beat] == pytest.approx(
        np.flatnonzero(np.diff((sound > 0.3) * 1) > 0) / RATE, abs=1e-4
    )


def test_others_are_conformed_to_the_first_and_notes_say_how(desk: Desk, tmp_path: Path) -> None:
    first = flat(tmp_path / "first.mov", 50, 25, clicks=[0.5])
    wide = flat(tmp_path / "wide.mov", 200, 15, size=(128, 48), fps=Fraction(30))
    came = desk.do(JoinClips(clips=CLIPS[:2]), first, wide)
    found = Delivered.of(came.path)
    assert (len(found.frames), found.rate) == (38, 25)
    last = plane(found.frames[-1])
    assert last.shape == (48, 64)
    assert [last[2].mean(), last[24].mean(), last[45].mean()] == pytest.approx([16, 200, 16], abs=3)
    assert came.file.notes == (
        "“A clip” was conformed: size 128 × 48 → 64 × 48, 30 → 25 fps, no sound: silence added.",
    )
    assert clicks(came.path) == pytest.approx([0.5], abs=0.002)
    assert len(heard(came.path)) / RATE == pytest.approx(38 / 25, abs=0.03)
    short = [flat(tmp_path / f"{n}.mov", 200, 1, size=(64 + 64 * n, 48)) for n in range(2)]
    filled = desk.do(JoinClips(clips=CLIPS[:2], framing="fill", size="720p", fps="50"), *short)
    found = Delivered.of(filled.path)
    assert (found.rate, found.frames[-1].width, found.frames[-1].height) == (50, 1280, 720)
    assert plane(found.frames[-1])[2].mean() == pytest.approx(200, abs=3)


def test_the_deepest_clip_decides_the_bits(desk: Desk, tmp_path: Path) -> None:
    deep = write(tmp_path / "deep.mov", [gray(np.full((48, 64), 401))] * 3)
    came = desk.do(JoinClips(clips=CLIPS[:2]), flat(tmp_path / "plain.mov", 50, 3), deep)
    found = Delivered.of(came.path)
    assert found.pixels == "yuv422p10le"
    assert float(plane(found.frames[-1]).mean()) == pytest.approx(401, abs=0.5)


def test_square_pixels_and_the_timecode_of_the_first(desk: Desk, tmp_path: Path) -> None:
    squeezed = flat(tmp_path / "a.mov", 90, 3, sample_aspect_ratio=Fraction(2))
    came = desk.do(JoinClips(clips=CLIPS[:2]), squeezed, flat(tmp_path / "b.mov", 90, 3, size=(128, 48)))
    assert (came.file.width, came.file.height, came.file.notes) == (128, 48, ())


def test_a_dissolve_that_is_too_long_is_shortened(desk: Desk, tmp_path: Path) -> None:
    shots = [flat(tmp_path / f"{luma}.mov", luma) for luma in (50, 100, 200)]
    came = desk.do(JoinClips(clips=CLIPS, dissolve=2), *shots)
    assert came.file.frames == 30 - 5 - 5
    assert came.file.notes[0] == "The dissolve at join 1 is shortened to 0.20 s: a clip is short."


def test_requests_that_make_no_sense_are_refused() -> None:
    for fields, field, why in (
        ({"clips": CLIPS[:1]}, "clips", "Add two or more clips."),
        ({"clips": CLIPS, "dissolves": "1"}, "dissolves", "3 clips have 2 joins, not 1."),
        ({"clips": CLIPS, "dissolves": "1, soon"}, "dissolves", "It takes seconds from 0 to 10, separated by commas."),
        ({"clips": CLIPS, "dissolves": "1, 99"}, "dissolves", "It takes seconds from 0 to 10, separated by commas."),
    ):
        with pytest.raises(StudioError) as refused:
            parse({"task": "join_clips", **fields})
        assert (refused.value.problem.field, refused.value.problem.why) == (field, why)
    assert JoinClips(clips=CLIPS, dissolve=1).overlaps == (1, 1)
    assert JoinClips(clips=CLIPS, dissolves="0; 0.5").overlaps == (0, 0.5)
