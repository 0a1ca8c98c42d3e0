"""Sounds with a damaged or missing part: every reader uses the rest and keeps its time."""

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from engines.media import intake
from engines.media.peaks import peaks
from engines.speech.transcription import RATE, pieces
from errors import StudioError

RATE_MADE = 48_000


def beep_at(path: Path, second: int, codec: str) -> Path:
    """Write 20 seconds of faint noise with a one-second beep."""
    samples = np.random.default_rng(1).normal(0, 0.01, 20 * RATE_MADE).astype(np.float32)
    beep = slice(second * RATE_MADE, (second + 1) * RATE_MADE)
    samples[beep] = 0.5 * np.sin(np.arange(RATE_MADE) / 16)
    options = {"movflags": "faststart"} if path.suffix == ".m4a" else {}
    with av.open(str(path), "w", format="mp4" if path.suffix == ".m4a" else None, options=options) as out:
        stream = out.add_stream(codec, rate=RATE_MADE, layout="mono", options={"b": "64k"})
        frame = av.AudioFrame.from_ndarray(samples[None], "fltp", "mono")
        frame.sample_rate = RATE_MADE
        resampler = av.AudioResampler(stream.format.name, "mono", RATE_MADE, frame_size=stream.frame_size or 1024)
        for piece in resampler.resample(frame):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return path


def damage(path: Path, at: float, length: int) -> None:
    content = bytearray(path.read_bytes())
    begin = int(len(content) * at)
    content[begin : begin + length] = np.random.default_rng(0).integers(0, 255, length, np.uint8).tobytes()
    path.write_bytes(content)


def heard_at(path: Path) -> tuple[float, float]:
    """Return the time of the beep in the pieces for transcription, and the total length, in seconds."""
    samples = np.concatenate([samples for _, samples in pieces(path)])
    return float(np.flatnonzero(np.abs(samples) > 0.25)[0]) / RATE, len(samples) / RATE


@pytest.mark.parametrize(("name", "codec"), [("a.mp3", "libmp3lame"), ("a.m4a", "aac"), ("a.mka", "libopus")])
def test_damaged_parts_are_silent_and_the_rest_keeps_its_time(tmp_path: Path, name: str, codec: str) -> None:
    path = beep_at(tmp_path / name, 15, codec)
    damage(path, 0.4, 1500)
    facts = intake.inspect(path, name).facts
    assert facts.seconds == pytest.approx(20, abs=0.1)
    assert facts.notes == ()
    start, length = heard_at(path)
    assert start == pytest.approx(15, abs=0.5)
    assert length == pytest.approx(20, abs=0.5)
    shape = peaks(path, 20)
    assert max(shape[14:17]) == 100
    assert max(shape[:3] + shape[11:14] + shape[17:]) < 30


@pytest.mark.parametrize(("name", "codec"), [("a.m4a", "aac"), ("a.mka", "libopus")])
def test_an_incomplete_sound_has_a_note_about_its_length(tmp_path: Path, name: str, codec: str) -> None:
    path = beep_at(tmp_path / name, 5, codec)
    assert intake.inspect(path, name).facts.notes == ()
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    facts = intake.inspect(path, name).facts
    start, length = heard_at(path)
    assert start == pytest.approx(5, abs=0.1)
    assert facts.seconds == pytest.approx(length, abs=0.1)
    assert length < 19
    assert facts.notes == (f"This sound is incomplete: it ends after {facts.seconds:.1f} s of 20.0 s.",)
    shape = peaks(path, round(length))
    assert shape.index(100) in (4, 5)


def test_an_incomplete_mp3_has_its_actual_length(tmp_path: Path) -> None:
    path = beep_at(tmp_path / "a.mp3", 5, "libmp3lame")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    facts = intake.inspect(path, "a.mp3").facts
    assert facts.seconds == pytest.approx(heard_at(path)[1], abs=0.2)
    assert facts.seconds == pytest.approx(10, abs=1)


def test_a_pause_in_the_clock_is_silence(tmp_path: Path) -> None:
    path = tmp_path / "a.mka"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=8000, layout="mono")
        for start in (0, 3):
            frame = av.AudioFrame.from_ndarray(np.full((1, 8000), 20_000, np.int16), "s16", "mono")
            frame.sample_rate, frame.pts = 8000, start * 8000
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    samples = np.concatenate([samples for _, samples in pieces(path)])
    assert len(samples) / RATE == pytest.approx(4, abs=0.1)
    assert np.abs(samples[int(1.2 * RATE) : int(2.8 * RATE)]).max() < 0.01
    assert peaks(path, 8) == [100, 100, 0, 0, 0, 0, 100, 100]


def test_too_many_channels_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((8000, 64), np.float32), 8000)
    for read in (lambda: peaks(tmp_path / "a.wav", 8), lambda: list(pieces(tmp_path / "a.wav"))):
        with pytest.raises(StudioError) as refused:
            read()
        assert refused.value.problem.code == "bad_media"
