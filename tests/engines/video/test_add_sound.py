"""Sound under a clip, read back: placed to the sample, mixed or alone, limited; the picture is copied."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engines.requests import AddSound, CutClip
from tests.engines.enhance.enhance_worker import Desk, asset_id
from tests.engines.media.clip_files import beats, heard, lay_on_side, make_clip
from tests.engines.media.test_clip_sound import recorded
from tests.engines.video.delivery_files import RATE, gray, numbered, sine, write, write_sound

CLIP, SOUND = asset_id(0), asset_id(1)


def deep(count: int) -> list[av.VideoFrame]:
    """Return frames that ProRes takes."""
    return [frame.reformat(format="yuv422p10le") for frame in numbered(count)]


def pictures(path: Path) -> list[bytes]:
    """Return the encoded frames of a clip."""
    with av.open(str(path)) as media:
        return [bytes(packet) for packet in media.demux(video=0) if packet.size]


def test_the_picture_is_copied_and_the_sound_is_placed(desk: Desk, tmp_path: Path) -> None:
    clip = write(tmp_path / "c.mp4", [gray(np.full((48, 64), 100), "yuv420p")] * 25, options={"bf": "2"})
    tick = np.zeros(RATE // 2)
    tick[4800:4848] = 0.6
    sound = write_sound(tmp_path / "s.wav", tick)
    for offset, at in ((0.5, 0.6), (-0.05, 0.05), (0, 0.1)):
        came = desk.do(AddSound(clip=CLIP, sound=SOUND, offset=offset), clip, sound)
        assert pictures(came.path) == pictures(clip)
        loud = np.flatnonzero(np.abs(heard(came.path)) > 0.3)
        assert loud[0] / RATE == pytest.approx(at, abs=0.002)
        with av.open(str(came.path)) as media:
            frames = list(media.decode(video=0))
            assert [frame.time for frame in frames] == pytest.approx([n / 25 for n in range(25)])
    assert (came.file.frames, came.file.seconds, came.file.proxy, came.file.notes) == (25, 1, None, ())


def test_mixed_with_the_sound_of_the_clip_or_instead_of_it(desk: Desk, tmp_path: Path) -> None:
    clip = write(tmp_path / "c.mov", deep(50), tones=[sine(400, 2)], codec="prores_ks", options={"profile": "hq"})
    sound = write_sound(tmp_path / "s.wav", sine(1000, 3))

    def levels(**fields: object) -> list[float]:
        came = desk.do(AddSound(clip=CLIP, sound=SOUND, **fields), clip, sound)
        assert pictures(came.path) == pictures(clip)
        assert came.path.suffix == ".mov"
        assert came.file.proxy
        samples = heard(came.path)
        assert len(samples) == 2 * RATE
        half = samples[:RATE]
        return [float(abs(np.fft.rfft(half)[hertz]) * 2 / RATE) for hertz in (400, 1000)]

    assert levels(mode="mix", gain=-6) == pytest.approx([0.3, 0.15], abs=0.005)
    assert levels(mode="mix", clip_gain=-60) == pytest.approx([0, 0.3], abs=0.005)
    assert levels(mode="replace") == pytest.approx([0, 0.3], abs=0.005)


def test_sound_fades_out_at_the_end_of_the_clip(desk: Desk, tmp_path: Path) -> None:
    clip = write(tmp_path / "c.mov", numbered(25))
    sound = write_sound(tmp_path / "s.wav", sine(400, 5, 0.5))
    samples = heard(desk.do(AddSound(clip=CLIP, sound=SOUND, fade_out=0.5), clip, sound).path)
    peaks = [np.abs(samples[int(at * RATE) :][:480]).max() for at in (0.2, 0.75, 0.985)]
    assert peaks == pytest.approx([0.5, 0.25, 0.015], abs=0.03)


def test_what_would_clip_is_limited_and_said_so(desk: Desk, tmp_path: Path) -> None:
    clip = write(tmp_path / "c.mov", deep(75), tones=[sine(400, 3, 0.9)], codec="prores_ks", options={"profile": "hq"})
    sound = write_sound(tmp_path / "s.wav", sine(401, 3, 0.9))
    came = desk.do(AddSound(clip=CLIP, sound=SOUND), clip, sound)
    assert came.file.notes == ("The sound would have clipped: its peaks are limited to −1 dBTP.",)
    assert np.abs(heard(came.path)).max() <= 10 ** (-1 / 20) + 1e-4
    quiet = desk.do(AddSound(clip=CLIP, sound=SOUND, gain=-60, clip_gain=-20), clip, sound)
    assert quiet.file.notes == ()


def test_a_truncated_clip_and_apples_players(desk: Desk, tmp_path: Path) -> None:
    sound = write_sound(tmp_path / "s.wav", sine(400, 1))
    plain = [frame.reformat(format="yuv420p") for frame in numbered(75)]
    whole = write(tmp_path / "whole.mkv", plain, options={"g": "10"}).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) * 6 // 10])
    for request, sounds in ((AddSound(clip=CLIP, sound=SOUND), [sound]), (CutClip(clip=CLIP, reverse=True), [])):
        came = desk.do(request, tmp_path / "cut.mkv", *sounds)
        assert any("This clip is incomplete" in note for note in came.file.notes)
    deep = write(tmp_path / "deep.mp4", numbered(3), codec="libx265", options={"x265-params": "log-level=none"})
    came = desk.do(AddSound(clip=CLIP, sound=SOUND), deep, sound)
    with av.open(str(came.path)) as media:
        assert media.streams.video[0].codec_context.codec_tag == "hvc1"


def test_orientation_and_timecode_stay(desk: Desk, tmp_path: Path) -> None:
    sound = write_sound(tmp_path / "s.wav", sine(400, 1))
    lying = make_clip(tmp_path / "phone.mp4", beats(3), size=(64, 48))
    lay_on_side(lying)
    came = desk.do(AddSound(clip=CLIP, sound=SOUND), lying, sound)
    assert (came.file.width, came.file.height) == (48, 64)
    with av.open(str(came.path)) as media:
        assert next(media.decode(video=0)).rotation % 180 == 90
    camera = recorded(tmp_path / "c.mov", [("aac", "stereo")], timecode="10:20:30:20")
    came = desk.do(AddSound(clip=CLIP, sound=SOUND, mode="replace"), camera, sound)
    with av.open(str(came.path)) as media:
        assert media.streams.video[0].metadata["timecode"] == "10:20:30:20"
        assert media.streams.video[0].average_rate == Fraction(25)
