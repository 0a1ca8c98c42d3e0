"""Large pictures with slow decoders are decoded in a child process, with the same result."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines.media import decode_in_child, intake, picture
from errors import StudioError
from tests.engines.media.heif import make_heic

SIDES = (3200, 2000)
KINDS: dict[str, dict[str, Any]] = {
    "a.webp": {"method": 0, "quality": 60},
    "clear.webp": {"method": 0, "lossless": True, "quality": 0},
    "a.avif": {"speed": 10},
    "clear.avif": {"speed": 10},
}


def save(path: Path, **how: Any) -> Path:
    """Save a large picture, partly transparent if its name says so, with an EXIF rotation and an author."""
    slope = np.add.outer(np.arange(SIDES[1]) // 8, np.arange(SIDES[0]) // 8).astype(np.uint8)
    image = Image.fromarray(np.dstack([slope, slope[::-1], slope[:, ::-1]]))
    if path.name.startswith("clear"):
        image.putalpha(Image.fromarray(slope))
    exif = Image.Exif()
    exif[0x0112], exif[0x013B] = 6, "Ann"
    image.save(path, exif=exif, **how)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_the_result_is_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / name, **KINDS[name])
    large, facts = picture.open_picture(path), intake.inspect(path, name).facts
    monkeypatch.setattr(decode_in_child, "_PIXELS", 10**9)
    small = picture.open_picture(path)
    assert large.mode == small.mode == ("RGBA" if name.startswith("clear") else "RGB")
    assert large.size == small.size == SIDES[::-1]
    assert np.array_equal(np.asarray(large), np.asarray(small))
    assert facts == intake.inspect(path, name).facts


def test_an_animation_has_a_note_about_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", SIDES, color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], method=0)
    assert intake.inspect(tmp_path / "a.webp", "a.webp").facts.notes == ("Only its first frame is used.",)


@pytest.mark.parametrize("name", ["a.webp", "a.avif"])
def test_a_damaged_picture_is_refused(name: str, tmp_path: Path) -> None:
    path = save(tmp_path / name, **KINDS[name])
    content = bytearray(path.read_bytes())
    content[len(content) // 3 :] = bytes(len(content) - len(content) // 3)
    path.write_bytes(content)
    with pytest.raises(StudioError) as refused:
        picture.load_picture(path).getpixel((0, 0))
    assert refused.value.problem.code == "bad_picture"


def test_a_picture_that_takes_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.webp", **KINDS["a.webp"])
    monkeypatch.setattr(decode_in_child, "_SECONDS", -6.0)
    with pytest.raises(StudioError, match="took too long to open"):
        picture.load_picture(path)


@pytest.mark.parametrize("instead", [["prlimit", f"--as={2**20}"], ["sh", "-c", "kill -9 $$"]], ids=["limit", "killer"])
def test_a_lack_of_memory_is_not_reported_as_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instead: list[str]
) -> None:
    path = save(tmp_path / "a.webp", **KINDS["a.webp"])
    start = decode_in_child.subprocess.Popen
    monkeypatch.setattr(decode_in_child.subprocess, "Popen", lambda command, **how: start([*instead, *command], **how))
    with pytest.raises(StudioError) as refused:
        picture.load_picture(path)
    assert refused.value.problem.code == "out_of_memory"


@pytest.mark.slow
def test_only_large_pictures_are_decoded_in_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    decoded = decode_in_child.decode_in_child

    def spy(image: Image.Image, path: Path) -> Image.Image:
        asked.append(path)
        return decoded(image, path)

    monkeypatch.setattr(decode_in_child, "decode_in_child", spy)
    slow = [save(tmp_path / "a.webp", **KINDS["a.webp"]), save(tmp_path / "a.avif", **KINDS["a.avif"])]
    slow.append(make_heic(tmp_path / "a.heic", Image.open(slow[0]).convert("RGB")))
    quick = [save(tmp_path / "a.jpg"), tmp_path / "small.webp"]
    Image.new("RGB", (600, 400)).save(quick[1])
    for path in (*slow, *quick):
        picture.load_picture(path)
    assert asked == slow
