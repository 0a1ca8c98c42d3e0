"""Fit the first frame of a clip to a size that is legal for the model, cropping it if the shapes differ."""

from typing import TYPE_CHECKING

from engines.catalog import Entry
from engines.diffusion import crop
from engines.diffusion.crop import Crop

if TYPE_CHECKING:
    from PIL.Image import Image

_USUAL_PIXELS = 832 * 480


def legal_size(size: tuple[int, int], entry: Entry, multiple: int) -> tuple[int, int]:
    """Return the clip size for a picture of ``size``: the closest shape at the model's best area, within its bounds."""
    pixels, scale = entry.pixels or _USUAL_PIXELS, int(entry.options.get("enlarge_by", 1))
    sides = crop.legal_size(*size, pixels, multiple, enlarge=True)
    bounds = (entry.bounds.get(name, (multiple * scale, max(sides) * scale, 0)) for name in ("width", "height"))
    width, height = (
        int(min(max(side, low // scale), high // scale)) for side, (low, high, _) in zip(sides, bounds, strict=True)
    )
    return width, height


def cover_crop(picture: "Image", width: int, height: int) -> Crop:
    """Return the largest centered crop of a picture with the shape of ``width`` × ``height``."""
    scale = min(picture.width / width, picture.height / height)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (picture.width - wide) // 2, (picture.height - high) // 2
    return Crop((left, top, left + wide, top + high), width, height)
