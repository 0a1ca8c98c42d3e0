"""The structure of a picture, drawn as ControlNets read it: white edges, soft lines, depths, or poses on black.

A picture that is such a drawing already is taken as it is; so are lines on white paper, turned over.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engines.catalog import Entry
from engines.context import Context
from engines.image.helping import helper

if TYPE_CHECKING:
    from PIL.Image import Image

Plane = npt.NDArray[np.float32]
"""(height, width), 0 to 1."""

_SMOOTH = 1.4
_STRONGEST, _FAINTEST = 0.1, 0.02
"""Between these (brightness a px, of 1) an edge begins, so that soft pictures have edges and flat ones none."""
_GOES_ON = 0.4
"""An edge goes on until it is so much weaker than where it began."""
_PEN = 1 / 300
"""How broad a soft line is, as part of the longer side."""
_FAINT = 0.2
"""What is fainter than that part of the strongest lines is grain."""
_DARK, _BRIGHT = 12, 243
_STICKS = 140
"""Sticks are brighter than that, and what glows at night has a dimmer surrounding."""
_EVEN = 2
"""Less than that (of 255) do depths bend from px to px, in 8 of 10 places; photographs have grain."""


def drawn(kind: str, picture: "Image", size: tuple[int, int], context: Context) -> "tuple[Image, Entry | None]":
    """The structure of an RGB picture, as RGB of ``size``, to whose shape it is cropped, and the model that found it.

    Depths and poses need a helper: raises StudioError ``needs_helper`` without it, ``nobody_seen`` where there is
    nobody.
    """
    from PIL import Image, ImageOps

    ready = as_map(kind, picture)
    seen = ImageOps.fit(ready or picture, size, Image.Resampling.LANCZOS)
    if ready:
        return seen, None
    if kind in ("edges", "sketch"):
        return (edges if kind == "edges" else sketch)(seen), None
    finder = helper(context.entry, f"structure.{kind}", context.catalog)
    if kind == "depth":
        from engines.image.depth import depths

        return depths(seen, finder, context), finder
    from engines.image.pose import poses

    return poses(seen, finder, context), finder


def as_map(kind: str, picture: "Image") -> "Image | None":
    """The picture where it is a drawing of that structure itself, white on black; None where it is anything else."""
    from PIL import Image, ImageOps

    small = picture.copy()
    small.thumbnail((512, 512), Image.Resampling.NEAREST)  # no size mixes colours that were apart
    pixels = np.asarray(small.convert("RGB"), np.int16)
    light, spread = pixels.max(axis=2), np.ptp(pixels, axis=2)
    grey = float((spread <= 12).mean()) > 0.995
    black, white = float((light <= _DARK).mean()), float((pixels.min(axis=2) >= _BRIGHT).mean())
    if kind == "pose":
        drawing = light > _DARK
        pure = (spread[drawing] > 0.6 * light[drawing]) & (light[drawing] > _STICKS)
        return picture if black > 0.6 and drawing.any() and float(pure.mean()) > 0.7 else None
    if not grey:
        return None
    if kind == "depth":
        return picture if _even(light.astype(np.float32)) else None
    if black > 0.5 and white + black > (0.8 if kind == "edges" else 0.5) and light.max() > 128:
        return picture
    return ImageOps.invert(picture) if white > 0.6 and white + black > 0.7 and light.min() < 128 else None


def edges(picture: "Image") -> "Image":
    """Thin white edges on black (Canny, IEEE PAMI 1986): smoothed, steepest places only, followed while they go on."""
    from scipy import ndimage

    light = _light(picture)
    smooth = ndimage.gaussian_filter(light, _SMOOTH)
    across, down = (ndimage.sobel(smooth, axis) / 8 for axis in (1, 0))
    steep = np.hypot(across, down)
    begins = float(np.clip(np.percentile(steep, 92), _FAINTEST, _STRONGEST))
    thin = np.where(_ridges(steep, across, down), steep, 0)
    pieces, _ = ndimage.label(thin > _GOES_ON * begins, np.ones((3, 3)))
    kept = np.unique(pieces[thin > begins])
    return _picture(np.isin(pieces, kept[kept > 0]).astype(np.float32))


def sketch(picture: "Image") -> "Image":
    """Soft white lines on black, as a broad pencil would draw them: what is large stays, grain goes."""
    from scipy import ndimage

    light = _light(picture)
    pen = max(1.0, max(picture.size) * _PEN)
    lines = np.maximum.reduce(
        [ndimage.gaussian_gradient_magnitude(light, pen * times) * pen * times for times in (1, 2)]
    )
    full = max(float(np.percentile(lines, 98)), 0.05)
    return _picture(np.asarray(((lines / full - _FAINT) / (1 - _FAINT)).clip(0, 1) ** 1.2, np.float32))


def _ridges(steep: Plane, across: Plane, down: Plane) -> npt.NDArray[np.bool_]:
    """Where it is no less steep than on either side, looked at along the steepest way."""
    way = np.rint(np.arctan2(down, across) / (np.pi / 4)).astype(int) % 4
    around = np.pad(steep, 1)
    height, width = steep.shape
    found = np.zeros(steep.shape, bool)
    for number, (x, y) in enumerate(((1, 0), (1, 1), (0, 1), (-1, 1))):
        ahead = around[1 + y : 1 + y + height, 1 + x : 1 + x + width]
        behind = around[1 - y : 1 - y + height, 1 - x : 1 - x + width]
        found |= (way == number) & (steep > ahead) & (steep >= behind)
    return found


def _even(light: Plane) -> bool:
    """Whether brightness goes on as it began nearly everywhere, and there is some that is neither black nor white."""
    bends = np.abs(light[1:-1, 1:-1] * 4 - light[:-2, 1:-1] - light[2:, 1:-1] - light[1:-1, :-2] - light[1:-1, 2:])
    there = light[1:-1, 1:-1] > _DARK
    if not there.any() or float((there & (light[1:-1, 1:-1] < _BRIGHT)).mean()) < 0.05:
        return False
    return float(np.percentile(bends[there], 80)) < _EVEN


def _light(picture: "Image") -> Plane:
    return np.asarray(picture.convert("L"), np.float32) / np.float32(255)


def _picture(plane: npt.NDArray[np.float32]) -> "Image":
    from PIL import Image

    return Image.fromarray(np.rint(plane * 255).astype(np.uint8)).convert("RGB")
