"""Subject masks from U²-Net (Qin et al., Pattern Recognition 2020, arXiv:2005.09007), aligned to the picture's edges
with a guided filter (He et al., ECCV 2010)."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from errors import StudioError

Mask = npt.NDArray[np.float32]

_SEEN = 320
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_SPREAD = np.array([0.229, 0.224, 0.225], np.float32)
_SURE = 0.4
_GUIDE_SIDE = 1024


def subject_mask(session: Any, picture: Image.Image) -> Image.Image:
    """Return the mask of an RGB picture's subject (255) and background (0). Raises StudioError ``no_subject``."""
    small = np.asarray(picture.resize((_SEEN, _SEEN), Image.Resampling.LANCZOS), np.float32)
    normal = (small / max(float(small.max()), 1.0) - _MEAN) / _SPREAD
    mask = session.run(None, {session.get_inputs()[0].name: normal.transpose(2, 0, 1)[None]})[0][0, 0]
    if mask.max() < _SURE:
        raise StudioError(
            "no_subject",
            "No subject stands out in this picture.",
            "The model found nothing that is clearly in front of the background.",
            "Crop it closer to what you want to keep.",
            status=422,
        )
    return _onto_edges(np.asarray((mask - mask.min()) / np.ptp(mask), np.float32), picture)


def feather(mask: Image.Image, radius: float) -> Image.Image:
    """Return the mask with its edge softened by ``radius`` px."""
    return mask.filter(ImageFilter.GaussianBlur(radius)) if radius else mask


def _onto_edges(mask: Mask, picture: Image.Image) -> Image.Image:
    """Upsample a small mask to the picture's size along its edges: locally, mask = a * light + b."""
    guide = picture.convert("L")
    guide.thumbnail((_GUIDE_SIDE, _GUIDE_SIDE), Image.Resampling.LANCZOS)
    light = np.asarray(guide, np.float32) / np.float32(255)
    coarse = np.asarray(Image.fromarray(mask).resize(guide.size, Image.Resampling.BICUBIC), np.float32)
    slope, base = _fit(light, coarse, radius=max(2, max(guide.size) // 128), smooth=1e-4)
    full = np.asarray(picture.convert("L"), np.float32) / np.float32(255)
    grown = [np.asarray(Image.fromarray(x).resize(picture.size, Image.Resampling.BILINEAR)) for x in (slope, base)]
    fine = grown[0] * full + grown[1]
    # A little more contrast: nearly certain values become certain, so that no veil or hole remains.
    return Image.fromarray(np.rint(((fine - 0.08) / 0.84).clip(0, 1) * 255).astype(np.uint8))


def _fit(light: Mask, mask: Mask, radius: int, smooth: float) -> tuple[Mask, Mask]:
    from scipy.ndimage import uniform_filter

    def mean(x: Mask) -> Mask:
        return np.asarray(uniform_filter(x, 2 * radius + 1, mode="nearest"), np.float32)

    around_light, around_mask = mean(light), mean(mask)
    variance = mean(light * light) - around_light**2
    slope = (mean(light * mask) - around_light * around_mask) / (variance + np.float32(smooth))
    return mean(slope), mean(around_mask - slope * around_light)
