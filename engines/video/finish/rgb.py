"""Frames as floating-point RGB, to be changed in numpy."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from engines.media.clip import Color
from engines.video.finish.picture import Framing, RecConverter, Size

Pixels = npt.NDArray[np.float32]
Change = Callable[[Pixels, int], Pixels]
"""Changes pixels [height, width, 3], 0 to 1, of the frame with a number; may do so in place."""

WHITE = 65_535


def rgb_pixels(has_alpha: bool) -> str:
    """Return FFmpeg's name of RGB with 16 bits per channel."""
    return "rgba64le" if has_alpha else "rgb48le"


def changed(
    frames: Iterable[av.VideoFrame], size: Size, color: Color, has_alpha: bool, change: Change
) -> Iterator[av.VideoFrame]:
    """Yield frames as upright RGB of ``size`` with 16 bits per channel, each changed. Transparency stays."""
    convert = RecConverter(Framing(size, size), rgb_pixels(has_alpha), color).convert
    for number, frame in enumerate(map(convert, frames)):
        values = frame.to_ndarray()
        values[..., :3] = whole_numbers(change(floats(values), number))
        yield av.VideoFrame.from_ndarray(values, frame.format.name)


def floats(values: npt.NDArray[Any]) -> Pixels:
    """Return the colors of pixels of 16 bits, from 0 to 1."""
    return np.ascontiguousarray(values[..., :3], np.float32) / np.float32(WHITE)


def whole_numbers(pixels: Pixels) -> npt.NDArray[np.uint16]:
    """Return pixels from 0 to 1 with 16 bits; what is beyond is clipped."""
    return np.asarray(np.nan_to_num(pixels).clip(0, 1) * WHITE + 0.5, np.uint16)
