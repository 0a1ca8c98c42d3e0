"""Delivered image sequences, unpacked: numbered from the timecode, deep, linear, with sound; a proxy to watch."""

import io
from pathlib import Path
from zipfile import ZipFile

import av
import numpy as np
import pytest

from engines.requests import CutClip, DeliverClip
from errors import StudioError
from tests.engines.enhance.enhance_worker import Desk, asset_id
from tests.engines.media.test_clip_sound import recorded
from tests.engines.video.delivery_files import RATE, Delivered, gray, numbered, numbers, write

CLIP = asset_id(0)


def unpacked(path: Path) -> tuple[list[str], list[np.ndarray]]:
    """Return the names in a sequence, and its pictures as they are stored."""
    with ZipFile(path) as package:
        names = package.namelist()
        pictures = []
        for name in names:
            if not name.endswith(".wav"):
                with av.open(io.BytesIO(package.read(name))) as media:
                    pictures.append(next(media.decode(video=0)))
    deep = [frame.reformat(format="gbrpf32le") if frame.format.name == "gbrpf16le" else frame for frame in pictures]
    return names, [frame.to_ndarray() for frame in deep]


def test_png_pictures_are_numbered_from_the_timecode(desk: Desk, tmp_path: Path) -> None:
    camera = recorded(tmp_path / "c.mov", [("pcm_s16le", "stereo")] * 2, timecode="01:00:00:05")
    came = desk.do(DeliverClip(clip=CLIP, format="png", start=0.2, end=0.4), camera)
    names, pictures = unpacked(came.path)
    assert names == [*(f"clip/clip.{90_010 + n:07}.png" for n in range(5)), "clip/clip.wav", "clip/clip.2.wav"]
    assert all(picture.dtype == np.uint8 and picture.shape == (48, 64, 3) for picture in pictures)
    with ZipFile(came.path) as package, av.open(io.BytesIO(package.read("clip/clip.wav"))) as sound:
        stream = sound.streams.audio[0]
        assert (stream.codec_context.name, stream.duration * stream.time_base * RATE) == ("pcm_s24le", RATE // 5)
    assert (came.file.kind, came.file.mime, came.file.frames, came.file.seconds) == ("clip", "application/zip", 5, 0.2)
    assert len(Delivered.of(came.path.with_name(came.file.proxy or "")).frames) == 5


def test_sixteen_bits_and_linear_light(desk: Desk, tmp_path: Path) -> None:
    deep = write(tmp_path / "deep.mov", [gray(np.full((48, 64), 64 + 438))] * 2)
    names, pictures = unpacked(desk.do(DeliverClip(clip=CLIP, format="png"), deep).path)
    assert names == ["clip/clip.0000001.png", "clip/clip.0000002.png"]
    assert pictures[0].dtype == np.uint16
    assert pictures[0].astype(float) / 65_535 == pytest.approx(0.5, abs=0.002)
    _, pictures = unpacked(desk.do(DeliverClip(clip=CLIP, format="exr"), deep).path)
    assert pictures[0] == pytest.approx(0.5**2.4, rel=0.01)


def test_a_lut_is_applied_on_delivery(desk: Desk, tmp_path: Path) -> None:
    inverted = "LUT_3D_SIZE 2\n" + "\n".join(f"{1 - r} {1 - g} {1 - b}" for b in (0, 1) for g in (0, 1) for r in (0, 1))
    (tmp_path / "look.cube").write_text(inverted)
    clip = write(tmp_path / "c.mov", numbered(3))
    request = DeliverClip(clip=CLIP, lut=asset_id(1))
    found = Delivered.of(desk.do(request, clip, tmp_path / "look.cube").path)
    assert numbers(found.frames) == [110, 109, 108]  # from 940 down
    assert found.pixels == "yuv422p10le"


def test_a_sequence_is_no_input(desk: Desk, tmp_path: Path) -> None:
    came = desk.do(DeliverClip(clip=CLIP, format="png"), write(tmp_path / "c.mov", numbered(1)))
    facts = {CLIP: came.file.model_copy(update={"bytes": 1})}
    with pytest.raises(StudioError, match="is an image sequence"):
        desk.catalog.prepare(CutClip(clip=CLIP), facts)
