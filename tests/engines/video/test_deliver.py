"""Delivered clips, read back: format, exact rate, colors, bits, framing, sound in sync, timecode."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engines import protocol
from engines.media import intake
from engines.media.strip_metadata.strip import clean_copy
from engines.media.timecode import later
from engines.requests import DeliverClip, from_storage, parse
from engines.video.finish.picture import Framing
from errors import StudioError
from tests.engines.enhance.enhance_worker import Desk, asset_id
from tests.engines.media.test_clip_sound import recorded
from tests.engines.video.delivery_files import Delivered, clicks, gray, numbered, numbers, plane, write

CLIP = asset_id(0)
NTSC = Fraction(24000, 1001)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second at 25 fps in 10 bits, with two sound tracks that click."""
    return write(tmp_path_factory.mktemp("source") / "s.mov", numbered(25), clicks=(0.5, 0.75))


@pytest.mark.parametrize(
    ("format", "facts"),
    [
        ("h264", ("h264", "High", "yuv420p", "avc1")),
        ("h265", ("hevc", "Main 10", "yuv420p10le", "hvc1")),
        ("prores_hq", ("prores", "HQ", "yuv422p10le", "apch")),
        ("prores_4444", ("prores", "4444", "yuv444p12le", "ap4h")),
    ],
)
def test_every_format_is_what_editing_programs_expect(desk: Desk, source: Path, format: str, facts: object) -> None:
    came = desk.do(DeliverClip(clip=CLIP, format=format), source)
    found = Delivered.of(came.path)
    assert found[:4] == facts
    assert (found.rate, found.seconds, numbers(found.frames)) == (25, 1, list(range(25)))
    for frame in found.frames:
        assert [frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range] == [1, 1, 1, 1]
    assert came.file.mime == intake.inspect(came.path, "").facts.mime
    assert (came.file.frames, came.file.fps, came.file.seconds, came.file.notes) == (25, 25, 1, ())
    assert clicks(came.path) == pytest.approx([0.5, 0.75], abs=0.002)
    with av.open(str(came.path)) as media:
        assert [one.metadata["language"] for one in media.streams.audio] == ["eng", "eng"]
    assert [one.step for one in came.of(protocol.Progress)] == list(range(1, 26 if format == "h264" else 51))
    assert (came.file.proxy is None) == (format == "h264")


@pytest.mark.parametrize(("fps", "rate"), [("23.976", NTSC), ("24", 24), ("59.94", Fraction(60000, 1001))])
def test_another_rate_is_exact_and_shows_the_nearest_frames(desk: Desk, source: Path, fps: str, rate: Fraction) -> None:
    found = Delivered.of(desk.do(DeliverClip(clip=CLIP, fps=fps), source).path)
    assert found.rate == rate
    assert abs(found.seconds - 1) <= 1 / Fraction(rate)
    shown = numbers(found.frames)
    late = [Fraction(shown.index(n)) / rate - Fraction(n, 25) for n in dict.fromkeys(shown)]
    assert max(map(abs, late)) <= max(1 / Fraction(rate), Fraction(1, 25)) / 2
    assert shown == sorted(shown)


def test_the_rate_may_be_given_as_a_number_or_a_fraction() -> None:
    for value, name in ((24, "24"), (23.98, "23.976"), ("24000/1001", "23.976"), (None, "source"), ("30", "30")):
        request = DeliverClip.model_validate({"clip": CLIP, "fps": value})
        assert request.fps == name
        assert from_storage(request.model_dump(mode="json")) == request
    with pytest.raises(ValueError, match="fps"):
        DeliverClip.model_validate({"clip": CLIP, "fps": 12})


def test_the_language_of_a_track_is_kept(desk: Desk, tmp_path: Path) -> None:
    came = desk.do(DeliverClip(clip=CLIP), recorded(tmp_path / "c.mp4", [("aac", "stereo")]))
    with av.open(str(came.path)) as media:
        assert media.streams.audio[0].metadata["language"] == "ger"  # MOV's code of what is “deu” in MP4


def test_trimmed_sound_and_timecode_stay_in_sync(desk: Desk, tmp_path: Path, source: Path) -> None:
    for format in ("prores_hq", "h264"):
        came = desk.do(DeliverClip(clip=CLIP, format=format, start=0.2, end=0.8), source)
        found = Delivered.of(came.path)
        assert (numbers(found.frames), found.seconds) == (list(range(5, 20)), Fraction(3, 5))
        exact = 1 / 48_000 if format == "prores_hq" else 0.002
        assert clicks(came.path) == pytest.approx([0.3, 0.55], abs=exact)
        with av.open(str(came.path)) as media:
            assert [float(one.duration * one.time_base) for one in media.streams.audio] == pytest.approx([0.6] * 2)
    camera = recorded(tmp_path / "c.mov", [], timecode="10:20:30:20")
    came = desk.do(DeliverClip(clip=CLIP, start=0.4), camera)
    with av.open(str(came.path)) as media:
        assert media.streams.video[0].metadata["timecode"] == "10:20:31:05"


@pytest.mark.parametrize(
    ("code", "frames", "fps", "wanted"),
    [
        ("01:00:00:20", 30, "24", "01:00:02:02"),
        ("00:00:59;29", 1, "29.97", "00:01:00;02"),
        ("00:09:59;29", 1, "29.97", "00:10:00;00"),
        ("00:00:59;59", 1, "59.94", "00:01:00;04"),
        ("01:00:00;00", 107_892, "29.97", "02:00:00;00"),
        ("23:59:59;29", 1, "29.97", "00:00:00;00"),
    ],
)
def test_timecode_goes_on(code: str, frames: int, fps: str, wanted: str) -> None:
    rate = DeliverClip(clip=CLIP, fps=fps).rate
    assert rate is not None
    assert later(code, frames, rate) == wanted


def test_ten_bits_stay_ten_bits(desk: Desk, tmp_path: Path) -> None:
    ramp = np.tile(np.arange(64, 940), (32, 1))
    wide = write(tmp_path / "ramp.mov", [gray(ramp)] * 2)
    levels = {}
    for format in ("prores_hq", "prores_4444", "h265", "h264"):
        found = plane(Delivered.of(desk.do(DeliverClip(clip=CLIP, format=format), wide).path).frames[0])[8]
        levels[format] = len(np.unique(found))
        depth = {"prores_4444": 4, "h264": 0.25}.get(format, 1)
        assert np.abs(found / depth - ramp[0]).max() <= 6, format
    assert min(levels[name] for name in ("prores_hq", "prores_4444", "h265")) > 600
    assert levels["h264"] <= 220


def test_colors_become_rec_709(desk: Desk, tmp_path: Path) -> None:
    pixels = np.full((32, 32, 3), (200, 60, 30), np.uint8)
    rgb = av.VideoFrame.from_ndarray(pixels, "rgb24")
    red, green, blue = np.array((200, 60, 30)) / 255
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    wanted = [64 + 876 * luma, 512 + 896 * (blue - luma) / 1.8556, 512 + 896 * (red - luma) / 1.5748]
    png = write(tmp_path / "rgb.mov", [rgb] * 2, codec="png", options={"pred": "none"}, colorspace=2)
    old = rgb.reformat(format="yuv444p", dst_colorspace="ITU601", src_color_range="JPEG", dst_color_range="MPEG")
    smpte = write(tmp_path / "601.mov", [old] * 2, colorspace=6)  # the matrix of SD, the primaries of Rec.709
    for clip in (png, smpte):
        frame = Delivered.of(desk.do(DeliverClip(clip=CLIP), clip).path).frames[0]
        assert [plane(frame, n)[8, 8] for n in range(3)] == pytest.approx(wanted, abs=6), clip
    wide = write(tmp_path / "2020.mov", [old] * 2, colorspace=6, color_primaries=9)
    frame = Delivered.of(desk.do(DeliverClip(clip=CLIP), wide).path).frames[0]
    assert plane(frame, 2)[8, 8] > wanted[2] + 40  # the same numbers are a stronger red in BT.2020


def test_framing_keeps_proportions() -> None:
    assert Framing.of((1440, 1080), Fraction(1), "1080p", "fit")[:2] == ((1440, 1080), (1920, 1080))
    assert Framing.of((1440, 1080), Fraction(1), "1080p", "fill")[:2] == ((1920, 1440), (1920, 1080))
    assert Framing.of((1440, 1080), Fraction(4, 3), "720p", "fit")[:2] == ((1280, 720), (1280, 720))
    assert Framing.of((720, 1280), Fraction(1), "4k", "fit")[:2] == ((2160, 3840), (2160, 3840))
    assert Framing.of((853, 481), Fraction(1), "source", "fit")[:2] == ((853, 481), (854, 482))


def test_bars_are_black_and_a_filled_frame_is_cropped(desk: Desk, tmp_path: Path) -> None:
    square = np.full((96, 96), 600)
    square[32:64, 32:64] = 900
    clip = write(tmp_path / "square.mov", [gray(square)])
    fit = plane(Delivered.of(desk.do(DeliverClip(clip=CLIP, size="720p"), clip).path).frames[0])
    fill = plane(Delivered.of(desk.do(DeliverClip(clip=CLIP, size="720p", framing="fill"), clip).path).frames[0])
    assert fit.shape == fill.shape == (720, 1280)
    assert np.abs(fit[:, 270].astype(int) - 64).max() < 4
    assert np.abs(fit[100:600, 300].astype(int) - 600).max() < 4
    assert np.abs(fill[300, :20].astype(int) - 600).max() < 4
    for frame, side in ((fit, 240), (fill, 1280 / 3)):
        light = frame > 750
        assert light.any(0).sum() == pytest.approx(side, abs=3)
        assert light.any(1).sum() == pytest.approx(side, abs=3)


def test_transparency_is_kept_in_4444(desk: Desk, tmp_path: Path) -> None:
    pixels = np.full((31, 33, 4), (200, 60, 30, 255), np.uint8)  # odd sides, which grow to even ones
    pixels[:, :16, 3] = 0
    rgba = av.VideoFrame.from_ndarray(pixels, "rgba")
    clip = write(tmp_path / "a.mov", [rgba], codec="png", options={"pred": "none"})
    found = Delivered.of(desk.do(DeliverClip(clip=CLIP, format="prores_4444"), clip).path)
    assert found.pixels == "yuva444p12le"
    assert (plane(found.frames[0], 3)[8, [4, 33]] // 16).tolist() == [0, 255]


def test_the_record_is_in_the_file_and_not_in_copies_for_clients(desk: Desk, source: Path, tmp_path: Path) -> None:
    came = desk.do(DeliverClip(clip=CLIP, fps="24"), source)
    record = intake.read_provenance(came.path)
    assert record == came.file.provenance
    assert (record["request"]["fps"], record["parents"]) == ("24", [CLIP])
    assert desk.do(DeliverClip(clip=CLIP, fps="24"), source).file.content_sha256 == came.file.content_sha256
    clean_copy(came.path, tmp_path / "client.mov")
    assert intake.read_provenance(tmp_path / "client.mov") is None
    assert Delivered.of(tmp_path / "client.mov")[:5] == Delivered.of(came.path)[:5]


def test_browsers_get_a_small_copy(desk: Desk, tmp_path: Path) -> None:
    large = write(tmp_path / "large.mov", numbered(5, (1600, 900)), clicks=(0.1,))
    came = desk.do(DeliverClip(clip=CLIP), large)
    assert came.file.proxy is not None
    small = came.folder / came.file.proxy
    found = Delivered.of(small)
    assert (found[:3], found.rate, numbers(found.frames)) == (("h264", "High", "yuv420p"), 25, list(range(5)))
    assert (found.frames[0].width, found.frames[0].height) == (1280, 720)
    assert clicks(small) == pytest.approx([0.1], abs=0.002)
    assert intake.read_provenance(small) is None


@pytest.mark.parametrize("step", [2, 30])
def test_a_cancelled_delivery_leaves_nothing(desk: Desk, source: Path, step: int) -> None:
    def stop(worker: object, event: protocol.Event) -> None:
        if isinstance(event, protocol.Progress) and event.step == step:
            worker.cancel(event.job)

    came = desk.do(DeliverClip(clip=CLIP), source, on_event=stop)
    assert isinstance(came.ended, protocol.Cancelled)
    assert not [path for path in came.folder.rglob("*") if path.is_file()]


def test_an_end_before_the_start_is_refused() -> None:
    with pytest.raises(StudioError, match="End at") as refused:
        parse({"task": "deliver_clip", "clip": CLIP, "start": 2, "end": 1})
    assert refused.value.problem.why == "The end must be after the start."
