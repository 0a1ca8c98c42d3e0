"""Difficult clips are delivered, or refused in one clear sentence."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engines import protocol
from engines.media.clip import ClipReader
from engines.requests import DeliverClip
from engines.video.finish.timing import constant_rate
from errors import StudioError
from tests.engines.enhance.enhance_worker import Desk, asset_id
from tests.engines.media.clip_files import beats, heard, lay_on_side, make_clip
from tests.engines.video.delivery_files import RATE, Delivered, clicks, gray, numbered, numbers, plane, write

CLIP = asset_id(0)


def test_a_variable_rate_becomes_constant_and_keeps_every_time(desk: Desk, tmp_path: Path) -> None:
    uneven = [Fraction(ms, 1000) for ms in (0, 40, 200, 233, 900, 940)]
    looks = [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(len(uneven))]
    source = make_clip(tmp_path / "vfr.mkv", uneven, frames=looks, sound="pcm_s16le")
    came = desk.do(DeliverClip(clip=CLIP, fps="50"), source)
    found = Delivered.of(came.path)
    assert found.rate == 50
    changes = np.flatnonzero(np.diff([plane(one).mean() for one in found.frames]) > 20) + 1
    assert changes / 50 == pytest.approx([float(time) for time in uneven[1:]], abs=0.011)
    own = desk.do(DeliverClip(clip=CLIP), source).file
    assert own.fps in (23.976023976023978, 24, 25, 30)
    assert own.notes == (f"The frame rate of the clip varies; the result has a constant {own.fps:g} fps.",)


def test_nearly_constant_rates_are_recognized() -> None:
    for mean, base, rate in (
        (Fraction(2997, 100), Fraction(30), Fraction(30000, 1001)),
        (Fraction(16), Fraction(16), Fraction(16)),
        (Fraction(291, 10), Fraction(1000), Fraction(30000, 1001)),
        (Fraction(24000, 1001), Fraction(24000, 1001), Fraction(24000, 1001)),
        (Fraction(70), Fraction(1000), Fraction(60)),
    ):
        assert constant_rate(mean, base) == rate


def test_a_phone_clip_with_odd_sides_is_upright_and_even(desk: Desk, tmp_path: Path) -> None:
    pixels = np.full((47, 65, 3), 120, np.uint8)
    pixels[:, -1], pixels[-1] = 230, 230
    frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
    odd = write(tmp_path / "odd.mov", [frame] * 2, codec="png", options={"pred": "none"})
    came = desk.do(DeliverClip(clip=CLIP, format="h264"), odd)
    shown = plane(Delivered.of(came.path).frames[0])
    assert (came.file.width, came.file.height, shown.shape) == (66, 48, (48, 66))
    assert shown[20, 64:].min() > 190
    assert shown[46:, 20].min() > 190
    lying = make_clip(tmp_path / "phone.mp4", beats(3), size=(64, 48))
    lay_on_side(lying)
    came = desk.do(DeliverClip(clip=CLIP), lying)
    with ClipReader(lying) as before, ClipReader(came.path) as after:
        one, other = next(before.read()).pixels, next(after.read()).pixels
    assert other.shape == (64, 48, 3)
    assert np.abs(one.astype(int) - other).mean() < 3


def test_one_frame_is_a_clip(desk: Desk, tmp_path: Path) -> None:
    source = write(tmp_path / "one.mov", numbered(1), clicks=(0.01,))
    for format in ("prores_hq", "h265", "h265", "h265", "h264"):  # libx265 is not the same every time
        found = Delivered.of(desk.do(DeliverClip(clip=CLIP, fps="24", format=format), source).path)
        assert (found.rate, len(found.frames), found.frames[0].pts) == (24, 1, 0), format


def test_an_interlaced_clip_becomes_progressive(desk: Desk, tmp_path: Path) -> None:
    fields = []
    for number in range(6):  # a bar that moves 8 px per field: combed in a frame of two fields
        luma = np.full((96, 160), 300)
        for row in range(96):
            left = 16 * number + 8 * (row % 2)
            luma[row, left : left + 32] = 800
        fields.append(gray(luma // 4, "yuv420p"))
    flags = {"flags": "+ildct+ilme", "qmin": "1", "qmax": "1", "g": "1"}
    source = write(tmp_path / "i.mov", fields, codec="mpeg2video", options=flags)
    came = desk.do(DeliverClip(clip=CLIP), source)
    assert came.file.notes == ("The clip is interlaced; the result is progressive, with the same number of frames.",)
    frames = Delivered.of(came.path).frames

    def combed(frame: av.VideoFrame) -> float:
        luma = plane(frame).astype(float) / 2 ** (frame.format.components[0].bits - 8)
        return float(np.abs(luma[1:-1] - (luma[:-2] + luma[2:]) / 2).mean())

    assert len(frames) == 6
    assert not any(frame.interlaced_frame for frame in frames)
    assert combed(frames[3]) < combed(Delivered.of(source).frames[3]) / 4


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_refused(desk: Desk, tmp_path: Path, transfer: int, name: str) -> None:
    hdr = write(tmp_path / "hdr.mov", numbered(2), colorspace=9, color_primaries=9, color_trc=transfer)
    ended = desk.do(DeliverClip(clip=CLIP), hdr).ended
    assert isinstance(ended, protocol.Failed)
    assert (ended.problem.code, ended.problem.what) == ("hdr_clip", f"This clip is HDR ({name}).")


def test_a_trim_beyond_the_end(desk: Desk, tmp_path: Path) -> None:
    source = write(tmp_path / "s.mov", numbered(10), clicks=(0.1,))
    late = Delivered.of(desk.do(DeliverClip(clip=CLIP, start=0.2, end=60), source).path)
    assert numbers(late.frames) == [5, 6, 7, 8, 9]
    ended = desk.do(DeliverClip(clip=CLIP, start=0.4), source).ended
    assert isinstance(ended, protocol.Failed)
    assert ended.problem.sentence == (
        "“Start at” is after the end of the clip. The clip lasts 0.40 s. Choose an earlier start."
    )


def test_sound_that_is_longer_than_the_picture_is_kept_whole(desk: Desk, tmp_path: Path) -> None:
    source = write(tmp_path / "s.mov", numbered(5), clicks=(0.9,), seconds=1)
    came = desk.do(DeliverClip(clip=CLIP), source)
    assert Delivered.of(came.path).seconds == Fraction(1, 5)
    assert len(heard(came.path)) == RATE
    assert clicks(came.path) == pytest.approx([0.9], abs=1 / RATE)


def test_sound_that_starts_late_stays_in_sync(desk: Desk, tmp_path: Path) -> None:
    source = tmp_path / "late.mkv"
    with av.open(str(source), "w") as out:
        video = out.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        track = out.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for number, frame in enumerate(numbered(25)):
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        samples = np.zeros((1, RATE // 4), np.int16)
        samples[0, 480:528] = 20_000
        sound = av.AudioFrame.from_ndarray(samples, "s16", "mono")
        sound.sample_rate, sound.pts, sound.time_base = RATE, RATE // 2, Fraction(1, RATE)
        out.mux(track.encode(sound))
    for format in ("prores_hq", "h264"):
        came = desk.do(DeliverClip(clip=CLIP, format=format, start=0.2), source)
        assert clicks(came.path) == pytest.approx([0.31], abs=0.002), format


def test_a_sound_without_a_picture_is_refused(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "only.mp4"
    with av.open(str(path), "w") as out:
        track = out.add_stream("aac", rate=RATE, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, RATE), np.float32), "fltp", "mono")
        sound.sample_rate, sound.pts, sound.time_base = RATE, 0, Fraction(1, RATE)
        out.mux(track.encode(sound))
        out.mux(track.encode(None))
    with pytest.raises(StudioError, match="takes a clip, but this is a sound"):
        desk.do(DeliverClip(clip=CLIP), path)


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    source = write(tmp_path / "s.mov", numbered(3), clicks=(0.01,))
    out = tmp_path / "out-1"
    out.mkdir()
    (out / "job1-1-0.part.mov").symlink_to("/dev/full")  # every write fails as on a full disk
    ended = Desk(tmp_path / "starter", tmp_path).do(DeliverClip(clip=CLIP), source).ended
    assert isinstance(ended, protocol.Failed)
    assert ended.problem.code == "disk_full"
    assert not [path for path in out.rglob("*") if path.is_symlink() or path.is_file()]
