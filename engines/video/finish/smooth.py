"""Smooth motion at another frame rate: new frames between those of a clip, drawn by RIFE, never across a cut."""

from collections.abc import Collection, Iterable, Iterator
from fractions import Fraction
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import av

from engines.enhance.frame_interpolation import AnyPixels, InBetween
from engines.media.clip import DecodedFrame
from engines.video.finish.picture import RecConverter

if TYPE_CHECKING:
    from engines.native.rife.ifnet import IFNet


class SmoothMotion:
    """Yields the frames of a clip from ``begin`` on at ``rate``, as upright RGB of 16 bits per channel.

    ``to_rgb`` converts its own frames to that; ``cuts`` are the starts of the frames that begin a shot. Frames that are
    already in place pass unchanged.
    """

    def __init__(
        self, net: "IFNet", to_rgb: RecConverter, rate: Fraction, begin: Fraction, cuts: Collection[Fraction]
    ) -> None:
        self._net = net
        self._cuts = cuts
        self._to_rgb = to_rgb
        self._rate = rate
        self._begin = begin

    def frames(self, frames: Iterable[DecodedFrame], count: int) -> Iterator[av.VideoFrame]:
        """Yield up to ``count`` frames. The transparency of a new frame is that of the frame before it."""
        number = 0
        for frame, following in pairwise(chain(frames, [None])):
            assert frame is not None
            between: InBetween | None = None
            while number < count and (now := self._begin + number / self._rate) < frame.start + frame.duration:
                between = between or self._between(frame, following)
                yield self._picture(between, (now - frame.start) / frame.duration)
                number += 1

    def _between(self, frame: DecodedFrame, following: DecodedFrame | None) -> InBetween:
        first = self._pixels(frame)
        if following is None:
            return InBetween(first, first)
        return InBetween(first, self._pixels(following), cut=following.start in self._cuts)

    def _pixels(self, frame: DecodedFrame) -> AnyPixels:
        return self._to_rgb.convert(frame.picture).to_ndarray()

    def _picture(self, between: InBetween, moment: Fraction) -> av.VideoFrame:
        if between.first.shape[2] == 3:
            return av.VideoFrame.from_ndarray(between.at(moment, self._net), "rgb48le")
        opaque = InBetween(between.first[..., :3], between.second[..., :3], between.cut)
        pixels = between.first.copy()
        pixels[..., :3] = opaque.at(moment, self._net)
        return av.VideoFrame.from_ndarray(pixels, "rgba64le")
