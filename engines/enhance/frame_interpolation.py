"""In-between frames: when to interpolate, when to repeat a frame, and interpolation with RIFE."""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

if TYPE_CHECKING:
    from engines.native.rife.ifnet import IFNet

AnyPixels = npt.NDArray[Any]
"""RGB pixels [height, width, 3] of 8 or 16 bits."""

_AT_FRAME = Fraction(1, 25)
"""Within this part of the gap, the nearest frame is repeated: timestamps of clips are rounded to milliseconds."""

_CUT_CHANGE = 22.0
_CUT_COLORS = 0.3
_LARGE_PIXELS = 2_500_000


def clock(rate: Fraction) -> Fraction:
    """Return a time base in seconds in which every frame of ``rate`` is exact and other times are exact to 10 µs."""
    return Fraction(1, rate.numerator * max(1, 100_000 // rate.numerator))


class InBetween:
    """Two consecutive frames of 8 or 16 bits, and the frame at any moment between them.

    ``cut`` says whether they belong to different shots; None to judge by these frames alone.
    """

    def __init__(self, first: AnyPixels, second: AnyPixels, cut: bool | None = None) -> None:
        self.first = first
        self.second = second
        self._same: bool | None = None
        self._cut = cut

    def at(self, moment: Fraction, net: "IFNet") -> AnyPixels:
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


def is_cut(first: AnyPixels, second: AnyPixels) -> bool:
    """Whether two frames belong to different shots: much has changed, and not just by movement of the same colors."""
    small, other = _small(first), _small(second)
    if np.abs(small - other).mean() < _CUT_CHANGE:
        return False
    return float(np.abs(_color_histogram(small) - _color_histogram(other)).sum() / 2) > _CUT_COLORS


def interpolate(net: "IFNet", first: AnyPixels, second: AnyPixels, moment: float) -> AnyPixels:
    """Return the frame at a moment between two, interpolated by RIFE, with as many bits as these: 8 or 16."""
    import torch

    from engines.native.rife.ifnet import MULTIPLE

    height, width = first.shape[:2]
    weight = next(net.parameters())
    white = np.iinfo(first.dtype).max
    whole_number = torch.uint8 if white == 255 else torch.int32

    def tensor(pixels: AnyPixels) -> torch.Tensor:
        down, right = -height % MULTIPLE, -width % MULTIPLE
        whole = np.pad(pixels, ((0, down), (0, right), (0, 0)), mode="edge").transpose(2, 0, 1)[None]
        ordered = np.ascontiguousarray(whole if white == 255 else whole.astype(np.float32) / white)
        return torch.from_numpy(ordered).to(weight.device).to(weight.dtype) / (255 if white == 255 else 1)

    coarser = 2 if height * width > _LARGE_PIXELS else 1
    with torch.inference_mode():
        between = net(tensor(first), tensor(second), moment, coarser)[0, :, :height, :width]
        pixels = (between.clamp(0, 1) * white).round().to(whole_number).permute(1, 2, 0)
        return np.ascontiguousarray(pixels.cpu().numpy().astype(first.dtype, copy=False))


def _small(pixels: AnyPixels) -> npt.NDArray[np.float32]:
    if pixels.dtype != np.uint8:
        pixels = (pixels >> 8).astype(np.uint8)
    return np.asarray(Image.fromarray(pixels).resize((64, 36), Image.Resampling.BOX), np.float32)


def _color_histogram(small: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the histogram of 4 × 4 × 4 colors."""
    bins = (small // 64).astype(int) @ np.array([16, 4, 1])
    return np.asarray(np.bincount(bins.ravel(), minlength=64) / bins.size)
