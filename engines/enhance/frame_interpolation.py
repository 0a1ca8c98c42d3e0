"""In-between frames: when to interpolate, when to repeat a frame, and interpolation with RIFE."""

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.media.clip import Pixels

if TYPE_CHECKING:
    from engines.native.rife.ifnet import IFNet

_AT_FRAME = Fraction(1, 25)
"""Within this part of the gap, the nearest frame is repeated: timestamps of clips are rounded to milliseconds."""

_CUT_CHANGE = 22.0
_CUT_COLORS = 0.3
_LARGE_PIXELS = 2_500_000


def clock(rate: Fraction) -> Fraction:
    """Return a time base in seconds in which every frame of ``rate`` is exact and other times are exact to 10 µs."""
    return Fraction(1, rate.numerator * max(1, 100_000 // rate.numerator))


class InBetween:
    """Two consecutive frames, and the frame at any moment between them."""

    def __init__(self, first: Pixels, second: Pixels) -> None:
        self.first = first
        self.second = second
        self._same: bool | None = None
        self._cut: bool | None = None

    def at(self, moment: Fraction, net: "IFNet") -> Pixels:
        """Return the frame at ``moment`` from 0 (the first) to 1 (the second); across a cut, the nearer one."""
        if moment <= _AT_FRAME or self.same:
            return self.first
        if moment >= 1 - _AT_FRAME:
            return self.second
        if self.cut:
            return self.first if moment < Fraction(1, 2) else self.second
        return interpolate(net, self.first, self.second, float(moment))

    @property
    def same(self) -> bool:
        """Whether the frames are identical."""
        if self._same is None:
            self._same = np.array_equal(self.first, self.second)
        return self._same

    @property
    def cut(self) -> bool:
        """Whether the frames belong to different shots."""
        if self._cut is None:
            self._cut = is_cut(self.first, self.second)
        return self._cut


def is_cut(first: Pixels, second: Pixels) -> bool:
    """Whether two frames belong to different shots: much has changed, and not just by movement of the same colors."""
    small, other = _small(first), _small(second)
    if np.abs(small - other).mean() < _CUT_CHANGE:
        return False
    return float(np.abs(_color_histogram(small) - _color_histogram(other)).sum() / 2) > _CUT_COLORS


def interpolate(net: "IFNet", first: Pixels, second: Pixels, moment: float) -> Pixels:
    """Return the frame at a moment between two, interpolated by RIFE."""
    import torch

    from engines.native.rife.ifnet import MULTIPLE

    height, width = first.shape[:2]
    weight = next(net.parameters())

    def tensor(pixels: Pixels) -> torch.Tensor:
        down, right = -height % MULTIPLE, -width % MULTIPLE
        whole = np.pad(pixels, ((0, down), (0, right), (0, 0)), mode="edge").transpose(2, 0, 1)[None]
        return torch.from_numpy(np.ascontiguousarray(whole)).to(weight.device).to(weight.dtype) / 255

    coarser = 2 if height * width > _LARGE_PIXELS else 1
    with torch.inference_mode():
        between = net(tensor(first), tensor(second), moment, coarser)[0, :, :height, :width]
        pixels = (between.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0)
        return np.ascontiguousarray(pixels.cpu().numpy())


def _small(pixels: Pixels) -> npt.NDArray[np.float32]:
    return np.asarray(Image.fromarray(pixels).resize((64, 36), Image.Resampling.BOX), np.float32)


def _color_histogram(small: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the histogram of 4 × 4 × 4 colors."""
    bins = (small // 64).astype(int) @ np.array([16, 4, 1])
    return np.asarray(np.bincount(bins.ravel(), minlength=64) / bins.size)
