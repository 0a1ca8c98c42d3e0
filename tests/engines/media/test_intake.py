"""Uploads are recognized by content, and others are refused."""

import hashlib
import io
import shutil
import struct
import time
import wave
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from engines.media import documents, intake
from engines.media.picture import load_picture
from engines.media.text_encoding import unmarked_utf16
from errors import StudioError
from tests.engines.media.clip_files import beats, beeps, make_clip
from tests.support.samples import MEDIA


def long_wav(path: Path, hours: float) -> Path:
    """Write a silent WAV that takes no disk space."""
    data = round(hours * 3600 * 8000)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(8000)
        out.writeframes(b"\x80" * 8000)
    with path.open("r+b") as file:
        file.seek(4)
        file.write(struct.pack("<I", 36 + data))
        file.seek(40)
        file.write(struct.pack("<I", data))
        file.truncate(44 + data)
    return path


def test_every_kind_is_recognized_by_its_content(tmp_path: Path) -> None:
    expected = {
        "images/lion.jpg": ("image", ".jpg"),
        "images/bus.png": ("image", ".gif"),  # despite its name, it is a GIF
        "videos/b.mp4": ("clip", ".mp4"),
        "videos/b.avi": ("clip", ".avi"),
        "audio/sax.wav": ("sound", ".wav"),
        "audio/cate_blanch.mp3": ("sound", ".mp3"),
    }
    for name, (kind, suffix) in expected.items():
        unnamed = shutil.copy(MEDIA / name, tmp_path / "upload")
        found = intake.inspect(Path(unnamed), "")
        assert (found.facts.kind, found.suffix) == (kind, suffix), name
        assert found.content_sha256 == hashlib.sha256((MEDIA / name).read_bytes()).hexdigest()
        assert intake.thumbnail(Path(unnamed), found.facts, tmp_path / "t.webp"), name
        assert max(Image.open(tmp_path / "t.webp").size) <= 512
        assert intake.read_provenance(Path(unnamed)) is None


def test_facts_of_a_clip_and_a_sound() -> None:
    clip = intake.inspect(MEDIA / "videos" / "b.mp4", "b").facts
    assert (clip.width, clip.height, clip.fps, clip.frames, clip.seconds) == (480, 270, 30.0, 150, 5.0)
    sound = intake.inspect(MEDIA / "audio" / "sax.wav", "s").facts
    assert sound.seconds == 16.0


@pytest.mark.parametrize("suffix", [".webm", ".mkv", ".mov"])
def test_other_containers(tmp_path: Path, suffix: str) -> None:
    path = make_clip(tmp_path / f"c{suffix}", beats(20))
    found = intake.inspect(path, "c")
    assert (found.facts.kind, found.suffix, found.facts.width) == ("clip", suffix, 64)
    assert found.facts.seconds == pytest.approx(0.8, abs=0.05)
    assert found.facts.frames == pytest.approx(20, abs=1)


@pytest.mark.parametrize(("name", "codec", "suffix"), [("a.flac", "flac", ".flac"), ("a.m4a", "aac", ".m4a")])
def test_other_sounds(tmp_path: Path, name: str, codec: str, suffix: str) -> None:
    with av.open(str(tmp_path / name), "w", format="ipod" if suffix == ".m4a" else None) as out:
        stream = out.add_stream(codec, rate=48_000, layout="mono")
        for block in beeps(2):
            out.mux(stream.encode(block))
        out.mux(stream.encode(None))
    found = intake.inspect(tmp_path / name, name)
    assert (found.facts.kind, found.suffix) == ("sound", suffix)
    assert found.facts.seconds == pytest.approx(2, abs=0.1)


def test_a_recording_without_a_length_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "live.webm"
    source = make_clip(tmp_path / "c.webm", beats(50))
    with av.open(str(source)) as media, av.open(str(path), "w", format="webm", options={"live": "1"}) as out:
        stream = out.add_stream_from_template(media.streams.video[0])
        for packet in media.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    facts = intake.inspect(path, "live").facts
    assert facts.seconds == pytest.approx(2, abs=0.1)
    assert facts.frames == pytest.approx(50, abs=2)


def test_music_with_a_cover_is_a_sound(tmp_path: Path) -> None:
    cover = io.BytesIO()
    Image.new("RGB", (32, 32), (200, 0, 0)).save(cover, "JPEG")
    picture = b"\0image/jpeg\0\x03\0" + cover.getvalue()
    frame = b"APIC" + struct.pack(">I", len(picture)) + b"\0\0" + picture
    size = len(frame)
    synchsafe = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    path = tmp_path / "m.mp3"
    path.write_bytes(b"ID3\x03\0\0" + synchsafe + frame + (MEDIA / "audio" / "heath_ledger.mp3").read_bytes())
    assert intake.inspect(path, "m").facts.kind == "sound"


def test_three_hours_of_sound_are_inspected_quickly(tmp_path: Path) -> None:
    path = long_wav(tmp_path / "a.wav", 3)
    began = time.process_time()
    found = intake.inspect(path, "a.wav")
    assert found.facts.seconds == 3 * 3600
    assert intake.thumbnail(path, found.facts, tmp_path / "t.webp")
    assert time.process_time() - began < 6


def test_thirteen_hours_of_sound_are_too_long(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="12 hours"):
        intake.inspect(long_wav(tmp_path / "a.wav", 13), "a.wav")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("run.exe", b"MZ\x90\0" + bytes(500)),
        ("IMG_0001.cr3", b"\0\0\0\x18ftypcrx \0\0\0\0crx isom" + bytes(100)),
    ],
)
def test_anything_else_is_refused_whatever_its_name(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(StudioError) as refused:
        intake.inspect(path, name)
    assert refused.value.problem.code == "unknown_file"
    assert name in refused.value.problem.what
    assert refused.value.status == 415


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.png", b"<html><script>alert(1)</script>"),
        ("vector.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("list.mp4", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"),
        ("concat.mp4", b"ffconcat version 1.0\nfile /etc/passwd\n"),
        ("sdp.mp4", b"v=0\no=- 0 0 IN IP4 127.0.0.1\n"),
    ],
)
def test_text_of_any_kind_is_plain_text_and_nothing_else(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    found = intake.inspect(path, name)
    assert (found.facts.kind, found.facts.mime, found.suffix) == ("document", "text/plain", ".txt")
    assert not intake.thumbnail(path, found.facts, tmp_path / "t.webp")


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(StudioError, match="is empty"):
        intake.inspect(tmp_path / "a", "a")


def test_a_clip_without_its_index_is_refused(tmp_path: Path) -> None:
    content = (MEDIA / "videos" / "world.mp4").read_bytes()
    (tmp_path / "c.mp4").write_bytes(content[: len(content) // 2].replace(b"moov", b"junk"))
    with pytest.raises(StudioError) as refused:
        intake.inspect(tmp_path / "c.mp4", "c.mp4")
    assert refused.value.problem.code == "bad_media"


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_clips_and_sounds_are_refused_or_read(tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["audio/heath_ledger.mp3", "audio/audio_sample.wav", "videos/muted_b.mp4"]))
    content = bytearray((MEDIA / name).read_bytes())
    for _ in range(data.draw(st.integers(0, 8))):
        content[data.draw(st.integers(0, min(4000, len(content) - 1)))] = data.draw(st.integers(0, 255))
    path = tmp_path / "upload"
    path.write_bytes(content[: data.draw(st.integers(8, len(content)))])
    with suppress(StudioError):  # anything else fails the test
        found = intake.inspect(path, "upload")
        intake.thumbnail(path, found.facts, tmp_path / "t.webp")
    intake.read_provenance(path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=300), st.sampled_from([b"", b"RIFF\0\0\0\0WAVE", b"\0\0\0\x18ftypisom", b"OggS"]))
def test_random_bytes_are_refused_unless_they_are_text(tmp_path: Path, noise: bytes, head: bytes) -> None:
    path = tmp_path / "upload"
    path.write_bytes(head + noise)
    if documents.document_type(path) == documents.TEXT:
        assert b"\0" not in noise or noise[:2] in (b"\xff\xfe", b"\xfe\xff") or unmarked_utf16(head + noise)
        return
    with pytest.raises(StudioError):
        intake.inspect(path, "upload")
    assert intake.read_provenance(path) is None


def test_a_truncated_comment_is_not_provenance(tmp_path: Path) -> None:
    sound = long_wav(tmp_path / "a.wav", 0.001).read_bytes()
    broken = tmp_path / "b.wav"
    broken.write_bytes(sound[:36] + b"LIST" + struct.pack("<I", 8) + b"INFOICMT" + sound[36:])
    assert intake.inspect(broken, "b.wav").facts.kind == "sound"
    assert intake.read_provenance(broken) is None


def test_small_files_of_huge_pictures_are_decoded_one_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    open_now: list[Path] = []
    most: list[int] = []
    Image.new("1", (4000, 4000)).save(path)

    def watched(path: Path) -> Image.Image:
        open_now.append(path)
        most.append(len(open_now))
        time.sleep(0.05)
        image = load_picture(path)
        open_now.pop()
        return image

    monkeypatch.setattr(intake, "load_picture", watched)
    with ThreadPoolExecutor(10) as pool:
        assert len(list(pool.map(lambda _: intake.inspect(path, "a.png"), range(10)))) == 10
    assert max(most) <= 3
