"""Files of phones, recorders and editing programs are accepted; unsupported formats are named."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from engines.media import intake
from engines.media.peaks import peaks
from engines.media.picture import open_picture
from engines.media.strip_metadata.strip import clean_copy
from errors import StudioError
from tests.engines.media.heif import make_heic
from tests.engines.media.test_srgb import P3_RED, SRGB_RED, display_p3, near

RED, BLUE = (220, 30, 30), (40, 60, 80)


def photo() -> Image.Image:
    """Return a landscape picture with red at the top left."""
    image = Image.new("RGB", (192, 128), BLUE)
    image.paste(RED, (0, 0, 96, 64))
    return image


@pytest.mark.parametrize(
    "options",
    [{}, {"tile": 64}, {"pixel_format": "yuv420p10le"}, {"brands": (b"mif1", b"mif1", b"heic")}],
    ids=["whole", "grid", "10 bit", "general brand"],
)
def test_heic_of_a_phone(tmp_path: Path, options: dict) -> None:
    path = make_heic(tmp_path / "IMG_0001.HEIC", photo(), **options)
    found = intake.inspect(path, "IMG_0001.HEIC")
    facts = found.facts
    assert (facts.kind, found.suffix, facts.mime) == ("image", ".heic", "image/heic")
    assert (facts.width, facts.height) == (192, 128)
    opened = open_picture(path)
    assert near(opened.getpixel((10, 10)), RED)
    assert near(opened.getpixel((180, 120)), BLUE)
    assert intake.thumbnail(path, facts, tmp_path / "t.webp")
    assert intake.read_provenance(path) is None


def test_heic_ignores_the_exif_rotation(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = make_heic(tmp_path / "a.heic", photo(), turns=3, exif=exif.tobytes())
    facts = intake.inspect(path, "a.heic").facts
    assert (facts.width, facts.height) == open_picture(path).size == (128, 192)
    assert near(open_picture(path).getpixel((120, 10)), RED)  # top left, rotated clockwise


def test_wide_color_of_heic(tmp_path: Path) -> None:
    path = make_heic(tmp_path / "a.heic", Image.new("RGB", (64, 64), P3_RED), icc=display_p3())
    assert np.abs(np.array(open_picture(path).getpixel((30, 30))) - SRGB_RED).max() <= 4


def test_huge_heic_is_refused_before_decoding(tmp_path: Path) -> None:
    path = make_heic(tmp_path / "a.heic", photo())
    content = path.read_bytes()
    side = content.rindex(b"ispe") + 8
    path.write_bytes(content[:side] + (29_000).to_bytes(4, "big") * 2 + content[side + 8 :])
    with pytest.raises(StudioError) as refused:
        intake.inspect(path, "a.heic")
    assert refused.value.problem.code in ("picture_too_large", "bad_picture")


def test_avif_with_any_major_brand(tmp_path: Path) -> None:
    path = tmp_path / "a.avif"
    photo().save(path)
    content = bytearray(path.read_bytes())
    content[8:12] = b"mif1"
    path.write_bytes(content)
    found = intake.inspect(path, "a.avif")
    assert (found.suffix, found.facts.mime, found.facts.width) == (".avif", "image/avif", 192)


SOUNDS = {
    "a.aif": ("aiff", "pcm_s24be", "audio/aiff"),
    "a.caf": ("caf", "pcm_s16le", "audio/x-caf"),
    "a.w64": ("w64", "pcm_s24le", "audio/x-w64"),
    "a.amr": ("amr", "libopencore_amrnb", "audio/amr"),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_sounds_of_recorders_and_phones(tmp_path: Path, name: str) -> None:
    container, codec, mime = SOUNDS[name]
    path, clean = tmp_path / name, tmp_path / f"clean-{name}"
    tone = (0.4 * np.sin(np.arange(16_000) / 4)).astype(np.float32)
    with av.open(str(path), "w", format=container) as out:
        out.metadata["title"] = "zebra"
        track = out.add_stream(codec, rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone[None], "fltp", "mono")
        frame.sample_rate = 8000
        size = track.codec_context.frame_size or 1024
        resampler = av.AudioResampler(track.format.name, "mono", 8000, frame_size=size)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(track.encode(piece))
        out.mux(track.encode(None))
    found = intake.inspect(path, name)
    assert (found.facts.kind, found.suffix, found.facts.mime) == ("sound", path.suffix, mime)
    assert found.facts.seconds == pytest.approx(2, abs=0.05)
    assert "Most browsers cannot play" in found.facts.notes[0]
    assert min(peaks(path, 10)[:9]) > 50
    clean_copy(path, clean)
    assert b"zebra" not in clean.read_bytes()
    assert peaks(clean, 10) == peaks(path, 10)


@pytest.mark.parametrize(
    ("head", "name"),
    [(b"8BPS\0\1", "Photoshop"), (b"\x06\x0e\x2b\x34\x02", "MXF"), (b"\0\0\0\x18ftypcrx ", "Canon raw")],
)
def test_unsupported_formats_are_named(tmp_path: Path, head: bytes, name: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(head + bytes(200))
    with pytest.raises(StudioError, match=f"“x.y”: {name} is not supported"):
        intake.inspect(path, "x.y")
