"""Crop the part of a picture that a model works on, and paste the result back.

Models work best at a certain area (often a megapixel). Larger pictures keep their size: with a mask, only its
surroundings are generated and pasted back; without one, the result is enlarged to the original size.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_BACKGROUND_PATCHES = 4
"""Color patches per side of a picture's blurred background."""
_AROUND = 1.6
"""The crop is this many times as large as the mask, so that the model sees the surroundings."""


@dataclass(frozen=True)
class Crop:
    """A part of a picture: ``box`` (left, top, right, bottom) is generated at ``width`` × ``height``, in px."""

    box: tuple[int, int, int, int]
    width: int
    height: int


def legal_size(width: float, height: float, pixels: int, multiple: int, *, enlarge: bool = False) -> tuple[int, int]:
    """Return the size of the closest shape whose sides are multiples of ``multiple`` and whose area is at most about
    ``pixels``.

    With ``enlarge``, the area is about ``pixels`` for smaller pictures too.
    """
    scale = math.sqrt(pixels / (width * height))
    if not enlarge:
        scale = min(1.0, scale)
    return tuple(max(multiple, round(side * scale / multiple) * multiple) for side in (width, height))  # type: ignore[return-value]


def whole_image(picture: "Image", pixels: int, multiple: int) -> Crop:
    """Return a crop of the whole picture; a small one is enlarged, because models work poorly at thumbnail size."""
    width, height = legal_size(*picture.size, pixels, multiple, enlarge=picture.width * picture.height < pixels / 4)
    return Crop((0, 0, *picture.size), width, height)


def crop_around(mask: "Image", pixels: int, multiple: int) -> Crop | None:
    """Return a crop around the white area of a mask, at the model's best size; None if nothing is white."""
    inside = mask.getbbox()
    if inside is None:
        return None
    left, top, right, bottom = inside
    sides = [(right - left) * _AROUND, (bottom - top) * _AROUND]
    side = math.sqrt(pixels) / 2  # the least that a model needs to recognize the scene
    wide, high = (
        min(limit, max(side, length)) for side, length, limit in zip((side, side), sides, mask.size, strict=True)
    )
    middle = ((left + right) / 2, (top + bottom) / 2)
    x = min(max(0, middle[0] - wide / 2), mask.width - wide)
    y = min(max(0, middle[1] - high / 2), mask.height - high)
    box = (math.floor(x), math.floor(y), math.ceil(x + wide), math.ceil(y + high))
    width, height = legal_size(box[2] - box[0], box[3] - box[1], pixels, multiple, enlarge=True)
    return Crop(box, width, height)


def cover_crop(size: tuple[int, int], width: int, height: int) -> Crop:
    """Return the largest centered crop of a picture of ``size`` with the shape of ``width`` × ``height``."""
    scale = min(size[0] / width, size[1] / height)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (size[0] - wide) // 2, (size[1] - high) // 2
    return Crop((left, top, left + wide, top + high), width, height)


def crop_image(picture: "Image", frame: Crop) -> "Image":
    """Return the cropped part of a picture, at the crop's size."""
    from PIL import Image

    return picture.resize((frame.width, frame.height), Image.Resampling.LANCZOS, frame.box)


def pad_to(picture: "Image", width: int, height: int) -> "Image":
    """Return the whole picture centered on a canvas of another shape, whose background is the picture's own colors,
    blurred beyond recognition."""
    from PIL import Image

    left, top, right, bottom = inner_box(picture.size, width, height)
    size = (right - left, bottom - top)
    whole = picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)
    if size == (width, height):
        return whole
    colors = picture.resize((_BACKGROUND_PATCHES, _BACKGROUND_PATCHES), Image.Resampling.BOX)
    canvas = colors.resize((width, height), Image.Resampling.BICUBIC)
    canvas.paste(whole, (left, top))
    return canvas


def inner_box(size: tuple[int, int], width: int, height: int) -> tuple[int, int, int, int]:
    """Return where a picture of ``size`` is on a canvas of another shape that shows all of it, centered: left, top,
    right, bottom, in px."""
    scale = min(width / size[0], height / size[1])
    wide, high = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    left, top = (width - wide) // 2, (height - high) // 2
    return left, top, left + wide, top + high


def paste_back(picture: "Image", image: "Image", frame: Crop, mask: "Image", feather: int) -> "Image":
    """Paste the generated crop into the picture where the mask is white; no pixel outside the mask changes."""
    from PIL import Image

    left, top, right, bottom = frame.box
    size = (right - left, bottom - top)
    part = image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)
    new = picture.copy()
    new.paste(part, (left, top))
    return Image.composite(new, picture, soften_mask(mask, feather))


def soften_mask(mask: "Image", feather: int) -> "Image":
    """Soften the edge of a mask (mode L) by ``feather`` px, inwards only: black pixels stay black."""
    from PIL import ImageChops, ImageFilter

    if not feather:
        return mask
    # The lower half of the blurred edge becomes black, and no pixel gets lighter than before.
    shrunk = mask.filter(ImageFilter.BoxBlur(feather)).point(lambda value: max(0, 2 * value - 255))
    return ImageChops.darker(mask, shrunk)
