"""Read the frames of a clip for a model: at its frame rate, at its size."""

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from engines.diffusion.crop import Crop, inner_box

if TYPE_CHECKING:
    from PIL.Image import Image

    from engines.media.clip import ClipFormat, ClipReader, Frame

GRAY = (128, 128, 128)
"""What is not known of a frame."""


class Canvas(NamedTuple):
    """How a model sees the frames of a clip: at ``width`` × ``height`` px, each filled with the ``part`` (left, top,
    right, bottom, as shares of the sides). Without a part, all of the clip is shown, with gray around it."""

    width: int
    height: int
    part: tuple[float, float, float, float] | None

    @classmethod
    def of(cls, place: Crop, size: tuple[int, int]) -> "Canvas":
        """Return the canvas for a crop of frames of ``size``."""
        left, top, right, bottom = place.box
        part = (left / size[0], top / size[1], right / size[0], bottom / size[1])
        return cls(place.width, place.height, part)


def read_frames(path: Path, rate: Fraction, count: int, canvas: Canvas) -> "list[Image]":
    """Return ``count`` frames of a clip as shown at ``rate``, from its start; the last one is repeated if the clip is
    shorter."""
    from engines.media.clip import ClipReader

    frames: list[Image] = []
    with ClipReader(path) as reader:
        before: Frame | None = None
        for frame in islice(frames_at(reader, rate), count):
            frames.append(frames[-1] if frame is before else _placed(frame, reader.format, canvas))
            before = frame
    return frames


def frames_at(reader: "ClipReader", rate: Fraction) -> "Iterator[Frame]":
    """Yield the frame of a clip that is shown at each moment at ``rate``; after its end, the last one, without end.

    What is shown in the middle of each interval counts, so that a clip that has this rate comes out frame by frame.
    """
    number = 0
    for frame in reader.read():
        due = math.ceil((frame.start + frame.duration - reader.begins) * rate - Fraction(1, 2))
        for _ in range(number, due):
            yield frame
        number = max(number, due)
    while True:
        yield frame


def display_size(format: "ClipFormat") -> tuple[int, int]:
    """Return the size at which a clip is shown, in square px."""
    return max(1, round(format.width * format.pixel_aspect)), format.height


def _placed(frame: "Frame", format: "ClipFormat", canvas: Canvas) -> "Image":
    from PIL import Image

    picture = Image.fromarray(frame.pixels)
    if canvas.part is not None:
        left, top, right, bottom = canvas.part
        wide, high = picture.size  # as stored: its pixels may not be square
        box = (left * wide, top * high, right * wide, bottom * high)
        return picture.resize((canvas.width, canvas.height), Image.Resampling.LANCZOS, box)
    place = inner_box(display_size(format), canvas.width, canvas.height)
    sheet = Image.new("RGB", (canvas.width, canvas.height), GRAY)
    sheet.paste(picture.resize((place[2] - place[0], place[3] - place[1]), Image.Resampling.LANCZOS), place[:2])
    return sheet
