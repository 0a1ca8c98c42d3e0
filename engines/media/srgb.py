"""Colors of pictures as they are meant: any mode and color profile in, 8-bit sRGB out, transparency as it was."""

import io
from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

_DEEP = ("I;16", "I;16L", "I;16B", "I", "F")
_STRIP_PIXELS = 1_000_000
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}
"""The mode of the pixels that a profile describes, by the profile's own name for its color space."""


def to_srgb(image: Image.Image) -> Image.Image:
    """The picture in mode RGBA where it has transparency, else RGB.

    A profile that is broken, or describes other pixels than these, is passed over: viewers do the same.
    """
    profile = image.info.get("icc_profile")
    alpha = _alpha(image)
    plain = _plain(image)
    colors = _through_profile(plain, profile) if profile else None
    if colors is None:
        ours = plain.mode == "RGB" and plain is not image  # at 100 megapixels one copy more is 400 MB
        colors = _lab_to_srgb(plain) if plain.mode == "LAB" else plain if ours else plain.convert("RGB")
    if alpha is not None:
        colors.putalpha(alpha)
    return colors


def _plain(image: Image.Image) -> Image.Image:
    """The picture in a mode that profiles describe."""
    if image.mode in _DEEP:
        return _to_8_bit(image)
    if image.mode in _MODES.values():
        return image
    # palettes, and modes that hold transparency beside the color
    return image.convert("L" if image.mode in ("1", "LA", "La") else "RGB")


def _alpha(image: Image.Image) -> Image.Image | None:
    if not image.has_transparency_data:
        return None
    return (image if image.mode == "RGBA" else image.convert("RGBA")).getchannel("A")


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Deep gray as 8-bit gray, a strip at a time: its numbers as a whole take four times the picture."""
    white = _white(image)
    gray = Image.new("L", image.size)
    for top, values in _strips(image):
        gray.paste(Image.fromarray(np.rint(values.clip(0, white) * (255 / white)).astype(np.uint8)), (0, top))
    return gray


def _white(image: Image.Image) -> float:
    """The number that stands for white."""
    if image.mode.startswith("I;16"):
        return 65535.0
    largest = max(float(values.max()) for _, values in _strips(image))
    if image.mode == "F":
        return max(largest, 1.0)
    return 255.0 if largest <= 255 else max(largest, 65535.0)


def _strips(image: Image.Image) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    """The numbers of a picture from the top down, with the row where each strip begins."""
    rows = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(image.height, top + rows)))
        yield top, np.nan_to_num(np.asarray(strip, np.float32))


def _through_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """The picture's colors converted; None where the profile says nothing of use."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _MODES.get(source.profile.xcolor_space)
        if mode == "RGB" and image.mode == "L":  # gray drawings saved by programs that work in color
            image = image.convert("RGB")
        if mode != image.mode:
            return None
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
        if mode in ("RGB", "L") and _changes_nothing(transform, mode):
            return None
        return ImageCms.applyTransform(image, transform)
    except (ImageCms.PyCMSError, OSError, ValueError):  # a broken profile is no reason to refuse the picture
        return None


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether a profile is sRGB under whatever name: then pixels stay exactly as they are."""
    colors = _probe()
    converted = ImageCms.applyTransform(colors.convert(mode), transform)
    before = np.asarray(colors.convert(mode).convert("RGB"), np.int16)
    return bool(np.abs(np.asarray(converted, np.int16) - before).max() <= 1)


@cache
def _probe() -> Image.Image:
    """Colors from all over the cube."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    cube: npt.NDArray[np.uint8] = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(27, 27, 3)
    return Image.fromarray(cube)


def _lab_to_srgb(image: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.applyTransform(image, ImageCms.buildTransform(lab, srgb, "LAB", "RGB"))
    assert converted is not None  # it is only where the picture itself is changed
    return converted
