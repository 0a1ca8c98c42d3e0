"""Any picture is read as upright RGB; saved pictures have embedded provenance."""

import io
import struct
import time
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from engines import protocol
from engines.media import intake
from engines.media.picture import open_picture, pixels_sha256, preview_jpeg, save_picture
from errors import StudioError

RECORD = {
    "studio": "0.1.0",
    "request": {"task": "create_image", "prompt": "grüne Höhle 洞穴 🎬", "width": 64, "height": 48, "steps": 3},
    "model": {"id": "test"},
    "seed": 7,
    "parents": [],
}


def corner(path: Path) -> tuple[int, ...]:
    return open_picture(path).getpixel((1, 1))


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


@pytest.fixture
def red_corner() -> Image.Image:
    """Return a landscape picture with red at the top left."""
    image = Image.new("RGB", (60, 40), (20, 40, 60))
    image.paste((255, 0, 0), (0, 0, 20, 20))
    return image


@pytest.mark.parametrize(("orientation", "turn"), [(3, 180), (6, 90), (8, 270)])
def test_exif_rotation_is_applied(tmp_path: Path, red_corner: Image.Image, orientation: int, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = red_corner.rotate(turn, expand=True)  # as recorded by the sensor
    path = saved(lying, tmp_path / "p.jpg", exif=exif, quality=95)
    assert open_picture(path).size == red_corner.size
    assert corner(path)[0] > 200
    facts = intake.inspect(path, "p.jpg").facts
    assert (facts.width, facts.height) == red_corner.size


def test_cmyk_looks_the_same(tmp_path: Path, red_corner: Image.Image) -> None:
    path = saved(red_corner.convert("CMYK"), tmp_path / "p.jpg", quality=95)
    opened = open_picture(path)
    assert opened.mode == "RGB"
    assert np.abs(np.asarray(opened, int) - np.asarray(red_corner, int)).mean() < 8


def test_16_bit_gray_keeps_its_tones(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(4, 0)
    path = saved(Image.fromarray(ramp), tmp_path / "p.png")
    values = np.asarray(open_picture(path))[0, :, 0]
    assert np.abs(values.astype(int) - np.arange(256)).max() <= 1


def test_16_bit_tiff_that_is_dark_stays_dark(tmp_path: Path) -> None:
    path = saved(Image.fromarray(np.full((8, 8), 6553, np.uint16)), tmp_path / "p.tif")
    assert corner(path) == (25, 25, 25)


def test_palette_with_transparency_becomes_rgba(tmp_path: Path) -> None:
    image = Image.new("P", (10, 10), 0)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.paste(1, (5, 0, 10, 10))
    path = saved(image, tmp_path / "p.png", transparency=0)
    opened = open_picture(path)
    assert opened.mode == "RGBA"
    assert opened.getpixel((0, 0))[3] == 0
    assert opened.getpixel((9, 0)) == (0, 255, 0, 255)


def test_first_frame_of_an_animation(tmp_path: Path) -> None:
    first, second = Image.new("RGB", (9, 9), (255, 0, 0)), Image.new("RGB", (9, 9), (0, 0, 255))
    path = saved(first, tmp_path / "p.gif", save_all=True, append_images=[second])
    assert corner(path)[:3] == (255, 0, 0)


def test_a_broken_color_profile_is_ignored(tmp_path: Path, red_corner: Image.Image) -> None:
    broken = saved(red_corner, tmp_path / "p.png", icc_profile=b"not a profile")
    assert corner(broken) == (255, 0, 0)


def png_header(width: int, height: int, data: bytes = b"") -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(30_001, 1), (12_000, 12_000), (2_000_000_000, 2_000_000_000)])
def test_too_large_is_refused_before_decoding(tmp_path: Path, width: int, height: int) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(width, height, bytes(10_000_000)))
    began = time.monotonic()
    with pytest.raises(StudioError, match=r"megapixels|pixels per side") as refused:
        intake.inspect(path, "bomb.png")
    assert refused.value.problem.code in ("picture_too_large", "bad_picture")
    assert time.monotonic() - began < 1


def test_text_bomb_in_a_png_is_refused(tmp_path: Path) -> None:
    tags = PngImagePlugin.PngInfo()
    for number in range(80):
        tags.add_text(f"k{number}", "a" * 1_000_000, zip=True)
    path = saved(Image.new("RGB", (8, 8)), tmp_path / "p.png", pnginfo=tags)
    with pytest.raises(StudioError):
        open_picture(path)


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_a_truncated_picture_is_refused(tmp_path: Path, photo: Path, suffix: str) -> None:
    whole = saved(Image.open(photo), tmp_path / f"p{suffix}")
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(StudioError) as refused:
        intake.inspect(whole, "p")
    assert refused.value.problem.code == "bad_picture"
    assert 400 <= refused.value.status < 500


def test_a_saved_picture_has_embedded_provenance(tmp_path: Path) -> None:
    image = Image.effect_noise((1200, 700), 60).convert("RGB")
    result = save_picture(image, tmp_path / "a.png", RECORD)
    path = tmp_path / "a.png"
    assert intake.read_provenance(path) == RECORD
    with Image.open(path) as saved_image:
        assert saved_image.info["parameters"].startswith(RECORD["request"]["prompt"])
        assert "Seed: 7" in saved_image.info["parameters"]
    assert pixels_sha256(open_picture(path)) == result.content_sha256
    assert (result.width, result.height, result.mime) == (1200, 700, "image/png")
    with Image.open(tmp_path / str(result.thumb)) as thumb:
        assert max(thumb.size) == 512
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "a.thumb.webp"]


def test_a_failed_save_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises((KeyError, TypeError)):
        save_picture(Image.new("RGB", (8, 8)), tmp_path / "a.png", {"request": {}})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_previews_are_small(mode: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1500, 2000, len(mode)), np.uint8)
    jpeg = preview_jpeg(Image.fromarray(noise))
    assert len(jpeg) <= protocol.PREVIEW_BYTES
    assert Image.open(io.BytesIO(jpeg)).format == "JPEG"


def test_transparent_and_opaque_pixels_hash_differently() -> None:
    image = Image.new("RGB", (4, 4))
    assert pixels_sha256(image) != pixels_sha256(image.convert("RGBA"))
    assert pixels_sha256(image) == pixels_sha256(image.copy())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"]), st.data())
def test_damaged_bytes_are_refused_or_read(tmp_path: Path, format: str, data: st.DataObject) -> None:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((40, 30)).save(out, format)
    content = bytearray(out.getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "p"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    with suppress(StudioError):  # anything else fails the test
        assert intake.inspect(path, "p").facts.kind in (
            "image",
            "sound",
            "clip",
            "document",
        )  # a fragment may look like text
        open_picture(path)
