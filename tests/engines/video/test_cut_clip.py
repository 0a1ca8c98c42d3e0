"""Cut clips, read back: exact frames, sound in sync at any speed, backward, repeated, cropped, faded."""

import gc
import weakref
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engines import protocol
from engines.media.clip import ClipReader
from engines.requests import CutClip
from errors import StudioError
from tests.engines.enhance.enhance_worker import Desk, asset_id
from tests.engines.media.clip_files import heard
from tests.engines.media.test_clip_sound import recorded
from tests.engines.video.delivery_files import RATE, Delivered, clicks, gray, numbered, numbers, plane, sine, write

CLIP = asset_id(0)
FRAME = 1 / 25


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second at 25 fps in 8 bits, with two sound tracks that click."""
    frames = [gray(np.full((48, 64), 16 + 8 * n), "yuv420p") for n in range(25)]
    return write(tmp_path_factory.mktemp("source") / "s.mov", frames, clicks=(0.4, 0.76))


def shown(path: Path) -> list[int]:
    """Return the numbers of the frames of a cut of ``source``."""
    return [round((float(plane(frame).mean()) - 16) / 8) for frame in Delivered.of(path).frames]


def test_a_cut_is_exact_to_the_frame_and_the_sample(desk: Desk, source: Path) -> None:
    came = desk.do(CutClip(clip=CLIP, start=0.2, end=0.8), source)
    found = Delivered.of(came.path)
    assert (found.codec, found.pixels, found.rate, found.seconds) == ("h264", "yuv420p", 25, Fraction(3, 5))
    assert shown(came.path) == list(range(5, 20))
    assert clicks(came.path) == pytest.approx([0.2, 0.56], abs=0.002)
    assert (came.file.frames, came.file.proxy, came.file.notes) == (15, None, ())
    with av.open(str(came.path)) as media:
        assert [one.metadata["language"] for one in media.streams.audio] == ["eng", "eng"]


@pytest.mark.parametrize("speed", [0.25, 0.5, 1.5, 2, 4])
def test_sound_stays_in_sync_at_any_speed(desk: Desk, tmp_path: Path, speed: float) -> None:
    frames = [gray(np.full((48, 64), 16 + 4 * n), "yuv420p") for n in range(50)]
    beep = np.zeros(2 * RATE)
    beep[RATE * 6 // 5 : RATE * 8 // 5] = sine(800, 0.4)  # from 1.2 to 1.6 s
    source = write(tmp_path / "s.mov", frames, tones=[beep])
    came = desk.do(CutClip(clip=CLIP, speed=speed), source)
    count = int(50 / speed + 0.5)
    numbers = [(float(plane(frame).mean()) - 16) / 4 for frame in Delivered.of(came.path).frames]
    assert numbers == pytest.approx([min(49, n * speed) for n in range(count)], abs=0.76)
    loud = np.flatnonzero(np.abs(heard(came.path)) > 0.15) / RATE
    assert (loud[0] + loud[-1]) / 2 == pytest.approx(1.4 / speed, abs=FRAME / 2)
    assert [loud[0], loud[-1]] == pytest.approx([1.2 / speed, 1.6 / speed], abs=max(FRAME, 0.0125 / speed))
    assert len(heard(came.path)) / RATE == pytest.approx(count / 25, abs=0.03)  # AAC ends with a whole packet


def test_the_pitch_is_kept(desk: Desk, tmp_path: Path) -> None:
    source = write(tmp_path / "tone.mov", numbered(50), tones=[sine(440, 2)])
    for speed in (0.5, 2):
        came = desk.do(CutClip(clip=CLIP, speed=speed, format="prores_hq"), source)
        spectrum = np.abs(np.fft.rfft(heard(came.path).ravel()[:RATE]))
        assert np.argmax(spectrum) == pytest.approx(440, abs=5)


def test_backward_is_the_same_frames_in_the_other_order(desk: Desk, source: Path, tmp_path: Path) -> None:
    came = desk.do(CutClip(clip=CLIP, start=0.2, reverse=True), source)
    assert shown(came.path) == list(range(24, 4, -1))
    assert clicks(came.path) == pytest.approx([0.6, 0.24], abs=0.005)
    long = write(tmp_path / "long.mov", [frame for _ in range(3) for frame in numbered(100)])  # read in pieces
    found = Delivered.of(desk.do(CutClip(clip=CLIP, reverse=True), long).path)
    assert numbers(found.frames) == [*range(99, -1, -1)] * 3


def test_repeats_and_fades(desk: Desk, source: Path) -> None:
    came = desk.do(CutClip(clip=CLIP, end=0.4, loop=3, fade_in=0.2, fade_out=0.2), source)
    light = [float(plane(frame).mean()) for frame in Delivered.of(came.path).frames]
    whole = [16 + 8 * n for n in range(10)] * 3
    gains = [min(1, n / 5, (29 - n) / 5) for n in range(30)]
    assert light == pytest.approx([16 + (one - 16) * gain for one, gain in zip(whole, gains, strict=True)], abs=1.5)
    assert len(heard(came.path)) / RATE == pytest.approx(1.2, abs=0.03)


def test_a_fade_ends_in_silence(desk: Desk, tmp_path: Path) -> None:
    source = write(tmp_path / "tone.mov", numbered(25), tones=[sine(400, 1, 0.5)])
    sound = heard(desk.do(CutClip(clip=CLIP, fade_in=0.5, fade_out=0.25, format="prores_hq"), source).path).ravel()
    peaks = [np.abs(sound[int(at * RATE) :][:480]).max() for at in (0, 0.25, 0.6, 0.87, 0.99)]
    assert peaks == pytest.approx([0.01, 0.26, 0.5, 0.26, 0.02], abs=0.015)


@pytest.mark.parametrize(
    ("aspect", "size"),
    [("16:9", (64, 36)), ("9:16", (26, 48)), ("1:1", (48, 48)), ("4:5", (38, 48)), ("2.39:1", (64, 26))],
)
def test_cropped_to_a_shape_at_a_position(desk: Desk, tmp_path: Path, aspect: str, size: tuple[int, int]) -> None:
    ramp = np.add.outer(2 * np.arange(48), np.arange(64)) + 20  # brighter to the right and, twice as much, downward
    clip = write(tmp_path / "ramp.mov", [gray(ramp, "yuv420p")])
    for position, corner in ((0, (0, 0)), (1, (64 - size[0], 48 - size[1]))):
        came = desk.do(CutClip(clip=CLIP, aspect=aspect, position=position, format="prores_hq"), clip)
        found = plane(Delivered.of(came.path).frames[0]) / 4
        assert (came.file.width, came.file.height, found.shape) == (*size, size[::-1])
        assert found[0, 0] == pytest.approx(20 + corner[0] + 2 * corner[1], abs=3)


def test_ten_bits_stay_ten(desk: Desk, tmp_path: Path) -> None:
    source = write(tmp_path / "deep.mov", [gray(np.full((48, 64), 401 + n)) for n in range(3)])
    came = desk.do(CutClip(clip=CLIP, start=0.04), source)
    found = Delivered.of(came.path)
    assert (found.codec, found.pixels) == ("prores", "yuv422p10le")
    assert [float(plane(frame).mean()) for frame in found.frames] == pytest.approx([402, 403], abs=0.5)
    assert came.file.proxy


def test_the_timecode_starts_with_the_cut(desk: Desk, tmp_path: Path) -> None:
    camera = recorded(tmp_path / "c.mov", [], timecode="10:20:30:20")
    came = desk.do(CutClip(clip=CLIP, start=0.4, speed=2), camera)
    with av.open(str(came.path)) as media:
        assert media.streams.video[0].metadata["timecode"] == "10:20:31:05"


def test_what_cannot_be_cut_is_refused(desk: Desk, source: Path) -> None:
    with pytest.raises(ValueError, match="after the start"):
        CutClip(clip=CLIP, start=2, end=1)
    ended = desk.do(CutClip(clip=CLIP, start=3), source).ended
    assert isinstance(ended, protocol.Failed)
    assert ended.problem.code == "start_after_end"
    with pytest.raises(StudioError, match="Crop to"):
        desk.do(CutClip.model_construct(task="cut_clip", clip=CLIP, aspect="3:1"), source)


def test_a_canceled_cut_leaves_nothing(desk: Desk, source: Path) -> None:
    came = desk.do(
        CutClip(clip=CLIP, reverse=True),
        source,
        on_event=lambda worker, event: worker.cancel(event.job) if isinstance(event, protocol.Progress) else None,
    )
    assert isinstance(came.ended, protocol.Cancelled)
    assert not [path for path in came.folder.rglob("*") if path.is_file()]


def test_frames_are_freed_with_their_reader(source: Path) -> None:
    gc.disable()  # otherwise it might free them by chance
    try:
        with ClipReader(source) as reader:
            next(reader.decoded())
            known = weakref.ref(reader)
        del reader
        assert known() is None
    finally:
        gc.enable()
