"""Incomplete files are used as far as possible, with a note; other notes say what the studio does not use."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.media import intake
from engines.media.clip import ClipReader
from engines.media.picture import open_picture
from engines.media.strip_metadata.strip import clean_copy
from errors import StudioError
from tests.engines.media.clip_files import beats, make_clip
from tests.engines.media.heif import make_heic


def photo() -> Image.Image:
    """Return a picture, red above and blue below, detailed enough that half of the file is half of the picture."""
    pixels = np.random.default_rng(1).integers(0, 40, (128, 96, 3), np.uint8)
    pixels[:64, :, 0] += 200
    pixels[64:, :, 2] += 200
    return Image.fromarray(pixels)


def jpeg(path: Path, missing: int, **options: object) -> Path:
    out = io.BytesIO()
    photo().save(out, "JPEG", quality=90, **options)
    path.write_bytes(out.getvalue()[: len(out.getvalue()) - missing])
    return path


@pytest.mark.parametrize("missing", [1, 2, 200])
@pytest.mark.parametrize("progressive", [False, True])
def test_an_incomplete_jpeg_is_accepted_with_a_note(tmp_path: Path, missing: int, progressive: bool) -> None:
    path = jpeg(tmp_path / "a.jpg", missing, progressive=progressive)
    found = intake.inspect(path, "a.jpg")
    assert found.facts.notes == ("This JPEG is incomplete: its lower part may be missing.",)
    assert (found.facts.width, found.facts.height) == (96, 128)
    above = np.asarray(open_picture(path))[:60].mean((0, 1))
    assert above[0] > 190 > 60 > above[2]
    assert intake.thumbnail(path, found.facts, tmp_path / "t.webp")
    clean_copy(path, tmp_path / "b.jpg")
    with Image.open(tmp_path / "b.jpg") as clean:
        assert np.array_equal(np.asarray(clean), np.asarray(open_picture(path)))


def test_a_jpeg_without_a_picture_is_refused(tmp_path: Path) -> None:
    path = jpeg(tmp_path / "a.jpg", 0)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"\xff\xda")])
    with pytest.raises(StudioError) as refused:
        intake.inspect(path, "a.jpg")
    assert refused.value.problem.code == "bad_picture"


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_an_incomplete_clip_has_a_note_about_its_length(tmp_path: Path, suffix: str) -> None:
    path = make_clip(tmp_path / f"c{suffix}", beats(100), size=(160, 120))
    assert intake.inspect(path, "c").facts.notes == ()
    os.truncate(path, path.stat().st_size * 6 // 10)
    facts = intake.inspect(path, "c").facts
    with ClipReader(path) as reader:
        frames = list(reader.read())
    assert facts.seconds == pytest.approx(len(frames) / 25, abs=0.1)
    assert facts.frames == pytest.approx(len(frames), abs=2)
    assert facts.notes == (f"This clip is incomplete: it ends after {facts.seconds:.1f} s of 4.0 s.",)
    assert reader.notes[0].startswith("This clip is incomplete: it ends after ")
    assert reader.notes[0].endswith(" s of 4.0 s.")


def test_unused_parts_of_a_picture_are_noted(tmp_path: Path) -> None:
    deep = "This picture has more than 8 bits per channel; the studio uses 8."
    first = photo()
    Image.fromarray(np.zeros((8, 8), np.uint16)).save(tmp_path / "deep.png")
    Image.fromarray(np.zeros((8, 8), np.uint16)).save(tmp_path / "deep.tif")
    first.save(tmp_path / "plain.png")
    first.save(tmp_path / "plain.tif")
    make_heic(tmp_path / "deep.heic", first.resize((96, 96)), pixel_format="yuv420p10le")
    for name in ("moving.gif", "moving.webp", "moving.png", "pages.tif"):
        first.save(tmp_path / name, save_all=True, append_images=[first.rotate(180)])
    wanted = {
        **dict.fromkeys(("plain.png", "plain.tif"), ()),
        **dict.fromkeys(("deep.png", "deep.tif", "deep.heic"), (deep,)),
        **dict.fromkeys(("moving.gif", "moving.webp", "moving.png"), ("Only its first frame is used.",)),
        "pages.tif": ("Only its first page is used.",),
    }
    assert {name: intake.inspect(tmp_path / name, name).facts.notes for name in wanted} == wanted
