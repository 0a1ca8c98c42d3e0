"""Color codes in AVIF and HEIC are applied on reading and in copies for clients."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from engines.media import cicp
from engines.media.picture import open_picture
from engines.media.strip_metadata.strip import clean_copy
from tests.engines.media.heif import make_heic
from tests.engines.media.test_srgb import P3_RED, SRGB_RED, display_p3

SRGB, BT_2020, DISPLAY_P3 = 1, 9, 12
VIDEO, SRGB_CURVE, PQ = 1, 13, 16


def red(name: str, folder: Path, primaries: int, transfer: int, icc: bytes | None = None) -> Path:
    """Save a red picture with color codes."""
    path, picture = folder / name, Image.new("RGB", (64, 64), P3_RED)
    if path.suffix == ".heic":
        return make_heic(path, picture, cicp=(primaries, transfer), icc=icc)
    picture.save(path, quality=100, **({"icc_profile": icc} if icc else {}))
    numbers = b"colrnclx" + bytes((0, SRGB, 0, SRGB_CURVE))
    content = path.read_bytes()
    assert content.count(numbers) == (0 if icc else 1)
    path.write_bytes(content.replace(numbers, b"colrnclx" + bytes((0, primaries, 0, transfer))))
    return path


def middle(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"), int)[32, 32]


@pytest.mark.parametrize("name", ["a.heic", "a.avif"])
@pytest.mark.parametrize(
    ("primaries", "transfer", "expected"),
    [
        (DISPLAY_P3, SRGB_CURVE, SRGB_RED),
        (DISPLAY_P3, VIDEO, SRGB_RED),
        (SRGB, SRGB_CURVE, P3_RED),
        (2, 2, P3_RED),
        (DISPLAY_P3, PQ, P3_RED),  # HDR stays unchanged
    ],
)
def test_a_display_p3_red_is_converted(
    tmp_path: Path, name: str, primaries: int, transfer: int, expected: tuple[int, int, int]
) -> None:
    path = red(name, tmp_path, primaries, transfer)
    assert np.abs(middle(open_picture(path)) - expected).max() <= 4


@pytest.mark.parametrize("name", ["a.heic", "a.avif"])
def test_a_profile_overrides_color_codes(tmp_path: Path, name: str) -> None:
    assert np.abs(middle(open_picture(red(name, tmp_path, SRGB, SRGB_CURVE, display_p3()))) - SRGB_RED).max() <= 4


@pytest.mark.parametrize("name", ["a.heic", "a.avif"])
def test_a_copy_for_clients_keeps_the_colors(tmp_path: Path, name: str) -> None:
    path = red(name, tmp_path, DISPLAY_P3, SRGB_CURVE)
    copy = clean_copy(path, tmp_path / f"clean{path.suffix}")
    with Image.open(copy) as image:
        assert "Display P3" in ImageCms.getProfileDescription(
            ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        )
    assert np.abs(middle(open_picture(copy)) - SRGB_RED).max() <= 6


def test_profiles_have_the_published_colorants() -> None:
    for primaries, published in (
        (DISPLAY_P3, ((0.5151, 0.2412, -0.0011), (0.2919, 0.6922, 0.0419), (0.1572, 0.0666, 0.7841))),
        (BT_2020, ((0.6734, 0.2790, -0.0019), (0.1657, 0.6753, 0.0300), (0.1251, 0.0456, 0.7971))),
    ):
        profile = ImageCms.ImageCmsProfile(io.BytesIO(cicp._profile(primaries))).profile
        for found, expected in zip(
            (profile.red_colorant, profile.green_colorant, profile.blue_colorant), published, strict=True
        ):
            assert np.allclose(found[0], expected, atol=0.0006)


@pytest.mark.parametrize("end", [7, 40, 120, 200])
def test_a_truncated_file_has_no_color_codes(tmp_path: Path, end: int) -> None:
    path = red("a.avif", tmp_path, DISPLAY_P3, SRGB_CURVE)
    path.write_bytes(path.read_bytes()[:end])
    assert cicp.profile(path) is None
    path.write_bytes(bytes(end))
    assert cicp.profile(path) is None
    path.write_bytes(b"\0\0\0\x08free" * 1000)
    assert cicp.profile(path) is None


def box(name: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), name) + body


def numbers(primaries: int, transfer: int) -> bytes:
    return box(b"colr", b"nclx" + struct.pack(">HHHB", primaries, transfer, 0, 128))


def still(properties: list[bytes], items: dict[int, list[int]], primary: int, *, long: bool = False) -> bytes:
    """Return a file of several items, each with the properties of these numbers; ``long`` uses the long form."""
    head, item, number = (b"\1\0\0\1", ">I", ">H") if long else (b"\0\0\0\0", ">H", ">B")
    needed = 0x8000 if long else 0x80
    entries = [
        struct.pack(item, id) + bytes((len(own),)) + b"".join(struct.pack(number, needed | one) for one in own)
        for id, own in items.items()
    ]
    meta = box(
        b"meta",
        bytes(4),
        box(b"pitm", head, struct.pack(item, primary)),
        box(b"iprp", box(b"ipco", *properties), box(b"ipma", head, struct.pack(">I", len(items)), *entries)),
    )
    return box(b"ftyp", b"avif" + bytes(4)) + meta


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize(("primary", "expected"), [(7, "Display P3"), (9, None)])
def test_a_gain_maps_colors_are_ignored(tmp_path: Path, primary: int, expected: str | None, long: bool) -> None:
    properties = [box(b"ispe", bytes(12)), numbers(DISPLAY_P3, SRGB_CURVE), numbers(BT_2020, PQ)]
    path = tmp_path / "a.avif"
    path.write_bytes(still(properties, {9: [1, 3], 7: [1, 2]}, primary, long=long))
    profile = cicp.profile(path)
    assert bool(profile) == bool(expected)
    if profile and expected:
        assert expected in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))


def test_a_picture_without_color_codes_uses_those_of_its_tiles(tmp_path: Path) -> None:
    path = tmp_path / "a.avif"
    path.write_bytes(still([box(b"ispe"), numbers(DISPLAY_P3, SRGB_CURVE)], {1: [1], 2: [2], 3: [2]}, 1))
    assert cicp.profile(path)
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        cicp.profile(path)
