"""The size of a clip that is made from a picture or from another clip."""

from engines.catalog import Entry
from engines.diffusion import crop

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
