"""Clips in and out: exact times, upright, sound in sync, unchanged colors, never completely in memory."""

import resource
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from engines.media import intake
from engines.media.clip import ClipFormat, ClipReader, ClipWriter, Color, Frame, frame_at, upright_size
from errors import StudioError
from tests.engines.media.clip_files import beats, beeps, gradient, heard, lay_on_side, make_clip
from tests.support.samples import MEDIA

RECORD = {"request": {"task": "upscale_clip", "note": "Ä" * 2000}, "model": {"id": "t"}, "seed": None}


def rewritten(source: Path, folder: Path, stop_every: int = 0) -> tuple[Path, object]:
    """Pass a clip through reader and writer; with ``stop_every``, stop and resume after that many frames."""
    out = folder / "out.mp4"
    while True:
        with ClipReader(source) as reader:
            writer = ClipWriter(folder / "parts", reader.format)
            for number, frame in enumerate(reader.read(skip=writer.done), 1):
                writer.write(frame)
                if stop_every and number == stop_every:
                    writer.keep()
                    break
            else:
                return out, writer.finish(out, source, RECORD)
            writer.abandon()


def times(path: Path) -> list[Fraction]:
    with ClipReader(path) as reader:
        return [frame.start for frame in reader.read()]


def pixels(path: Path) -> list[np.ndarray]:
    with ClipReader(path) as reader:
        return [frame.pixels for frame in reader.read()]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_variable_frame_rate_keeps_every_time(tmp_path: Path, suffix: str) -> None:
    uneven = [Fraction(ms, 1000) for ms in (0, 40, 80, 200, 233, 900, 907, 1500)]
    source = make_clip(tmp_path / f"vfr{suffix}", uneven, sound="aac" if suffix == ".mp4" else None)
    out, result = rewritten(source, tmp_path)
    assert times(out) == uneven == times(source)
    assert result.frames == len(uneven)


@pytest.mark.slow
def test_real_clips_keep_frames_times_and_pictures(tmp_path: Path) -> None:
    for name in ("muted_b.mp4", "b.avi"):
        source = MEDIA / "videos" / name
        out, result = rewritten(source, tmp_path / name)
        assert times(out) == times(source)
        worst = max(np.square(a.astype(float) - b).mean() for a, b in zip(pixels(out), pixels(source), strict=True))
        assert 10 * np.log10(255**2 / worst) > 40
        facts = intake.inspect(out, "out").facts
        assert (facts.width, facts.height, facts.frames) == (result.width, result.height, result.frames)
        assert facts.seconds == pytest.approx(intake.inspect(source, "in").facts.seconds, abs=0.05)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_reading_from_a_later_time_skips_what_is_before(tmp_path: Path, suffix: str) -> None:
    source = make_clip(tmp_path / f"long{suffix}", beats(520))
    with ClipReader(source) as reader:
        every = list(reader.read())
    for number in (260, 519):
        with ClipReader(source) as reader:
            later = list(reader.decoded(near=every[number].start))
            shown = {one.start: np.asarray(upright_size(one.picture)) for one in later}
        assert len(later) < 520
        assert [one.start for one in later] == [one.start for one in every[-len(later) :]]
        assert np.array_equal(shown[every[number].start], every[number].pixels)


def test_the_result_plays_everywhere(tmp_path: Path, short_clip: Path) -> None:
    out, result = rewritten(short_clip, tmp_path)
    content = out.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(out)) as media:
        video = media.streams.video[0]
        assert (video.codec_context.name, video.pix_fmt) == ("h264", "yuv420p")
        assert media.streams.audio[0].codec_context.name == "aac"
    assert intake.read_provenance(out) == RECORD
    assert result.mime == "video/mp4"
    assert (tmp_path / result.thumb).exists()
    assert not list((tmp_path / "parts").iterdir())


def test_rotated_clips_become_upright(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "phone.mp4", beats(5), size=(64, 48))
    straight = pixels(source)[0]
    lay_on_side(source)
    with ClipReader(source) as reader:
        assert (reader.format.width, reader.format.height) == (48, 64)
    facts = intake.inspect(source, "phone").facts
    assert (facts.width, facts.height) == (48, 64)
    assert np.array_equal(pixels(source)[0], np.rot90(straight, -1))
    assert frame_at(source, 0).size == (48, 64)
    out, _ = rewritten(source, tmp_path)
    assert pixels(out)[0].shape == (64, 48, 3)
    assert np.abs(pixels(out)[0].astype(int) - pixels(source)[0]).mean() < 3


@pytest.mark.parametrize(("suffix", "codec", "kept"), [(".mp4", "aac", "aac"), (".mkv", "pcm_s16le", "aac")])
def test_sound_stays_in_sync(tmp_path: Path, suffix: str, codec: str, kept: str) -> None:
    source = make_clip(tmp_path / f"c{suffix}", beats(90), sound=codec)
    out, _ = rewritten(source, tmp_path)
    with av.open(str(out)) as media:
        assert media.streams.audio[0].codec_context.name == kept
    before, after = heard(source), heard(out)
    assert abs(len(before) - len(after)) < 48_000 * 0.06
    onsets = [np.flatnonzero(np.abs(samples[48_000 - 2400 :]) > 0.1)[0] for samples in (before, after)]
    assert abs(onsets[0] - onsets[1]) < 48_000 * 0.01


@pytest.mark.slow
def test_copied_sound_is_identical(tmp_path: Path) -> None:
    source = MEDIA / "videos" / "b.mp4"
    out, _ = rewritten(source, tmp_path)

    def packets(path: Path) -> list[bytes]:
        with av.open(str(path)) as media:
            return [bytes(packet) for packet in media.demux(audio=0) if packet.size]

    assert packets(out) == packets(source)


def test_colors_and_their_tags_are_kept(tmp_path: Path) -> None:
    for full_range in (False, True):
        red = [np.full((48, 64, 3), (200, 30, 40), np.uint8)] * 3
        source = make_clip(tmp_path / f"{full_range}.mp4", beats(3), frames=red, full_range=full_range)
        out, _ = rewritten(source, tmp_path / str(full_range))
        for path in (source, out):
            assert np.abs(pixels(path)[1].mean((0, 1)) - (200, 30, 40)).max() < 4, (path, full_range)
        with av.open(str(out)) as media:
            context = next(media.decode(video=0))
            assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)


def test_odd_sizes_grow_by_one_pixel(tmp_path: Path, short_clip: Path) -> None:
    odd = ClipFormat(63, 47, Fraction(1, 25), Fraction(25), Color(1, 1, 1), Fraction(1))
    writer = ClipWriter(tmp_path / "parts", odd)
    for number, time in enumerate(beats(4)):
        writer.write(Frame(gradient(63, 47, number), time, Fraction(1, 25)))
    result = writer.finish(tmp_path / "o.mp4", short_clip, RECORD)
    assert (result.width, result.height) == (64, 48)
    assert np.abs(pixels(tmp_path / "o.mp4")[0][:47, :63].astype(int) - gradient(63, 47, 0)).mean() < 3


def test_resuming_gives_the_same_clip(tmp_path: Path, short_clip: Path) -> None:
    _, whole = rewritten(short_clip, tmp_path / "a")
    out, pieced = rewritten(short_clip, tmp_path / "b", stop_every=3)
    assert pieced.content_sha256 == whole.content_sha256
    assert times(out) == times(short_clip)
    assert pieced.frames == 10


def test_lost_frames_are_made_again(tmp_path: Path, short_clip: Path) -> None:
    with ClipReader(short_clip) as reader:
        writer = ClipWriter(tmp_path / "parts", reader.format)
        for number, frame in enumerate(reader.read()):
            writer.write(frame)
            if number == 3:
                writer.keep()
        writer.abandon()
    assert ClipWriter(tmp_path / "parts", reader.format).done == 4


def test_the_hash_covers_pictures_and_sound(tmp_path: Path) -> None:
    frames = [gradient(64, 48, n) for n in range(5)]
    base = make_clip(tmp_path / "a.mp4", beats(5), frames=frames, sound="aac")
    mute = make_clip(tmp_path / "b.mp4", beats(5), frames=frames)
    other = make_clip(tmp_path / "c.mp4", beats(5), frames=frames[::-1], sound="aac")
    hashes = [rewritten(path, tmp_path / path.stem)[1].content_sha256 for path in (base, base, mute, other)]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_a_truncated_clip_is_read_up_to_its_end(tmp_path: Path, suffix: str) -> None:
    source = make_clip(tmp_path / f"c{suffix}", beats(100), size=(160, 120))
    content = source.read_bytes()
    source.write_bytes(content[: len(content) * 6 // 10])
    with ClipReader(source) as reader:
        read = sum(1 for _ in reader.read())
        assert not reader.whole
    assert 30 < read < 90
    out, result = rewritten(source, tmp_path)
    assert result.frames == read == len(times(out))


def test_a_clip_without_frames_is_refused(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "c.mp4", beats(3))
    content = source.read_bytes()
    source.write_bytes(content[: content.index(b"mdat") + 6])
    with pytest.raises(StudioError):
        ClipReader(source)
    with pytest.raises(StudioError):
        ClipReader(MEDIA / "audio" / "sax.wav")


def test_times_never_go_back(tmp_path: Path) -> None:
    starts = times(MEDIA / "videos" / "b.avi")
    assert all(a < b for a, b in pairwise(starts))


@pytest.mark.slow
def test_a_clip_is_never_completely_in_memory(tmp_path: Path) -> None:
    size, count = (640, 360), 150  # 104 MB of pixels
    source = make_clip(tmp_path / "long.mp4", beats(count), size=size)
    warm = make_clip(tmp_path / "short.mp4", beats(30), size=size)
    rewritten(warm, tmp_path / "warm")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rewritten(source, tmp_path / "long")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 60 * 1024, f"{grown // 1024} MB more for a clip five times as long"


UNEVEN = [
    Fraction(ms, 1000) for ms in (0, 100, 200, 300, 500, 800, 900, 1000, 1050, 1100, 1500, 1600, 1700, 1750, 1900)
]


def test_the_last_frame_of_an_uneven_clip_ends_with_the_clip(tmp_path: Path) -> None:
    """With B-frames and a variable rate, a packet's duration belongs to another frame."""
    source = tmp_path / "phone.mov"
    with av.open(str(source), "w") as out:
        video = out.add_stream("libx264", rate=10, options={"preset": "medium", "bf": "3"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.time_base = Fraction(1, 600)
        for number, time in enumerate(UNEVEN):
            frame = av.VideoFrame.from_ndarray(gradient(64, 48, 3 * number), "rgb24")
            frame.pts, frame.time_base = round(time * 600), Fraction(1, 600)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    with ClipReader(source) as reader:
        frames = list(reader.read())
        length = reader.seconds
    assert [frame.start for frame in frames] == UNEVEN
    assert frames[-1].start + frames[-1].duration == length
    assert reader.whole
    out, result = rewritten(source, tmp_path)
    assert result.seconds == pytest.approx(float(length))
    assert intake.inspect(out, "o").facts.seconds == pytest.approx(float(length), abs=0.01)


def test_longer_sound_does_not_mean_truncated(tmp_path: Path) -> None:
    for suffix, codec in ((".mkv", "aac"), (".webm", "libopus"), (".mov", "aac")):
        source = tmp_path / f"c{suffix}"
        with av.open(str(source), "w") as out:
            video = out.add_stream("libvpx" if suffix == ".webm" else "libx264", rate=25)
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            audio = out.add_stream(codec, rate=48_000, layout="mono")
            for number in range(10):
                frame = av.VideoFrame.from_ndarray(gradient(64, 48, number), "rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                out.mux(video.encode(frame))
            out.mux(video.encode(None))
            for block in beeps(3):
                out.mux(audio.encode(block))
            out.mux(audio.encode(None))
        with ClipReader(source) as reader:
            assert len(list(reader.read())) == 10
            assert reader.whole, suffix
