"""All sound of a clip and its timecode are carried over; a note names what is left out."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from engines import protocol
from engines.media.clip import ClipReader, ClipWriter
from engines.media.timecode import at_rate
from tests.engines.media.clip_files import gradient

RATE = 48_000


def tones(channels: int, number: int, seconds: float = 1.0) -> np.ndarray:
    """Return interleaved 16-bit samples with a different tone for each channel and track."""
    t = np.arange(round(RATE * seconds)) / RATE
    pitches = [500 * (channel + 1) + 100 * number for channel in range(channels)]
    return np.stack([6000 * np.sin(2 * np.pi * pitch * t) for pitch in pitches], -1).astype(np.int16)


def recorded(path: Path, sounds: list[tuple[str, str]], timecode: str | None = None, fps: int = 25) -> Path:
    """Write a one-second camera clip with a track for each (codec, layout)."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=fps)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        if timecode:
            video.metadata["timecode"] = timecode
        tracks = [out.add_stream(codec, rate=RATE, layout=layout) for codec, layout in sounds]
        for track in tracks:
            track.metadata["language"] = "deu"
        for number in range(fps):
            frame = av.VideoFrame.from_ndarray(gradient(64, 48, number), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for number, (track, (_, layout)) in enumerate(zip(tracks, sounds, strict=True)):
            pcm = tones(track.layout.nb_channels, number)
            frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), "s16", layout)
            frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
            size = track.codec_context.frame_size or 1024
            resampler = av.AudioResampler(track.format.name, layout, RATE, frame_size=size)
            for piece in (*resampler.resample(frame), *resampler.resample(None)):
                out.mux(track.encode(piece))
            out.mux(track.encode(None))
    return path


def through(source: Path, folder: Path, **format: Any) -> tuple[Path, protocol.ResultFile]:
    """Pass a clip through reader and writer."""
    with ClipReader(source) as reader:
        writer = ClipWriter(folder / "parts", reader.format._replace(**format))
        for frame in reader.read():
            writer.write(frame)
    return folder / "out.mp4", writer.finish(folder / "out.mp4", source, {})


def pitches(path: Path, number: int) -> Iterator[int]:
    """Return the pitch of each channel of a track."""
    with av.open(str(path)) as media:
        track = media.streams.audio[number]
        frames = list(media.decode(track))
        for channel in range(track.channels):
            planes = [np.frombuffer(frame.planes[channel], np.float32)[: frame.samples] for frame in frames]
            heard = np.concatenate(planes)[4800:43_200]
            yield round(float(np.abs(np.fft.rfft(heard)).argmax()) * RATE / len(heard))


def test_both_tracks_of_a_camera_are_kept(tmp_path: Path) -> None:
    source = recorded(tmp_path / "c.mkv", [("pcm_s16le", "mono"), ("pcm_s24le", "mono"), ("aac", "stereo")])
    out, result = through(source, tmp_path)
    with av.open(str(out)) as media:
        assert [(track.codec_context.name, track.layout.name) for track in media.streams.audio] == [
            ("aac", "mono"),
            ("aac", "mono"),
            ("aac", "stereo"),
        ]
        assert {track.metadata["language"] for track in media.streams.audio} == {"deu"}
        assert all(float(track.duration * track.time_base) == pytest.approx(1, abs=0.05) for track in media.streams)
    assert [list(pitches(out, number)) for number in range(3)] == [[500], [600], [700, 1200]]
    assert result.notes == ()
    _, same = through(source, tmp_path / "again")
    assert same.content_sha256 == result.content_sha256


@pytest.mark.parametrize("layout", ["5.1", "quad", "5.0"])
def test_a_channel_layout_is_kept(tmp_path: Path, layout: str) -> None:
    source = recorded(tmp_path / "c.mov", [("pcm_s16le", layout)])
    out, result = through(source, tmp_path)
    with av.open(str(out)) as media:
        assert media.streams.audio[0].layout.name == layout
    wanted = [500 * (channel + 1) for channel in range(int(layout[0]) + int(layout[2]) if "." in layout else 4)]
    wanted = [pitch if layout != "5.1" or n != 3 else None for n, pitch in enumerate(wanted)]  # a subwoofer is muffled
    assert all(heard == pitch for heard, pitch in zip(pitches(out, 0), wanted, strict=True) if pitch)
    assert result.notes == ()


@pytest.mark.parametrize("channels", [4, 6, 8])
def test_a_recorders_microphones_stay_separate(tmp_path: Path, channels: int) -> None:
    source = recorded(tmp_path / "c.mkv", [("pcm_s16le", f"{channels} channels")])
    out, _ = through(source, tmp_path)
    assert list(pitches(out, 0)) == [500 * (channel + 1) for channel in range(channels)]


def test_too_many_channels_are_noted(tmp_path: Path) -> None:
    source = recorded(tmp_path / "c.mkv", [("pcm_s16le", "12 channels")])
    out, result = through(source, tmp_path)
    assert result.notes == ("The sound has 12 channels; only the first two are in the result.",)
    assert list(pitches(out, 0)) == [500, 1000]


def test_a_track_with_an_unknown_codec_is_noted(tmp_path: Path) -> None:
    source = recorded(tmp_path / "c.mov", [("aac", "stereo"), ("pcm_s16le", "mono")])
    content = source.read_bytes()
    assert content.count(b"sowt") == 1
    source.write_bytes(content.replace(b"sowt", b"xapc"))
    out, result = through(source, tmp_path)
    assert result.notes == ("Sound track 2 is left out: its codec is not supported.",)
    assert list(pitches(out, 0)) == [500, 1000]


def test_timecode_is_kept(tmp_path: Path) -> None:
    source = recorded(tmp_path / "c.mov", [], timecode="10:20:30:20")
    out, result = through(source, tmp_path)
    with av.open(str(out)) as media:
        assert media.streams.video[0].metadata["timecode"] == "10:20:30:20"
    assert result.notes == ()


@pytest.mark.parametrize(
    ("code", "before", "after", "wanted"),
    [
        ("10:20:30:20", 25, 50, "10:20:30:40"),
        ("10:20:30:24", 25, 24, "10:20:30:23"),
        ("01:00:00;29", Fraction(30000, 1001), Fraction(60000, 1001), "01:00:00;58"),
        ("01:00:00;28", Fraction(30000, 1001), Fraction(24000, 1001), "01:00:00:22"),
        ("01:00:00:0", 10, 20, "01:00:00:00"),
        ("ten past", 25, 50, None),
    ],
)
def test_timecode_at_another_rate(code: str, before: Fraction, after: Fraction, wanted: str | None) -> None:
    assert at_rate(code, Fraction(before), Fraction(after)) == wanted


def test_subtitles_and_chapters_are_noted(tmp_path: Path) -> None:
    plain = recorded(tmp_path / "c.mkv", [("aac", "mono")])
    (tmp_path / "s.srt").write_text("1\n00:00:00,000 --> 00:00:00,500\nHello.\n")
    source = tmp_path / "s.mkv"
    with av.open(str(plain)) as media, av.open(str(tmp_path / "s.srt")) as words, av.open(str(source), "w") as out:
        streams = {stream: out.add_stream_from_template(stream) for stream in (*media.streams, *words.streams)}
        chapter = {"id": 1, "start": 0, "end": 500, "time_base": Fraction(1, 1000), "metadata": {}}
        out.set_chapters([chapter])
        for packet in (*words.demux(), *media.demux()):
            if packet.size:
                packet.stream = streams[packet.stream]
                out.mux(packet)
    _, result = through(source, tmp_path)
    assert result.notes == ("Not in the result: subtitles, chapter marks.",)
