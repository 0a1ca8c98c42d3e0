"""Clips in and out, a frame at a time."""

import av
import numpy as np
from PIL import Image


def turned(frame: av.VideoFrame) -> int:
    """How far a frame must be turned counter-clockwise to stand upright: 0, 90, 180 or 270 degrees."""
    return round(frame.rotation / 90) * 90 % 360


def upright(frame: av.VideoFrame) -> Image.Image:
    """A frame as an upright RGB picture."""
    pixels = np.rot90(frame.to_ndarray(format="rgb24"), turned(frame) // 90)
    return Image.fromarray(np.ascontiguousarray(pixels))
