"""Clean copies of clips have no dates, programs or camera data, and keep frames, sound and timecode."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engines.media import intake
from engines.media.strip_metadata.mp4_boxes import Box, find
from engines.media.strip_metadata.mp4_samples import sample_ranges
from engines.media.strip_metadata.strip import clean_copy
from errors import StudioError
from tests.engines.media.test_strip_metadata import MADE, film, shown

DATE = "2024-05-06T07:08:09.000000Z"
MAC_EPOCH = 2_082_844_800  # seconds before 1970
SECONDS = struct.pack(">I", 1_714_979_289 + MAC_EPOCH)
PLACE = b"48.1371N"


def recording(path: Path, data: bytes = b"", chapters: bool = False, **options: str) -> Path:
    """Write a clip with a date, tape and handler name; ``data`` is the kind of its second track, with a place."""
    container = "mov" if path.suffix == ".mov" else "mp4"
    with av.open(str(path), "w", format=container, options=options) as out:
        out.metadata["creation_time"] = DATE
        picture = out.add_stream("libx264", rate=10, options={"g": "5"})
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        picture.metadata.update(creation_time=DATE, handler_name="zebra", timecode="01:00:00:00", reel_name="tape7")
        noted = out.add_stream("pcm_s16le" if container == "mov" else "aac", rate=8000, layout="mono")
        if chapters:
            entry = {"id": 1, "start": 0, "end": 1, "time_base": Fraction(1), "metadata": {"title": "zebra"}}
            out.set_chapters([entry])
        rng = np.random.default_rng(0)
        for _ in range(20):
            out.mux(picture.encode(av.VideoFrame.from_ndarray(rng.integers(0, 255, (48, 64, 3), np.uint8))))
        samples = np.frombuffer((PLACE + b" 11.5754E  ") * 1600, np.int16)[:16_000]
        frame = av.AudioFrame.from_ndarray(samples[None].copy(), "s16", "mono")
        frame.sample_rate = 8000
        for piece in av.AudioResampler(noted.format.name, "mono", 8000, frame_size=1024).resample(frame):
            out.mux(noted.encode(piece))
        out.mux(picture.encode(None))
        out.mux(noted.encode(None))
    if data:
        path.write_bytes(path.read_bytes().replace(b"soun", data).replace(b"sowt", b"gpmd"))
    return path


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "pieces.mp4"])
def test_mp4_loses_dates_and_programs(tmp_path: Path, name: str) -> None:
    options = {"movflags": "frag_keyframe+empty_moov"} if name == "pieces.mp4" else {}
    path, out = recording(tmp_path / name, **options), tmp_path / f"clean-{name}"
    assert path.read_bytes().count(SECONDS) >= 4
    assert b"zebra" in path.read_bytes()
    clean_copy(path, out)
    content = out.read_bytes()
    for secret in (SECONDS, b"zebra", b"Handler", b"libx264", b"Lavf", b"FFMP", b"tape7"):
        assert secret not in content, secret
    assert shown(out) == shown(path)
    with av.open(str(out)) as media, av.open(str(path)) as before:
        assert "creation_time" not in media.metadata
        assert [stream.type for stream in media.streams] == [stream.type for stream in before.streams]
        assert media.streams.video[0].metadata.get("timecode") == before.streams.video[0].metadata.get("timecode")


def test_64_bit_dates_are_removed(tmp_path: Path) -> None:
    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(content), name) + content

    times = struct.pack(">QQ", 4_000_000_001, 4_000_000_002)
    header = box(b"mvhd", b"\1\0\0\0" + times + struct.pack(">IQ", 600, 6000))
    path = tmp_path / "a.mp4"
    path.write_bytes(box(b"ftyp", b"isom\0\0\0\0") + box(b"moov", header) + box(b"mdat", b"x"))
    content = clean_copy(path, tmp_path / "b.mp4").read_bytes()
    assert content == path.read_bytes().replace(times, bytes(16))


@pytest.mark.parametrize("name", ["a.webm", "a.mkv", "live.mkv"])
def test_matroska_loses_dates_and_programs(tmp_path: Path, name: str) -> None:
    container, video, audio = ("webm", "libvpx", "libopus") if name == "a.webm" else ("matroska", "libx264", "flac")
    path, out = tmp_path / name, tmp_path / f"clean-{name}"
    film(path, container, video, audio, **({"live": "1"} if name == "live.mkv" else {}))
    assert b"Lavf" in path.read_bytes()
    clean_copy(path, out)
    assert b"Lavf" not in out.read_bytes()
    assert shown(out) == shown(path)
    with av.open(str(out)) as media:
        assert media.metadata == {"encoder": "unknown"}


@pytest.mark.parametrize("kind", [b"meta", b"gps ", b"data"])
def test_a_camera_data_track_is_removed_with_its_samples(tmp_path: Path, kind: bytes) -> None:
    path = recording(tmp_path / "a.mov", data=kind)
    assert path.read_bytes().count(PLACE) > 1000
    out = clean_copy(path, tmp_path / "b.mov")
    assert PLACE not in out.read_bytes()
    assert shown(out) == shown(path)
    with av.open(str(out)) as media:
        assert [stream.type for stream in media.streams] == ["video", "data"]
        assert "timecode" in media.streams.data[0].metadata


def test_subtitles_are_kept(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.mov", data=b"sbtl")
    out = clean_copy(path, tmp_path / "b.mov")
    assert out.read_bytes().count(PLACE) == path.read_bytes().count(PLACE)


def test_chapters_are_removed(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.mp4", chapters=True)
    with av.open(str(path)) as media:
        assert media.chapters()
    out = clean_copy(path, tmp_path / "b.mp4")
    with av.open(str(out)) as media:
        assert not media.chapters()
    assert b"zebra" not in out.read_bytes()
    assert shown(out) == shown(path)


def test_camera_data_in_fragments_is_refused(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.mp4", data=b"meta", movflags="frag_keyframe+empty_moov")
    with pytest.raises(StudioError) as refused:
        clean_copy(path, tmp_path / "b.mp4")
    assert refused.value.problem.code == "not_cleanable"
    assert not (tmp_path / "b.mp4").exists()


def test_the_tables_locate_every_packet(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.mp4")
    content = path.read_bytes()
    with path.open("rb") as file:
        tracks = list(find(file, Box(b"", 0, 0, len(content)), b"moov", b"trak"))
        found = [b"".join(content[start:end] for start, end in sample_ranges(file, track)) for track in tracks]
    for number in (0, 1):
        with av.open(str(path)) as media:
            packets = sorted((p for p in media.demux(media.streams[number]) if p.size), key=lambda p: p.pos)
        assert found[number] == b"".join(bytes(packet) for packet in packets)


@pytest.mark.parametrize("name", MADE)
def test_a_truncated_clip_has_a_clean_copy(tmp_path: Path, name: str) -> None:
    whole, cut = tmp_path / name, tmp_path / f"cut-{name}"
    MADE[name](whole)
    content = whole.read_bytes()
    for missing in (1, 2, 4, 5, 12, 20, len(content) // 3, len(content) // 2):
        cut.write_bytes(content[:-missing])
        try:
            facts = intake.inspect(cut, name).facts
        except StudioError:
            continue  # refused at the upload
        again = intake.inspect(clean_copy(cut, tmp_path / f"clean-{name}"), name).facts
        assert (again.kind, again.width, again.height) == (facts.kind, facts.width, facts.height), missing


def test_unsupported_sample_sizes_are_refused(tmp_path: Path) -> None:
    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(content), name) + content

    tables = [(b"stco", [0, 1, 0]), (b"stsc", [0, 1, 1, 1, 1]), (b"stz2", [0, 4, 1])]  # two samples per byte
    table = b"".join(box(name, struct.pack(f">{len(numbers)}I", *numbers)) for name, numbers in tables)
    path = tmp_path / "track"
    path.write_bytes(box(b"mdia", box(b"minf", box(b"stbl", table))))
    with path.open("rb") as file, pytest.raises(ValueError, match="unsupported"):
        list(sample_ranges(file, Box(b"trak", 0, 0, path.stat().st_size)))
