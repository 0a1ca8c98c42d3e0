"""WAV files without a valid size in the header: recorders that lost power, streams, files over 4 GB."""

import struct
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from engines.media import intake, wav
from engines.media.peaks import peaks
from engines.media.sound import save_sound
from engines.media.strip_metadata.strip import clean_copy
from engines.speech.transcription import pieces

RATE = 8000
SECONDS = 2.0
TONE = (0.3 * np.sin(np.arange(int(RATE * SECONDS)) / 5)).astype(np.float32)
PCM = np.rint(TONE * 32767).astype("<i2").tobytes()
FORMAT = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(content) if size is None else size) + content


def recording(size: int, head: bytes = b"RIFF", before: bytes = b"", behind: bytes = b"") -> bytes:
    return (
        head + struct.pack("<I", size) + b"WAVE" + before + chunk(b"fmt ", FORMAT) + chunk(b"data", PCM, size) + behind
    )


def samples(path: Path) -> np.ndarray:
    with av.open(str(path)) as media:
        return np.concatenate([frame.to_ndarray().ravel() for frame in media.decode(audio=0)])


def rf64(head: bytes) -> bytes:
    sizes = struct.pack("<QQQI", 4 + 36 + 8 + 16 + 8 + len(PCM) + 20, len(PCM), len(TONE), 0)
    return recording(wav.OPEN, head, chunk(b"ds64", sizes), chunk(b"iXML", b"zebra <SCENE>"))


FILES = {
    "power lost": recording(0),
    "streamed": recording(wav.OPEN),
    "cut off": recording(10 * len(PCM)),
    "RF64": rf64(b"RF64"),
    "BW64": rf64(b"BW64"),
}


@pytest.mark.parametrize("name", FILES)
def test_every_reader_reads_to_the_end(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(FILES[name])
    found = intake.inspect(path, "a.wav")
    assert (found.facts.kind, found.suffix, found.facts.mime) == ("sound", ".wav", "audio/wav")
    assert found.facts.seconds == pytest.approx(SECONDS)
    assert sum(len(piece) for _, piece in pieces(path)) == pytest.approx(SECONDS * 16_000, abs=20)
    assert min(peaks(path, 10)) > 50
    assert intake.thumbnail(path, found.facts, tmp_path / "t.webp")


@pytest.mark.parametrize("name", FILES)
def test_a_clean_copy_has_the_same_length_and_valid_sizes(tmp_path: Path, name: str) -> None:
    path, out = tmp_path / "a.wav", tmp_path / "b.wav"
    path.write_bytes(FILES[name])
    clean_copy(path, out)
    assert np.array_equal(samples(out), np.frombuffer(PCM, "<i2"))
    copy = out.read_bytes()
    assert b"zebra" not in copy
    data = copy.index(b"data")
    if copy[:4] == b"RIFF":
        assert struct.unpack_from("<I", copy, 4)[0] == len(copy) - 8
        assert struct.unpack_from("<I", copy, data + 4)[0] == len(PCM)
        assert soundfile.info(out).frames == len(TONE)
    else:
        assert struct.unpack_from("<QQ", copy, copy.index(b"ds64") + 8) == (len(copy) - 8, len(PCM))


def test_samples_are_not_mistaken_for_metadata(tmp_path: Path) -> None:
    note = b"INFOICMT" + struct.pack("<I", 6) + b"zebra\0"
    inside = chunk(b"LIST", note)
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", FORMAT) + chunk(b"data", inside + PCM, 0))
    assert wav.comment(path) is None
    path.write_bytes(recording(len(PCM), behind=inside))
    assert wav.comment(path) == "zebra"


@pytest.mark.parametrize("channels", [1, 2])
def test_written_files_are_read_by_others(tmp_path: Path, channels: int) -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, (9001, channels)).astype(np.float32)
    sound[:3] = [[1.0] * channels, [-1.0] * channels, [0.0] * channels]
    path = tmp_path / "a.wav"
    wav.write(sound if channels > 1 else sound[:, 0], 24_000, path, "note ü")
    read, rate = soundfile.read(path, always_2d=True)
    assert (rate, soundfile.info(path).subtype) == (24_000, "PCM_24")
    assert np.abs(read - sound).max() <= 2**-23
    assert struct.unpack_from("<I", path.read_bytes(), 4)[0] == path.stat().st_size - 8
    assert wav.comment(path) == "note ü"


def test_a_full_disk_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.part.wav").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        save_sound(np.tile(TONE, 10), RATE, tmp_path / "a.wav", {})
    assert not (tmp_path / "a.wav").exists()


def notes(*entries: tuple[bytes, bytes]) -> bytes:
    return chunk(b"LIST", b"INFO" + b"".join(chunk(name, text) + b"\0" * (len(text) % 2) for name, text in entries))


@pytest.mark.parametrize(
    "behind",
    [
        notes((b"ICMT", b"made here")),
        notes((b"IART", b"Ann"), (b"ISFT", b"Lavf"), (b"ICMT", b"made here")),  # the first has an odd length
        notes((b"IART", b"Ann")) + notes((b"ICMT", b"made here")),
        chunk(b"LIST", b"adtl" + b"ICMT" * 4) + notes((b"ICMT", b"made here")),
    ],
)
def test_the_comment_is_found_anywhere(tmp_path: Path, behind: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(recording(len(PCM), behind=behind))
    assert wav.comment(tmp_path / "a.wav") == "made here"


@pytest.mark.parametrize("behind", [b"", notes((b"IART", b"Ann")), chunk(b"LIST", b"INFOICMT\xff\xff\0\0x"[:13])])
def test_a_missing_or_truncated_comment_does_no_harm(tmp_path: Path, behind: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(recording(len(PCM), behind=behind))
    assert wav.comment(tmp_path / "a.wav") in (None, "x", "")


def test_another_programs_notes_do_not_hide_the_provenance(tmp_path: Path) -> None:
    record = {"request": {"task": "speak"}}
    save_sound(TONE, RATE, tmp_path / "a.wav", record)
    with av.open(str(tmp_path / "a.wav")) as media, av.open(str(tmp_path / "b.wav"), "w", format="wav") as out:
        out.metadata.update(media.metadata, artist="Ann")
        stream = out.add_stream_from_template(media.streams.audio[0])
        for packet in media.demux(media.streams.audio[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    assert intake.read_provenance(tmp_path / "b.wav") == record
