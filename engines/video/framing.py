"""The picture that a clip begins with, at a size that is legal for the model: covered, and cut where shapes differ."""

from typing import TYPE_CHECKING

from engines.catalog import Entry
from engines.image import frame
from engines.image.frame import Frame

if TYPE_CHECKING:
    from PIL.Image import Image

_USUAL_PIXELS = 832 * 480


def legal(size: tuple[int, int], entry: Entry, multiple: int) -> tuple[int, int]:
    """The size at which a model makes a clip of a picture of ``size``: nearest in shape, with the area it is best at,
    within its bounds."""
    pixels, scale = entry.pixels or _USUAL_PIXELS, int(entry.options.get("enlarge_by", 1))
    sides = frame.legal(*size, pixels, multiple, enlarge=True)
    bounds = (entry.bounds.get(name, (multiple * scale, max(sides) * scale, 0)) for name in ("width", "height"))
    width, height = (
        int(min(max(side, low // scale), high // scale)) for side, (low, high, _) in zip(sides, bounds, strict=True)
    )
    return width, height


def covering(picture: "Image", width: int, height: int) -> Frame:
    """The largest middle of a picture that has the shape of ``width`` x ``height``."""
    scale = min(picture.width / width, picture.height / height)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (picture.width - wide) // 2, (picture.height - high) // 2
    return Frame((left, top, left + wide, top + high), width, height)
