"""A clip to continue: its last frame, and whether what follows can be joined to it."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from engines.catalog import Entry
from engines.diffusion import crop
from engines.diffusion.video_family import VideoFamily, fps
from engines.media.clip import ClipFormat, ClipReader, Frame, frame_at
from engines.requests.frame_rate import exact_rate
from engines.video.clip_size import legal_size

if TYPE_CHECKING:
    from PIL.Image import Image

_SAME_SHAPE = 0.02
"""The largest share of a side that may be cut off if the new part is still to fit the clip."""


class Continuation(NamedTuple):
    """A clip to continue.

    ``end`` is the end of its last frame in seconds. ``obstacle`` says why the new part cannot be joined to it, which
    ``wanted`` asks for; empty if it can.
    """

    path: Path
    last_frame: "Image"
    format: ClipFormat
    end: Fraction
    wanted: bool
    obstacle: str

    @property
    def joined(self) -> bool:
        """Whether the new part follows in the same file."""
        return self.wanted and not self.obstacle

    @classmethod
    def of(cls, path: Path, entry: Entry, family: VideoFamily, wanted: bool) -> "Continuation":
        """Read the end of the clip at ``path``."""
        with ClipReader(path) as reader:
            *_, last = reader.decoded(near=max(Fraction(0), reader.seconds - 1))
            picture = frame_at(path, float(last.start))
            obstacle = _obstacle(reader.format, picture, entry, family)
            return cls(path, picture, reader.format, last.start + last.duration, wanted, obstacle)

    def read(self) -> Iterator[Frame]:
        """Yield the clip's frames."""
        with ClipReader(self.path) as reader:
            yield from reader.read()


def _obstacle(format: ClipFormat, picture: "Image", entry: Entry, family: VideoFamily) -> str:
    rate = exact_rate(fps(entry))
    if format.color.is_hdr:
        return "the clip is HDR, and the new part is not"
    if abs(format.fps - rate) > rate / 1000:
        return f"the clip has {float(format.fps):.4g} fps, and {entry.name} makes {float(rate):.4g}"
    width, height = legal_size(picture.size, entry, family.side(entry))
    left, top, right, bottom = crop.cover_crop(picture.size, width, height).box
    if max(1 - (right - left) / picture.width, 1 - (bottom - top) / picture.height) > _SAME_SHAPE:
        return f"the clip and the new part, {width} × {height} px, have different shapes"
    return ""
