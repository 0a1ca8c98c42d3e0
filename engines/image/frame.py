"""Which part of a picture is worked on, at which size, and how the new goes back into the old.

Models are at their best at a certain area (often a megapixel). Larger pictures are not shrunk for it: where a mask says
what may change, only its surroundings are worked on and put back; else what is made is enlarged to the old size.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_COLOURS = 4
"""As many patches a side are left of a picture that is the ground for itself."""
_AROUND = 1.6
"""How much more than the mask a model sees, so that the new fits the old."""


@dataclass(frozen=True)
class Frame:
    """``box`` (left, top, right, bottom) of the picture is worked on at ``width`` x ``height``, in px."""

    box: tuple[int, int, int, int]
    width: int
    height: int


def legal(width: float, height: float, pixels: int, multiple: int, *, enlarge: bool = False) -> tuple[int, int]:
    """The size nearest in shape whose sides are multiples of ``multiple`` and whose area is about ``pixels`` at most.

    With ``enlarge`` it is about that, however small the picture.
    """
    scale = math.sqrt(pixels / (width * height))
    if not enlarge:
        scale = min(1.0, scale)
    return tuple(max(multiple, round(side * scale / multiple) * multiple) for side in (width, height))  # type: ignore[return-value]


def whole(picture: "Image", pixels: int, multiple: int) -> Frame:
    """All of a picture; a small one is worked on larger, for models draw badly at a stamp's size."""
    width, height = legal(*picture.size, pixels, multiple, enlarge=picture.width * picture.height < pixels / 4)
    return Frame((0, 0, *picture.size), width, height)


def around(mask: "Image", pixels: int, multiple: int) -> Frame | None:
    """The surroundings of what is white on a mask, at the model's best size; None where nothing is."""
    inside = mask.getbbox()
    if inside is None:
        return None
    left, top, right, bottom = inside
    sides = [(right - left) * _AROUND, (bottom - top) * _AROUND]
    side = math.sqrt(pixels) / 2  # no less than a model needs to understand where it is
    wide, high = (
        min(limit, max(side, length)) for side, length, limit in zip((side, side), sides, mask.size, strict=True)
    )
    middle = ((left + right) / 2, (top + bottom) / 2)
    x = min(max(0, middle[0] - wide / 2), mask.width - wide)
    y = min(max(0, middle[1] - high / 2), mask.height - high)
    box = (math.floor(x), math.floor(y), math.ceil(x + wide), math.ceil(y + high))
    width, height = legal(box[2] - box[0], box[3] - box[1], pixels, multiple, enlarge=True)
    return Frame(box, width, height)


def cut(picture: "Image", frame: Frame) -> "Image":
    """The part of a picture that a frame shows, at the frame's size."""
    from PIL import Image

    return picture.resize((frame.width, frame.height), Image.Resampling.LANCZOS, frame.box)


def mounted(picture: "Image", width: int, height: int) -> "Image":
    """All of a picture in the middle of a canvas of another shape, on its own colours, blurred beyond recognition."""
    from PIL import Image

    scale = min(width / picture.width, height / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    whole = picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)
    if size == (width, height):
        return whole
    colours = picture.resize((_COLOURS, _COLOURS), Image.Resampling.BOX)
    canvas = colours.resize((width, height), Image.Resampling.BICUBIC)
    canvas.paste(whole, ((width - size[0]) // 2, (height - size[1]) // 2))
    return canvas


def put_back(picture: "Image", made: "Image", frame: Frame, mask: "Image", feather: int) -> "Image":
    """The picture with what was made in a frame where the mask is white; outside of it not one pixel changes."""
    from PIL import Image

    left, top, right, bottom = frame.box
    size = (right - left, bottom - top)
    part = made if made.size == size else made.resize(size, Image.Resampling.LANCZOS)
    new = picture.copy()
    new.paste(part, (left, top))
    return Image.composite(new, picture, softened(mask, feather))


def softened(mask: "Image", feather: int) -> "Image":
    """A mask (L) with an edge ``feather`` px soft that lies inside of it: what was black stays black."""
    from PIL import ImageChops, ImageFilter

    if not feather:
        return mask
    # The edge runs into the mask only: shrunk by half of the edge, blurred, and never more than it was.
    shrunk = mask.filter(ImageFilter.BoxBlur(feather)).point(lambda value: max(0, 2 * value - 255))
    return ImageChops.darker(mask, shrunk)
