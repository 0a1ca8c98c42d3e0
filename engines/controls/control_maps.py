"""The structure of a picture as a control map for ControlNets: white edges, soft lines, depth, or poses on black.

A picture that already is such a map is used as it is; lines on white paper are inverted.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engines.catalog import Entry
from engines.diffusion.auxiliary_models import auxiliary_model
from engines.host.context import Context

if TYPE_CHECKING:
    from PIL.Image import Image

Plane = npt.NDArray[np.float32]
"""(height, width), 0 to 1."""

_SMOOTH = 1.4
_STRONGEST, _FAINTEST = 0.1, 0.02
"""An edge starts at a gradient between these (brightness per px, 0 to 1), so that soft pictures have edges and flat
ones have none."""
_GOES_ON = 0.4
"""An edge continues until its gradient falls below this part of its starting gradient."""
_PEN = 1 / 300
"""Width of a soft line, relative to the longer side."""
_FAINT = 0.2
"""Anything fainter than this part of the strongest lines is grain."""
_DARK, _BRIGHT = 12, 243
_STICKS = 140
"""Skeleton sticks are brighter than this (of 255); lights at night have dimmer surroundings."""
_EVEN = 2
"""In 8 of 10 places, depth maps change their slope by less than this (of 255) from px to px; photos have grain."""


def draw_control_map(
    kind: str, picture: "Image", size: tuple[int, int], context: Context
) -> "tuple[Image, Entry | None]":
    """Return the control map of an RGB picture, cropped to ``size`` (RGB), and the model that found it.

    Depth and poses need a helper model. Raises StudioError ``needs_helper`` without it, ``nobody_seen`` if there are no
    people.
    """
    from PIL import Image, ImageOps

    ready = read_control_map(kind, picture)
    fitted = ImageOps.fit(ready or picture, size, Image.Resampling.LANCZOS)
    if ready:
        return fitted, None
    if kind in ("edges", "sketch"):
        return (edges if kind == "edges" else sketch)(fitted), None
    finder = auxiliary_model(context.entry, f"structure.{kind}", context.catalog)
    if kind == "depth":
        from engines.controls.depth import estimate_depth

        return estimate_depth(fitted, finder, context), finder
    from engines.controls.pose import find_poses

    return find_poses(fitted, finder, context), finder


def read_control_map(kind: str, picture: "Image") -> "Image | None":
    """Return the picture, white on black, if it already is a control map of that kind; else None."""
    from PIL import Image, ImageOps

    small = picture.copy()
    small.thumbnail((512, 512), Image.Resampling.NEAREST)  # without mixing colors
    pixels = np.asarray(small.convert("RGB"), np.int16)
    light, spread = pixels.max(axis=2), np.ptp(pixels, axis=2)
    gray = float((spread <= 12).mean()) > 0.995
    black, white = float((light <= _DARK).mean()), float((pixels.min(axis=2) >= _BRIGHT).mean())
    if kind == "pose":
        drawing = light > _DARK
        pure = (spread[drawing] > 0.6 * light[drawing]) & (light[drawing] > _STICKS)
        return picture if black > 0.6 and drawing.any() and float(pure.mean()) > 0.7 else None
    if not gray:
        return None
    if kind == "depth":
        return picture if _even(light.astype(np.float32)) else None
    if black > 0.5 and white + black > (0.8 if kind == "edges" else 0.5) and light.max() > 128:
        return picture
    return ImageOps.invert(picture) if white > 0.6 and white + black > 0.7 and light.min() < 128 else None


def edges(picture: "Image") -> "Image":
    """Return thin white edges on black (Canny, IEEE PAMI 1986): smoothed, steepest places only, with hysteresis."""
    from scipy import ndimage

    light = _light(picture)
    smooth = ndimage.gaussian_filter(light, _SMOOTH)
    across, down = (ndimage.sobel(smooth, axis) / 8 for axis in (1, 0))
    steep = np.hypot(across, down)
    begins = float(np.clip(np.percentile(steep, 92), _FAINTEST, _STRONGEST))
    thin = np.where(_ridges(steep, across, down), steep, 0)
    pieces, _ = ndimage.label(thin > _GOES_ON * begins, np.ones((3, 3)))
    edge_ids = np.unique(pieces[thin > begins])
    return _picture(np.isin(pieces, edge_ids[edge_ids > 0]).astype(np.float32))


def sketch(picture: "Image") -> "Image":
    """Return soft white lines on black, as if drawn with a broad pencil: large shapes stay, grain disappears."""
    from scipy import ndimage

    light = _light(picture)
    pen = max(1.0, max(picture.size) * _PEN)
    lines = np.maximum.reduce(
        [ndimage.gaussian_gradient_magnitude(light, pen * times) * pen * times for times in (1, 2)]
    )
    full = max(float(np.percentile(lines, 98)), 0.05)
    return _picture(np.asarray(((lines / full - _FAINT) / (1 - _FAINT)).clip(0, 1) ** 1.2, np.float32))


def _ridges(steep: Plane, across: Plane, down: Plane) -> npt.NDArray[np.bool_]:
    """Return where the gradient is a local maximum along its own direction."""
    way = np.rint(np.arctan2(down, across) / (np.pi / 4)).astype(int) % 4
    around = np.pad(steep, 1)
    height, width = steep.shape
    ridges = np.zeros(steep.shape, bool)
    for number, (x, y) in enumerate(((1, 0), (1, 1), (0, 1), (-1, 1))):
        ahead = around[1 + y : 1 + y + height, 1 + x : 1 + x + width]
        behind = around[1 - y : 1 - y + height, 1 - x : 1 - x + width]
        ridges |= (way == number) & (steep > ahead) & (steep >= behind)
    return ridges


def _even(light: Plane) -> bool:
    """Whether brightness changes evenly nearly everywhere, and some of it is neither black nor white."""
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
