"""Color profiles are applied on reading, with or without transparency."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from engines.media import intake
from engines.media.picture import open_picture

# Primaries of Display P3, adapted to D50, as in Apple's profile.
P3_PRIMARIES = {
    b"rXYZ": (0.5151, 0.2412, -0.0011),
    b"gXYZ": (0.2919, 0.6922, 0.0419),
    b"bXYZ": (0.1572, 0.0666, 0.7841),
}
P3_RED, SRGB_RED = (200, 40, 40), (219, 0, 28)
"""A Display P3 red and the nearest sRGB color."""


def profile_tags(profile: bytes) -> dict[bytes, tuple[int, int]]:
    count = struct.unpack_from(">I", profile, 128)[0]
    entries = (struct.unpack_from(">4sII", profile, 132 + 12 * n) for n in range(count))
    return {name: (offset, size) for name, offset, size in entries}


def display_p3(named: str = "P3P3") -> bytes:
    """Return a Display P3 profile: sRGB's with other primaries and a four-letter name."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for name, (offset, size) in profile_tags(profile).items():
        if name in P3_PRIMARIES:
            struct.pack_into(">3i", profile, offset + 8, *(round(value * 65536) for value in P3_PRIMARIES[name]))
        if name == b"desc":
            text = bytes(profile[offset : offset + size])
            profile[offset : offset + size] = text.replace("sRGB".encode("utf-16-be"), named.encode("utf-16-be"))
    return bytes(profile)


def gray_profile(gamma: float) -> bytes:
    """Return a minimal gray profile: a white point and a gamma."""
    header = struct.pack(">I4sI4s4s4s", 0, b"none", 0x04000000, b"mntr", b"GRAY", b"XYZ ") + bytes(12) + b"acsp"
    header = header.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    text = "gray".encode("utf-16-be")
    name = b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(text), 28) + text
    parts, body, at = [(b"desc", name), (b"wtpt", white), (b"kTRC", curve)], b"", 128 + 4 + 3 * 12
    table = struct.pack(">I", len(parts))
    for tag, content in parts:
        table += struct.pack(">4sII", tag, at + len(body), len(content))
        body += content
    whole = header.ljust(128, b"\0") + table + body
    return struct.pack(">I", len(whole)) + whole[4:]


def saved(path: Path, image: Image.Image, profile: bytes, **options: object) -> Path:
    image.save(path, icc_profile=profile, **options)
    return path


def near(pixel: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return all(abs(one - other) <= 2 for one, other in zip(pixel, wanted, strict=True))


@pytest.mark.parametrize("name", ["p.png", "p.webp", "p.tif", "p.avif"])
def test_wide_color_with_transparency(tmp_path: Path, name: str) -> None:
    image = Image.new("RGBA", (24, 16), (*P3_RED, 255))
    image.paste((*P3_RED, 90), (0, 0, 12, 16))
    lossless = {"lossless": True} if name.endswith("webp") else {"quality": 100} if name.endswith("avif") else {}
    path = saved(tmp_path / name, image, display_p3(), **lossless)
    opened = open_picture(path)
    assert opened.mode == "RGBA"
    assert near(opened.getpixel((20, 8)), (*SRGB_RED, 255)), opened.getpixel((20, 8))
    assert near(opened.getpixel((2, 8)), (*SRGB_RED, 90))
    assert intake.thumbnail(path, intake.inspect(path, name).facts, tmp_path / "t.webp")
    with Image.open(tmp_path / "t.webp") as thumb:
        assert np.abs(np.array(thumb.convert("RGBA").getpixel((20, 8))) - (*SRGB_RED, 255)).max() < 12


def test_wide_color_in_a_palette(tmp_path: Path) -> None:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, *P3_RED])
    image.paste(0, (0, 0, 4, 8))
    opened = open_picture(saved(tmp_path / "p.png", image, display_p3(), transparency=0))
    assert near(opened.getpixel((6, 4)), (*SRGB_RED, 255))
    assert opened.getpixel((1, 4))[3] == 0
    assert near(open_picture(saved(tmp_path / "q.png", image, display_p3())).getpixel((6, 4)), SRGB_RED)


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_gray_with_a_profile(tmp_path: Path, mode: str) -> None:
    image = Image.new("L", (8, 8), 128)
    if mode == "LA":
        image.putalpha(70)
    opened = open_picture(saved(tmp_path / "p.png", image, gray_profile(1.0)))
    assert opened.getpixel((4, 4))[:3] == (188, 188, 188)  # half the light is 188 in sRGB
    assert opened.mode == ("RGBA" if mode == "LA" else "RGB")
    assert mode == "L" or opened.getpixel((4, 4))[3] == 70


def test_16_bit_gray_with_a_profile(tmp_path: Path) -> None:
    image = Image.fromarray(np.full((8, 8), 128 * 257, np.uint16))
    path = saved(tmp_path / "p.png", image, gray_profile(1.0))
    assert open_picture(path).getpixel((4, 4)) == (188, 188, 188)


def test_gray_with_the_profile_of_a_color_program(tmp_path: Path) -> None:
    path = saved(tmp_path / "p.png", Image.new("L", (8, 8), 100), display_p3())
    assert near(open_picture(path).getpixel((4, 4)), (100, 100, 100))


def test_srgb_is_recognized_by_its_colors_not_by_its_name(tmp_path: Path) -> None:
    path = saved(tmp_path / "p.png", Image.new("RGB", (8, 8), P3_RED), display_p3(named="sRGB"))
    assert near(open_picture(path).getpixel((4, 4)), SRGB_RED)
    real = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pixels = np.random.default_rng(1).integers(0, 256, (16, 16, 4), np.uint8)
    path = saved(tmp_path / "s.png", Image.fromarray(pixels), real)
    assert np.array_equal(np.asarray(open_picture(path)), pixels)


def test_a_profile_for_another_color_space_is_ignored(tmp_path: Path) -> None:
    path = saved(tmp_path / "p.png", Image.new("RGBA", (8, 8), (10, 20, 30, 40)), gray_profile(1.0))
    assert open_picture(path).getpixel((4, 4)) == (10, 20, 30, 40)


def test_lab(tmp_path: Path) -> None:
    image = Image.new("LAB", (8, 8), (128, 128, 128))  # half the lightness of white, without color
    out = io.BytesIO()
    image.save(out, "TIFF")
    path = tmp_path / "p.tif"
    path.write_bytes(out.getvalue())
    red, green, blue = open_picture(path).getpixel((4, 4))
    assert max(red, green, blue) - min(red, green, blue) <= 3
    assert 110 <= red <= 130
