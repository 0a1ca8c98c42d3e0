"""The region of a clip that a request generates: what the model sees, its mask, and how the result is put back."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engines.catalog import Entry
from engines.diffusion import crop
from engines.diffusion.clip_frames import Canvas, frames_at
from engines.host.context import Context
from engines.image.inputs import open_mask
from engines.media.clip import ClipReader
from engines.requests.change_clip import ChangeClip, ExtendClip, FillClip
from engines.video.clip_size import legal_size
from errors import StudioError

if TYPE_CHECKING:
    from PIL.Image import Image

    from engines.diffusion.conditioning import Frames

_SLIVER = 0.02
"""As much of a clip may be cropped without a note: models only make sizes in steps."""
_RING = 1 / 60
"""The width of the transition around a filled area, as a share of the longer side."""


@dataclass(frozen=True)
class Region:
    """``canvas`` is what the model sees of the clip, ``mask`` is for its frames. Of a clip that is ``filled``, the rest
    stays as it is: ``size`` is that of the clip, in px, ``whole_mask`` the mask at this size, if it is a picture."""

    canvas: Canvas
    size: tuple[int, int]
    mask: "Image | Path | None" = None
    whole_mask: "Image | None" = None

    @property
    def filled(self) -> bool:
        """Whether the result is put back into the clip."""
        return self.mask is not None and self.canvas.part is not None

    @property
    def result_size(self) -> tuple[int, int]:
        """The size of the result, in px."""
        return self.size if self.filled else (self.canvas.width, self.canvas.height)


def open_region(request: ChangeClip, context: Context, size: tuple[int, int], multiple: int) -> Region:
    """Return the region of a clip of ``size`` px; the sides of what the model sees are multiples of ``multiple``.

    Raises StudioError ``empty_mask`` (422) if a painted mask is black everywhere.
    """
    if isinstance(request, ExtendClip):
        return _extended(request, context.entry, size, multiple)
    if isinstance(request, FillClip) and request.mask and not request.mask_clip:
        return _painted(request.mask, context, size, multiple)
    place = crop.cover_crop(size, *legal_size(size, context.entry, multiple))
    if isinstance(request, FillClip):
        return Region(Canvas.of(place, size), size, context.input(request.mask_clip or ""))
    left, top, right, bottom = place.box
    if (right - left) * (bottom - top) < size[0] * size[1] * (1 - _SLIVER):
        context.note("The clip and the result have different shapes, so only part of the picture is used.")
    return Region(Canvas.of(place, size), size)


def _extended(request: ExtendClip, entry: Entry, size: tuple[int, int], multiple: int) -> Region:
    """The mask is black where the clip is shown whole, and white around it."""
    from PIL import Image

    canvas = Canvas(*legal_size(request.shape, entry, multiple), None)
    mask = Image.new("L", (canvas.width, canvas.height), 255)
    mask.paste(0, crop.inner_box(size, canvas.width, canvas.height))
    return Region(canvas, size, mask)


def _painted(asset: str, context: Context, size: tuple[int, int], multiple: int) -> Region:
    """The model sees the surroundings of the painted area, as large as it works best."""
    whole = open_mask(context, asset, size)
    place = crop.crop_around(whole, context.entry.pixels or size[0] * size[1], multiple)
    if place is None:
        raise StudioError(
            "empty_mask",
            "The mask is empty.",
            "It is black everywhere, so nothing may change.",
            "Paint over what should change, then try again.",
            status=422,
        )
    return Region(Canvas.of(place, size), size, whole.resize((place.width, place.height), box=place.box), whole)


def put_back(frames: "Frames", clip: Path, region: Region, rate: Fraction) -> "Frames":
    """Yield the frames of a clip, at ``rate``, with generated ones where the mask is white.

    Around it, the one changes into the other; nothing else of the clip changes.
    """
    from PIL import Image

    assert region.canvas.part is not None
    with ClipReader(clip) as reader:
        box = _pixels(region)
        for made, frame, mask in zip(frames, frames_at(reader, rate), _masks(region, rate), strict=False):
            whole = Image.fromarray(frame.pixels).resize(region.size, Image.Resampling.LANCZOS)
            part = Image.fromarray((made * 255).round().clip(0, 255).astype(np.uint8))
            new = whole.copy()
            new.paste(part.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.LANCZOS), box[:2])
            yield np.asarray(Image.composite(new, whole, mask), np.float32) / 255


def _pixels(region: Region) -> tuple[int, int, int, int]:
    assert region.canvas.part is not None
    left, top, right, bottom = (
        round(share * side) for share, side in zip(region.canvas.part, region.size * 2, strict=True)
    )
    return left, top, right, bottom


def _masks(region: Region, rate: Fraction) -> "Iterator[Image]":
    """Yield a soft mask of the clip's size for each frame, without end."""
    from PIL import Image

    if isinstance(region.mask, Path):
        with ClipReader(region.mask) as reader:
            for frame in frames_at(reader, rate):
                yield _softened(Image.fromarray(frame.pixels).convert("L").resize(region.size))
    assert region.whole_mask is not None
    soft = _softened(region.whole_mask)
    while True:
        yield soft


def _softened(mask: "Image") -> "Image":
    """Return a mask that fades to black outside of its white area."""
    from PIL import ImageChops, ImageFilter

    ring = mask.filter(ImageFilter.BoxBlur(max(mask.size) * _RING)).point(lambda value: min(255, 2 * value))
    return ImageChops.lighter(mask, ring)
