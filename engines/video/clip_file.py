"""Write the frames of a generated clip to a file."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL.Image import Resampling

from engines import protocol
from engines.diffusion.video_family import VideoInputs, fps
from engines.enhance.frame_interpolation import clock
from engines.host.context import Context
from engines.media.clip import ClipFormat, ClipWriter, Color, Frame
from engines.requests.frame_rate import exact_rate
from engines.video.continuation import Continuation
from engines.video.source_clip import SourceClip

if TYPE_CHECKING:
    from PIL.Image import Image

    from engines.media.sound_track import SoundTrack
    from engines.video.joins import Pixels

_BT709 = Color(1, 1, 1)
"""BT.709 in FFmpeg's numbers: matrix, primaries and transfer."""


class ClipFile:
    """The file of one generated clip, which may begin with the clip that it continues, or be changed from another.

    ``rate`` is in frames per second, ``begun`` the clip that it begins with, and ``begins`` the number of frames that
    come before the generated ones. In a folder with parts of an earlier attempt, frames that were already written are
    skipped.
    """

    def __init__(
        self,
        folder: Path,
        inputs: VideoInputs,
        context: Context,
        enlarge: "Callable[[Image], Image]",
        begun: Continuation | None = None,
        source: SourceClip | None = None,
    ) -> None:
        self.rate = exact_rate(fps(inputs.entry))
        self.begins = 0
        self._context, self._enlarge, self.begun, self._source = context, enlarge, begun, source
        self._writer = ClipWriter(folder, begun.format if begun else _format(inputs, source))

    def copy_begun(self) -> None:
        """Write the frames of the clip that is continued. Raises JobCancelled."""
        for frame in self.begun.read() if self.begun else ():
            self._context.check()
            if self.begins >= self._writer.done:
                self._writer.write(frame)
            self.begins += 1

    def write(self, pixels: "Pixels", index: int) -> None:
        """Write generated frame ``index`` and preview it. Raises JobCancelled."""
        self._context.check()
        if self.begins + index < self._writer.done:
            return
        picture = self._enlarge(to_picture(pixels))
        start = Fraction(0)
        if self.begun:
            start, size = self.begun.end, (self.begun.format.width, self.begun.format.height)
            picture = picture.resize(size, Resampling.LANCZOS) if picture.size != size else picture
        beat = 1 / self.rate
        self._writer.write(Frame(np.asarray(picture), start + index * beat, beat))
        self._context.preview(lambda: picture)

    def keep(self) -> None:
        """Keep what is written even if the studio crashes."""
        self._writer.keep()

    def abandon(self) -> None:
        """Close the file after an error or a cancellation."""
        self._writer.abandon()

    def finish(self, sound: "SoundTrack | None", record: dict[str, Any]) -> protocol.ResultFile:
        """Write the finished file, with ``sound`` or that of the clip it continues or was made from."""
        path, given = self._context.new_file(".mp4"), self._source or self.begun
        excerpt = self._source.sound if self._source else None
        kept = given.path if given else None
        return self._writer.finish(path, sound or kept, record, excerpt, timecode=kept)


def to_picture(frame: "Pixels") -> "Image":
    """Convert a frame (height, width, 3), 0 to 1, to an 8-bit picture."""
    from PIL import Image

    return Image.fromarray((frame * 255).round().clip(0, 255).astype(np.uint8))


def to_frame(picture: "Image") -> "Pixels":
    """Convert a picture to a frame (height, width, 3), 0 to 1."""
    return np.asarray(picture.convert("RGB"), np.float32) / np.float32(255)


def _format(inputs: VideoInputs, source: SourceClip | None) -> ClipFormat:
    rate, scale = exact_rate(fps(inputs.entry)), int(inputs.entry.options.get("enlarge_by", 1))
    width, height = source.region.result_size if source else (inputs.width, inputs.height)
    return ClipFormat(width * scale, height * scale, clock(rate), rate, _BT709, Fraction(1))
