"""Clean copies keep no metadata, and keep everything visible and audible."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from engines.media.picture import save_picture
from engines.media.sound import save_sound
from engines.media.strip_metadata.strip import clean_copy
from errors import StudioError

SECRET = "a zebra in the kitchen"
RECORD: dict[str, Any] = {
    "studio": "1",
    "request": {"task": "create_image", "prompt": SECRET, "width": 64, "height": 48},
    "seed": 1,
    "model": {"id": "x", "parts": {}},
}


def noise(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8)).convert(mode)


def lying() -> Image.Exif:
    """Return EXIF with a rotation and a secret."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = SECRET
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + SECRET.encode("utf-16-be")
    return exif


def hum() -> np.ndarray[Any, Any]:
    return (np.sin(np.arange(24_000) / 20) * 0.3).astype(np.float32)


def film(path: Path, container: str, video: str | None, audio: str, **options: str) -> None:
    with av.open(str(path), "w", format=container, options=options) as out:
        for name in ("c41", "title", "comment"):
            out.metadata[name] = SECRET
        if video:
            picture = out.add_stream(video, rate=10)
            picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        sound = out.add_stream(audio, rate=48000, layout="mono")
        for number in range(6 if video else 0):
            frame = av.VideoFrame.from_image(noise().rotate(10 * number))
            frame.pts = number
            out.mux(picture.encode(frame))
        block = av.AudioFrame.from_ndarray(hum()[None], "fltp", "mono")
        block.sample_rate, block.pts = 48000, 0
        size = sound.codec_context.frame_size or 1024
        for piece in av.AudioResampler(sound.format.name, "mono", 48000, frame_size=size).resample(block):
            out.mux(sound.encode(piece))
        if video:
            out.mux(picture.encode(None))
        out.mux(sound.encode(None))


def subtitles(path: Path) -> None:
    path.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello.\n")


MADE: dict[str, Callable[[Path], object]] = {
    "ours.png": lambda path: save_picture(noise(), path, RECORD),
    "clear.png": lambda path: save_picture(noise("RGBA"), path, RECORD),
    "lying.png": lambda path: noise().save(path, exif=lying()),
    "baseline.jpg": lambda path: noise().save(path, exif=lying(), comment=SECRET),
    "progressive.jpg": lambda path: noise().save(path, exif=lying(), progressive=True, icc_profile=b"x" * 70_000),
    "lossy.webp": lambda path: noise().save(path, exif=lying(), xmp=SECRET.encode()),
    "lossless.webp": lambda path: noise("RGBA").save(path, lossless=True, exif=lying()),
    "moving.webp": lambda path: noise().save(path, save_all=True, append_images=[noise().rotate(90)], exif=lying()),
    "moving.gif": lambda path: noise("P").save(
        path, comment=SECRET, save_all=True, append_images=[noise("P").rotate(90)], duration=50, loop=0
    ),
    "ours.wav": lambda path: save_sound(hum(), 24000, path, RECORD),
    "ours.mp3": lambda path: save_sound(hum(), 24000, path, RECORD),
    "a.flac": lambda path: film(path, "flac", None, "flac"),
    "a.ogg": lambda path: film(path, "ogg", None, "libopus"),
    "a.m4a": lambda path: film(path, "mp4", None, "aac"),
    "ours.mp4": lambda path: film(path, "mp4", "libx264", "aac", movflags="+faststart+use_metadata_tags"),
    "plain.mp4": lambda path: film(path, "mp4", "libx264", "aac"),
    "pieces.mp4": lambda path: film(path, "mp4", "libx264", "aac", movflags="frag_keyframe+empty_moov"),
    "a.mov": lambda path: film(path, "mov", "libx264", "aac"),
    "a.webm": lambda path: film(path, "webm", "libvpx", "libopus"),
    "a.mkv": lambda path: film(path, "matroska", "libx264", "flac"),
    "live.mkv": lambda path: film(path, "matroska", "libx264", "flac", live="1"),
    "a.avi": lambda path: film(path, "avi", "mpeg4", "mp3"),
}


def shown(path: Path) -> object:
    """Return everything visible or audible in a file."""
    if path.suffix in (".png", ".jpg", ".webp", ".gif"):
        with Image.open(path) as image:
            frames = []
            for number in range(getattr(image, "n_frames", 1)):
                image.seek(number)
                frames.append((image.convert("RGBA").tobytes(), image.info.get("duration")))
            return frames, image.getexif().get(0x0112), image.info.get("icc_profile"), image.info.get("loop")
    streams = []
    with av.open(str(path)) as media:
        numbers = [stream.index for stream in media.streams if stream.type in ("video", "audio")]
    for number in numbers:
        with av.open(str(path)) as media:
            frames = [
                (frame.time, hashlib.md5(frame.to_ndarray().tobytes()).digest())
                for frame in media.decode(media.streams[number])
            ]
            streams.append(frames)
    return streams


def says(content: bytes) -> bool:
    words = SECRET.split()[1].encode()
    return words in content or SECRET.split()[1].encode("utf-16-be") in content or b"create_image" in content


@pytest.mark.parametrize("name", MADE)
def test_a_clean_copy_has_no_metadata_and_all_content(tmp_path: Path, name: str) -> None:
    path, out = tmp_path / name, tmp_path / f"clean-{name}"
    MADE[name](path)
    before = path.read_bytes()
    assert says(before)
    clean_copy(path, out)
    assert not says(out.read_bytes())
    assert shown(out) == shown(path)
    assert path.read_bytes() == before
    again = tmp_path / f"again-{name}"
    clean_copy(out, again)
    assert shown(again) == shown(path)


def test_data_after_the_end_is_removed(tmp_path: Path) -> None:
    for name in ("ours.png", "baseline.jpg", "lossy.webp", "moving.gif"):
        path, out = tmp_path / name, tmp_path / f"clean-{name}"
        MADE[name](path)
        path.write_bytes(path.read_bytes() + b"zebra create_image")
        clean_copy(path, out)
        assert not says(out.read_bytes()), name
    MADE["ours.mp3"](tmp_path / "b.mp3")
    tags = b"APETAGEX" + (2000).to_bytes(4, "little") + (32 + 40).to_bytes(4, "little") + bytes(16)
    old = b"zebra" + bytes(35) + tags + b"TAG" + b"zebra".ljust(125, b"\0")
    (tmp_path / "b.mp3").write_bytes((tmp_path / "b.mp3").read_bytes() + old)
    clean_copy(tmp_path / "b.mp3", tmp_path / "c.mp3")
    assert not says((tmp_path / "c.mp3").read_bytes())


def test_text_is_copied_and_other_formats_are_refused(tmp_path: Path) -> None:
    subtitles(tmp_path / "a.srt")
    clean_copy(tmp_path / "a.srt", tmp_path / "b.srt")
    assert (tmp_path / "b.srt").read_bytes() == (tmp_path / "a.srt").read_bytes()
    noise().save(tmp_path / "a.tif")
    with pytest.raises(StudioError) as refused:
        clean_copy(tmp_path / "a.tif", tmp_path / "b.tif")
    assert refused.value.problem.code == "not_cleanable"
    assert not (tmp_path / "b.tif").exists()


@given(
    data=st.data(),
    name=st.sampled_from(
        ["ours.png", "baseline.jpg", "lossy.webp", "moving.gif", "plain.mp4", "a.webm", "ours.wav", "a.flac"]
    ),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_files_are_cleaned_or_refused(tmp_path: Path, data: st.DataObject, name: str) -> None:
    path, out = tmp_path / name, tmp_path / f"clean-{name}"
    if not path.exists():
        MADE[name](path)
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    broken = tmp_path / f"broken-{name}"
    cut = data.draw(st.booleans())
    broken.write_bytes(whole[:at] if cut else whole[:at] + data.draw(st.binary(min_size=1, max_size=8)) + whole[at:])
    try:
        clean_copy(broken, out)
    except StudioError:
        assert not out.exists() or out.unlink() is None
