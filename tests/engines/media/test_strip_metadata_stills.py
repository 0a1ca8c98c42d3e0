"""Clean copies of HEIC and AVIF are JPEG or PNG with the same picture and colors, and without metadata."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.media.picture import open_picture
from engines.media.strip_metadata.strip import clean_copy
from errors import StudioError
from tests.engines.media.heif import make_heic
from tests.engines.media.test_srgb import P3_RED, display_p3

SECRET = b"a zebra in the kitchen"
PROFILE = display_p3()


def told(orientation: int = 1) -> bytes:
    """Return EXIF with a secret."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = SECRET.decode()
    return exif.tobytes()


def photo(mode: str = "RGB") -> Image.Image:
    """Return a landscape picture in Display P3 with red at the top left."""
    image = Image.new("RGB", (96, 64), (40, 60, 80))
    image.paste(P3_RED, (0, 0, 48, 32))
    if mode == "RGBA":
        image.putalpha(120)
    return image


def heic(path: Path) -> Path:
    return make_heic(path, photo(), turns=3, icc=PROFILE, exif=told())


def avif(path: Path) -> Path:
    photo().save(path, quality=100, icc_profile=PROFILE, exif=told(6), xmp=SECRET)
    return path


def clear(path: Path) -> Path:
    photo("RGBA").save(path, quality=100, icc_profile=PROFILE, exif=told(6), xmp=SECRET)
    return path


@pytest.mark.parametrize(
    ("make", "name", "clean_name"),
    [(heic, "a.heic", "clean.jpg"), (avif, "a.avif", "clean.jpg"), (clear, "a.avif", "clean.png")],
)
def test_the_copy_looks_the_same_and_has_no_metadata(
    tmp_path: Path, make: Callable[[Path], Path], name: str, clean_name: str
) -> None:
    path = make(tmp_path / name)
    before = path.read_bytes()
    assert SECRET in before
    copy = clean_copy(path, tmp_path / f"clean{path.suffix}")
    assert copy == tmp_path / clean_name
    assert not (tmp_path / f"clean{path.suffix}").exists()
    assert SECRET not in copy.read_bytes()
    assert path.read_bytes() == before
    with Image.open(copy) as image:
        assert image.format == {".jpg": "JPEG", ".png": "PNG"}[copy.suffix]
        assert image.info["icc_profile"] == PROFILE
        assert not image.getexif()
    one, other = (np.asarray(open_picture(file), np.int16) for file in (path, copy))
    assert one.shape == other.shape == (96, 64, 4 if copy.suffix == ".png" else 3)
    assert np.abs(one - other).mean() < 2


def test_a_damaged_file_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    path = heic(tmp_path / "a.heic")
    path.write_bytes(path.read_bytes()[:-200])
    before = set(tmp_path.iterdir())
    with pytest.raises(StudioError) as refused:
        clean_copy(path, tmp_path / "clean.heic")
    assert refused.value.problem.code == "bad_picture"
    assert set(tmp_path.iterdir()) == before
