"""Style transfer with Magenta's networks: 26 learned looks (Dumoulin et al., ICLR 2017, arXiv:1610.07629), or the look
of any picture (Ghiasi et al., BMVC 2017, arXiv:1705.06830)."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from engines.enhance.style_thumbnails import STYLES

_WORK_SIDE = 1024
_ANY_SIDE = 384
_STYLE_SIDE = 256
_LEAST_SIDE = 32
"""Tiny pictures are padded to this size in px: the network downsamples twice."""


def apply_style(session: Any, picture: Image.Image, style: int) -> Image.Image:
    """Return an RGB picture in one of the learned looks. Brush strokes scale with the picture."""
    small = _fitting(picture, _WORK_SIDE)
    weights = np.zeros(STYLES, np.float32)
    weights[style] = 1
    bottom, right = (max(-length % 4, _LEAST_SIDE - length) for length in (small.height, small.width))
    planes = _padded(small, bottom, right).transpose(2, 0, 1)[None]
    out = session.run(None, {"image": np.ascontiguousarray(planes), "style_weights": weights})[0][0]
    return _grown(_picture(out.transpose(1, 2, 0), small), small, picture)


def apply_style_of(predict: Any, transform: Any, picture: Image.Image, style: Image.Image) -> Image.Image:
    """Return an RGB picture in the look of another."""
    square = ImageOps.fit(style, (_STYLE_SIDE, _STYLE_SIDE), Image.Resampling.LANCZOS)
    look = predict.run(None, {predict.get_inputs()[0].name: _floats(square)[None]})[0]
    small = _fitting(picture, _ANY_SIDE)
    pixels = _padded(small, _ANY_SIDE - small.height, _ANY_SIDE - small.width)[None]
    content, vector = (given.name for given in transform.get_inputs())
    out = transform.run(None, {content: pixels, vector: look})[0][0]
    return _grown(_picture(out, small), small, picture)


def _fitting(picture: Image.Image, side: int) -> Image.Image:
    """Return the picture with its longer side at most ``side`` px."""
    scale = min(1.0, side / max(picture.size))
    width, height = (max(1, round(length * scale)) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _grown(styled: Image.Image, small: Image.Image, picture: Image.Image) -> Image.Image:
    """Return the styled small picture at full size, with the fine detail that the small one had lost."""
    if picture.size == small.size:
        return styled
    large = np.asarray(styled.resize(picture.size, Image.Resampling.LANCZOS), np.float32)
    sharp = np.asarray(picture.convert("L"), np.float32)
    soft = np.asarray(small.convert("L").resize(picture.size, Image.Resampling.LANCZOS), np.float32)
    return Image.fromarray(np.rint((large + (sharp - soft)[..., None]).clip(0, 255)).astype(np.uint8))


def _floats(picture: Image.Image) -> npt.NDArray[np.float32]:
    return np.asarray(picture, np.float32) / np.float32(255)


def _padded(picture: Image.Image, bottom: int, right: int) -> npt.NDArray[np.float32]:
    return np.pad(_floats(picture), ((0, bottom), (0, right), (0, 0)), mode="symmetric")


def _picture(out: npt.NDArray[np.float32], like: Image.Image) -> Image.Image:
    pixels = out[: like.height, : like.width]
    return Image.fromarray(np.rint(pixels.clip(0, 1) * 255).astype(np.uint8))
