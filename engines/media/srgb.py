"""Colors of pictures as they are meant: any mode and color profile in, 8-bit sRGB out, transparency as it was."""

import io
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

_DEEP = ("I;16", "I;16L", "I;16B", "I", "F")
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}
"""The mode of the pixels that a profile describes, by the profile's own name for its color space."""


def to_srgb(image: Image.Image) -> Image.Image:
    """The picture in mode RGBA where it has transparency, else RGB.

    A profile that is broken, or describes other pixels than these, is passed over: viewers do the same.
    """
    profile = image.info.get("icc_profile")
    alpha = _alpha(image)
    if image.mode in _DEEP:
        image = _to_8_bit(image)
    elif image.mode not in _MODES.values():  # palettes, and modes that hold transparency beside the color
        image = image.convert("L" if image.mode in ("1", "LA", "La") else "RGB")
    colors = _through_profile(image, profile) if profile else None
    if colors is None:
        colors = _lab_to_srgb(image) if image.mode == "LAB" else image.convert("RGB")
    if alpha is not None:
        colors.putalpha(alpha)
    return colors


def _alpha(image: Image.Image) -> Image.Image | None:
    return image.convert("RGBA").getchannel("A") if image.has_transparency_data else None


def _to_8_bit(image: Image.Image) -> Image.Image:
    values = np.nan_to_num(np.asarray(image, np.float32))
    top = 65535.0 if image.mode.startswith("I;16") else float(values.max(initial=0))
    if image.mode != "F" and 255 < top <= 65535:
        top = 65535.0
    elif image.mode == "I" and top <= 255:
        top = 255.0
    elif image.mode == "F":
        top = max(top, 1.0)
    return Image.fromarray(np.rint(values.clip(0, top) * (255 / top)).astype(np.uint8))


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
