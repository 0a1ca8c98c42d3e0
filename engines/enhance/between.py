"""The frames between two frames: when to draw one, when to repeat one, and drawing it with RIFE."""

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.media.clip import Pixels

if TYPE_CHECKING:
    from engines.native.rife.ifnet import IFNet

_AT_A_FRAME = Fraction(1, 25)
"""Closer than this part of the gap to a frame, that frame is shown: clocks of clips round to milliseconds."""

_CUT_CHANGE = 22.0
_CUT_COLOURS = 0.3
_LARGE_PIXELS = 2_500_000
_BROADCAST = {round(1000 * rate / 1001, 2): Fraction(1000 * rate, 1001) for rate in (24, 30, 48, 60, 120, 240)}


def exact_rate(fps: float) -> Fraction:
    """The frame rate meant by a decimal number: 29.97 is 30000/1001, 23.98 and 23.976 are 24000/1001."""
    for shown, exact in _BROADCAST.items():
        if abs(fps - shown) < 0.005:
            return exact
    return Fraction(fps).limit_denominator(1000)


def clock(rate: Fraction) -> Fraction:
    """Seconds a tick, so that every frame of ``rate`` falls on a tick and other times are exact to 10 µs."""
    return Fraction(1, rate.numerator * max(1, 100_000 // rate.numerator))


class Between:
    """Two frames in turn, and what shows at a moment between them."""

    def __init__(self, first: Pixels, second: Pixels) -> None:
        self.first = first
        self.second = second
        self._same: bool | None = None
        self._cut: bool | None = None

    def at(self, moment: Fraction, net: "IFNet") -> Pixels:
        """The frame at ``moment`` from 0 (the first) to 1 (the second); across a cut the nearer one."""
        if moment <= _AT_A_FRAME or self.same:
            return self.first
        if moment >= 1 - _AT_A_FRAME:
            return self.second
        if self.cut:
            return self.first if moment < Fraction(1, 2) else self.second
        return draw(net, self.first, self.second, float(moment))

    @property
    def same(self) -> bool:
        """Nothing moves."""
        if self._same is None:
            self._same = np.array_equal(self.first, self.second)
        return self._same

    @property
    def cut(self) -> bool:
        """They belong to different shots."""
        if self._cut is None:
            self._cut = is_cut(self.first, self.second)
        return self._cut


def is_cut(first: Pixels, second: Pixels) -> bool:
    """Whether two frames belong to different shots: much has changed, and the colours are not the same ones moved."""
    small, other = _small(first), _small(second)
    if np.abs(small - other).mean() < _CUT_CHANGE:
        return False
    return float(np.abs(_colours(small) - _colours(other)).sum() / 2) > _CUT_COLOURS


def draw(net: "IFNet", first: Pixels, second: Pixels, moment: float) -> Pixels:
    """The frame at a moment between two, drawn by RIFE."""
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
        drawn = net(tensor(first), tensor(second), moment, coarser)[0, :, :height, :width]
        pixels = (drawn.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0)
        return np.ascontiguousarray(pixels.cpu().numpy())


def _small(pixels: Pixels) -> npt.NDArray[np.float32]:
    return np.asarray(Image.fromarray(pixels).resize((64, 36), Image.Resampling.BOX), np.float32)


def _colours(small: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """How often each of 4 x 4 x 4 colours occurs."""
    bins = (small // 64).astype(int) @ np.array([16, 4, 1])
    return np.asarray(np.bincount(bins.ravel(), minlength=64) / bins.size)
