"""Convert pictures of any mode and color profile to 8-bit sRGB, keeping transparency."""

import io
from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

_DEEP = ("I;16", "I;16L", "I;16B", "I", "F")
_STRIP_PIXELS = 1_000_000
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}
"""The Pillow mode for each ICC color space name."""


def to_srgb(image: Image.Image) -> Image.Image:
    """Return the picture in mode RGBA if it has transparency, else RGB.

    A profile that is broken or for another color space is ignored, as viewers do.
    """
    profile = image.info.get("icc_profile")
    alpha = _alpha(image)
    plain = _plain(image)
    colors = _through_profile(plain, profile) if profile else None
    if colors is None:
        ours = plain.mode == "RGB" and plain is not image  # another copy of 100 megapixels would take 400 MB
        colors = _lab_to_srgb(plain) if plain.mode == "LAB" else plain if ours else plain.convert("RGB")
    if alpha is not None:
        colors.putalpha(alpha)
    return colors


def _plain(image: Image.Image) -> Image.Image:
    """Return the picture in a mode that profiles can describe."""
    if image.mode in _DEEP:
        return _to_8_bit(image)
    if image.mode in _MODES.values():
        return image
    # palettes, and modes with transparency
    return image.convert("L" if image.mode in ("1", "LA", "La") else "RGB")


def _alpha(image: Image.Image) -> Image.Image | None:
    if not image.has_transparency_data:
        return None
    return (image if image.mode == "RGBA" else image.convert("RGBA")).getchannel("A")


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Convert deep gray to 8-bit gray in strips, because all values as floats take four times the picture's memory."""
    white = _white(image)
    gray = Image.new("L", image.size)
    for top, values in _strips(image):
        gray.paste(Image.fromarray(np.rint(values.clip(0, white) * (255 / white)).astype(np.uint8)), (0, top))
    return gray


def _white(image: Image.Image) -> float:
    """Return the value of white."""
    if image.mode.startswith("I;16"):
        return 65535.0
    largest = max(float(values.max()) for _, values in _strips(image))
    if image.mode == "F":
        return max(largest, 1.0)
    return 255.0 if largest <= 255 else max(largest, 65535.0)


def _strips(image: Image.Image) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    """Yield the values of a picture in strips from the top, each with its first row."""
    rows = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(image.height, top + rows)))
        yield top, np.nan_to_num(np.asarray(strip, np.float32))


def _through_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Return the picture converted to sRGB; None if the profile is unusable or changes nothing."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _MODES.get(source.profile.xcolor_space)
        if mode == "RGB" and image.mode == "L":  # gray pictures saved by programs that work in RGB
            image = image.convert("RGB")
        if mode != image.mode:
            return None
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
        if mode in ("RGB", "L") and _changes_nothing(transform, mode):
            return None
        return ImageCms.applyTransform(image, transform)
    except (ImageCms.PyCMSError, OSError, ValueError):  # ignore a broken profile
        return None


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether a profile is sRGB, whatever its name; the pixels then stay unchanged."""
    colors = _probe()
    converted = ImageCms.applyTransform(colors.convert(mode), transform)
    before = np.asarray(colors.convert(mode).convert("RGB"), np.int16)
    return bool(np.abs(np.asarray(converted, np.int16) - before).max() <= 1)


@cache
def _probe() -> Image.Image:
    """Return a picture with colors from the whole RGB cube."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    cube: npt.NDArray[np.uint8] = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(27, 27, 3)
    return Image.fromarray(cube)


def _lab_to_srgb(image: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.applyTransform(image, ImageCms.buildTransform(lab, srgb, "LAB", "RGB"))
    assert converted is not None  # None only if converted in place
    return converted
