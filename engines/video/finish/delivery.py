"""What a delivery takes of a clip: its part, frame rate, framing, frames."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import av

from engines.enhance.cut_detection import cut_times, transnet
from engines.enhance.video_tasks import WORKING_BYTES, rife
from engines.host.context import Context
from engines.media.clip import ClipReader, Color
from engines.requests.deliver import DeliverClip
from engines.video.finish.checks import begin_and_end, conversion_notes, refuse_hdr
from engines.video.finish.color import Lut
from engines.video.finish.picture import REC709, Framing, RecConverter
from engines.video.finish.rgb import changed, rgb_pixels
from engines.video.finish.smooth import SmoothMotion
from engines.video.finish.source import Source
from engines.video.finish.timing import constant_rate

if TYPE_CHECKING:
    from engines.native.rife.ifnet import IFNet
    from engines.native.transnetv2.network import TransNetV2


class Delivery:
    """What a request takes of an open clip. ``nets`` find cuts and draw new frames; without them, frames are repeated
    or left out. ``color`` are the color tags of its frames.

    Raises StudioError hdr_clip, start_after_end, bad_lut.
    """

    def __init__(self, request: DeliverClip, context: Context, reader: ClipReader, nets: "Nets | None" = None) -> None:
        refuse_hdr(reader)
        form = reader.format
        self.begin, self.end = begin_and_end(request.start, request.end, reader)
        self.rate = request.rate or constant_rate(form.fps, reader.base_rate)
        self.size = form.width, form.height
        self.framing = Framing.of(self.size, form.pixel_aspect, request.size, request.framing)
        self.has_alpha = any(part.is_alpha for part in reader.first.format.components)
        self.bits = reader.first.format.components[0].bits
        self._reader = reader
        self._keeps_rate = request.rate is None
        self._source = Source(reader, self.rate, self.begin, self.end, context.check)
        self._lut = Lut(context.input(request.lut)) if request.lut else None
        self._nets = nets
        self._path, self._check = context.input(request.clip), context.check
        self.color: Color = REC709 if nets or self._lut else form.color

    @property
    def count(self) -> int:
        """About how many frames it has."""
        ends = self._reader.begins + self._reader.seconds
        return max(1, round((min(ends, self.end or ends) - self.begin) * self.rate))

    def frames(self) -> Iterator[av.VideoFrame]:
        """Yield the frames, with new ones between them and through the LUT if asked for, not yet scaled."""
        frames, color = self._source.frames(), self._reader.format.color
        if self._nets is not None:
            to_rgb = RecConverter(Framing(self.size, self.size), rgb_pixels(self.has_alpha), color)
            smooth = SmoothMotion(self._nets.rife, to_rgb, self.rate, self.begin, self._cuts(self._nets.transnet))
            frames, color = smooth.frames(self._source.decoded(), self.count), REC709
        if (lut := self._lut) is not None:
            frames = changed(frames, self.size, color, self.has_alpha, lambda pixels, _: lut.apply(pixels))
        return frames

    def _cuts(self, net: "TransNetV2") -> set[Fraction]:
        """Read the part once for its cuts."""
        with ClipReader(self._path) as reader:
            return cut_times(Source(reader, self.rate, self.begin, self.end, self._check).decoded(), net)

    def notes(self) -> Iterator[str]:
        """Yield what to say about the clip, once its frames were read."""
        yield from self._reader.notes
        yield from conversion_notes(self._reader, self.rate, is_uneven=self._source.uneven and self._keeps_rate)


class Nets(NamedTuple):
    """The networks for smooth motion."""

    rife: "IFNet"
    transnet: "TransNetV2"


def networks(request: DeliverClip, context: Context, reader: ClipReader) -> AbstractContextManager[Nets | None]:
    """Provide the networks, if the request wants smooth motion."""
    if request.motion == "repeat":
        return nullcontext()
    return _leased(context, WORKING_BYTES * reader.format.width * reader.format.height)


@contextmanager
def _leased(context: Context, working_bytes: int) -> Iterator[Nets]:
    with context.lease(rife(context), transnet(context), working_bytes=working_bytes) as nets:
        yield Nets(*nets)
