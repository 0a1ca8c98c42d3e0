"""Clips upscaled and given another frame rate by the real starter models."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from engines import protocol
from engines.enhance.frame_interpolation import clock, is_cut
from engines.media import intake
from engines.media.clip import ClipReader
from engines.requests import InterpolateClip, UpscaleClip, from_storage
from engines.requests.frame_rate import FILM_RATES, exact_rate, shown_rate
from tests.engines.enhance.enhance_worker import Desk, asset_id
from tests.engines.media.clip_files import beats, heard, make_clip
from tests.support.samples import MEDIA

CLIP = asset_id(0)


def frames(path: Path) -> list[np.ndarray]:
    with ClipReader(path) as reader:
        return [frame.pixels for frame in reader.read()]


def times(path: Path) -> list[Fraction]:
    with ClipReader(path) as reader:
        return [frame.start for frame in reader.read()]


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.square(a.astype(float) - b).mean()))


def panning(count: int, step: float, size: tuple[int, int] = (192, 128)) -> list[np.ndarray]:
    """Frames of a camera that moves over a photo by ``step`` px per frame."""
    photo = Image.open(MEDIA / "images" / "groot.jpeg").convert("RGB").resize((640, 360))
    views = [photo.transform(size, Image.Transform.AFFINE, (1, 0, 120 + step * n, 0, 1, 60)) for n in range(count)]
    return [np.asarray(view) for view in views]


@pytest.mark.slow
def test_an_upscaled_clip_keeps_timestamps_and_sound(desk: Desk, short_clip: Path) -> None:
    came = desk.do(UpscaleClip(clip=CLIP, scale=2), short_clip)
    assert (came.file.width, came.file.height, came.file.frames) == (320, 180, 10)
    assert times(came.path) == times(short_clip)
    with av.open(str(came.path)) as out, av.open(str(short_clip)) as source:
        packets = [[bytes(p) for p in media.demux(audio=0) if p.size] for media in (out, source)]
    assert packets[0] == packets[1]
    assert intake.read_provenance(came.path) == came.file.provenance
    assert came.file.provenance["source_whole"] is True
    assert [event.step for event in came.of(protocol.Progress)] == list(range(1, 11))
    assert came.of(protocol.Preview)


def test_an_upscaled_clip_is_sharper(desk: Desk, tmp_path: Path) -> None:
    large = panning(4, 6, (256, 192))
    small = [np.asarray(Image.fromarray(frame).resize((128, 96), Image.Resampling.BICUBIC)) for frame in large]
    source = make_clip(tmp_path / "c.mp4", beats(4), size=(128, 96), frames=small)
    came = desk.do(UpscaleClip(clip=CLIP, scale=2), source)

    def edges(frame: np.ndarray) -> float:
        return float(np.abs(np.diff(frame.astype(float), axis=1)).mean())

    for ours, little, true in zip(frames(came.path), small, large, strict=True):
        plain = np.asarray(Image.fromarray(little).resize((256, 192), Image.Resampling.BICUBIC))
        assert edges(ours) > edges(plain)
        assert psnr(ours, true) > 28


def test_a_variable_frame_rate_survives_upscaling(desk: Desk, tmp_path: Path) -> None:
    uneven = [Fraction(ms, 1000) for ms in (0, 40, 200, 233, 900)]
    source = make_clip(tmp_path / "vfr.mkv", uneven)
    assert times(desk.do(UpscaleClip(clip=CLIP, scale=3), source).path) == uneven


@pytest.mark.slow
def test_a_yielded_job_resumes_where_it_stopped(desk: Desk, short_clip: Path, tmp_path: Path) -> None:
    def request_yield(worker: object, event: protocol.Event) -> None:
        if isinstance(event, protocol.Progress) and event.step == 4:
            worker.request_yield(event.job)

    request = UpscaleClip(clip=CLIP, scale=2)
    whole = desk.do(request, short_clip).file
    first = desk.do(request, short_clip, on_event=request_yield, checkpoint=tmp_path / "kept")
    assert isinstance(first.ended, protocol.Yielded)
    second = desk.do(request, short_clip, checkpoint=tmp_path / "kept")
    assert [event.step for event in second.of(protocol.Progress)] == list(range(5, 11))
    assert second.file.content_sha256 == whole.content_sha256


def test_a_cancelled_clip_leaves_nothing(desk: Desk, short_clip: Path) -> None:
    def stop(worker: object, event: protocol.Event) -> None:
        if isinstance(event, protocol.Progress) and event.step == 2:
            worker.cancel(event.job)

    came = desk.do(UpscaleClip(clip=CLIP, scale=2), short_clip, on_event=stop)
    assert isinstance(came.ended, protocol.Cancelled)
    assert not list(came.folder.glob("*.mp4"))


@pytest.mark.slow
@pytest.mark.parametrize("fps", [20.0, 24.0, 29.97, 7.0])
def test_any_frame_rate_keeps_duration_and_sound(desk: Desk, short_clip: Path, fps: float) -> None:
    came = desk.do(InterpolateClip(clip=CLIP, fps=fps), short_clip)
    rate = exact_rate(fps)
    assert times(came.path) == [number / rate for number in range(len(times(came.path)))]
    assert came.file.fps == pytest.approx(float(rate), abs=1e-6)
    assert came.file.seconds == pytest.approx(1.0, abs=1 / fps)
    assert len(heard(came.path)) == len(heard(short_clip))


def test_interpolated_frames_beat_a_blend(desk: Desk, tmp_path: Path) -> None:
    true = panning(9, 6)
    source = make_clip(tmp_path / "pan.mp4", beats(5), size=(192, 128), frames=true[::2])
    came = desk.do(InterpolateClip(clip=CLIP, fps=50), source)
    out, given = frames(came.path), frames(source)
    assert len(out) == 10
    for number in (1, 3, 5, 7):
        before, after = given[number // 2], given[number // 2 + 1]
        blend = (before.astype(int) + after) // 2
        inner = np.s_[:, 16:-16]
        assert psnr(out[number][inner], true[number][inner]) > psnr(blend[inner], true[number][inner]) + 4
    for number in range(5):  # existing frames are not interpolated
        assert psnr(out[2 * number], given[number]) > 36


def test_nothing_is_interpolated_across_a_cut(desk: Desk, tmp_path: Path) -> None:
    views = [
        np.asarray(Image.open(MEDIA / "images" / name).convert("RGB").resize((128, 96)))
        for name in ("groot.jpeg", "groot.jpeg", "lion.jpg", "lion.jpg")
    ]
    source = make_clip(tmp_path / "cut.mp4", beats(4, 10), size=(128, 96), frames=views)
    for frame in frames(desk.do(InterpolateClip(clip=CLIP, fps=40), source).path):
        assert max(psnr(frame, views[0]), psnr(frame, views[2])) > 32


def test_cuts_are_distinguished_from_movement() -> None:
    with ClipReader(MEDIA / "videos" / "world.mp4") as reader:
        shots = [frame.pixels for number, frame in zip(range(60), reader.read(), strict=False) if number % 3 == 0]
    assert not any(is_cut(a, b) for a, b in pairwise(shots))
    pan = panning(3, 40)
    assert not is_cut(pan[0], pan[1])
    assert is_cut(pan[0], np.asarray(Image.open(MEDIA / "images" / "lion.jpg").convert("RGB").resize((192, 128))))


@pytest.mark.slow
def test_an_interpolation_job_resumes_where_it_stopped(desk: Desk, short_clip: Path, tmp_path: Path) -> None:
    def request_yield(worker: object, event: protocol.Event) -> None:
        if isinstance(event, protocol.Progress) and event.step == 7:
            worker.request_yield(event.job)

    request = InterpolateClip(clip=CLIP, fps=20)
    whole = desk.do(request, short_clip).file
    first = desk.do(request, short_clip, on_event=request_yield, checkpoint=tmp_path / "kept")
    assert isinstance(first.ended, protocol.Yielded)
    second = desk.do(request, short_clip, checkpoint=tmp_path / "kept").file
    assert (second.content_sha256, second.frames) == (whole.content_sha256, whole.frames)


def test_rates_are_the_exact_broadcast_rates() -> None:
    assert exact_rate(29.97) == Fraction(30000, 1001)
    assert exact_rate(23.976) == exact_rate(23.98) == Fraction(24000, 1001)
    assert exact_rate(59.94) == Fraction(60000, 1001)
    assert (exact_rate(25), exact_rate(12.5), exact_rate(60)) == (25, Fraction(25, 2), 60)
    for fps in (1, 23.976, 25, 29.97, 59.94, 240, 33.333):
        assert (1 / exact_rate(fps) / clock(exact_rate(fps))).denominator == 1
        assert clock(exact_rate(fps)) <= Fraction(1, 50_000)


@pytest.mark.parametrize(
    ("written", "exact"), [("24000/1001", Fraction(24000, 1001)), ("30000 / 1001", Fraction(30000, 1001)), ("25/1", 25)]
)
def test_a_rate_may_be_written_as_a_fraction(written: str, exact: Fraction) -> None:
    request = InterpolateClip.model_validate({"clip": CLIP, "fps": written})
    assert request.fps == exact
    assert from_storage(request.model_dump(mode="json")) == request
    for wrong in ("1/0", "24000/", "a/b", "1000/1"):
        with pytest.raises(ValidationError):
            InterpolateClip.model_validate({"clip": CLIP, "fps": wrong})


def test_film_rates_are_stored_as_exact_fractions_and_shown_as_people_write_them() -> None:
    written = [InterpolateClip(clip=CLIP, fps=rate).model_dump(mode="json")["fps"] for rate in FILM_RATES]
    assert written == ["24000/1001", 24, 25, "30000/1001", 30, 48, 50, "60000/1001", 60]
    assert [shown_rate(rate) for rate in FILM_RATES] == ["23.976", "24", "25", "29.97", "30", "48", "50", "59.94", "60"]
    assert InterpolateClip(clip=CLIP).fps == 24
    assert InterpolateClip.model_validate({"clip": CLIP, "fps": 59.94}).fps == Fraction(60000, 1001)


def test_damaged_weights_are_reported_by_name(starter: Path, short_clip: Path, tmp_path: Path) -> None:
    folder = tmp_path / "starter" / "interp-rife-v4.0"
    folder.mkdir(parents=True)
    whole = (starter / "interp-rife-v4.0" / "flownet.safetensors").read_bytes()
    (folder / "flownet.safetensors").write_bytes(whole[: len(whole) // 2])
    ended = Desk(tmp_path / "starter", tmp_path).do(InterpolateClip(clip=CLIP), short_clip).ended
    assert isinstance(ended, protocol.Failed)
    assert ended.problem.code == "corrupt_model"
    assert "flownet.safetensors" in ended.problem.what
