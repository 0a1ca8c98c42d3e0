"""The pictures that a request takes: opened, brought to a size the model can work at, and the result brought back."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engines.context import Context
from engines.image import composite, frame
from engines.image.family import Control, Family, Work
from engines.image.frame import Frame
from engines.requests import ChangeImage, CreateImage, Drawing, EditImage, ExtendImage, FillImage
from engines.sketching import enlarged
from errors import StudioError

if TYPE_CHECKING:
    from PIL.Image import Image

_USUAL_PIXELS = 512 * 512
_LEAST_STRENGTH = 0.01
"""With less there is not one step of a hundred to be made."""

_BORDER = 8
"""How far a continued picture is drawn anew at its old edge, in px at the model's size: no seam."""


@dataclass(frozen=True)
class Source:
    """What is to be made, and how it becomes the finished picture. ``work`` is None where nothing is to be changed."""

    work: Work | None
    finish: "Callable[[Image], Image]"
    unchanged: "Image | None" = None


def open_source(request: Drawing, context: Context, family: Family) -> Source:
    """Open what a request takes. Raises StudioError where a picture cannot be read or a mask is empty."""
    pixels = context.entry.pixels or _USUAL_PIXELS
    multiple = int(context.entry.options.get("multiple", family.multiple))
    if isinstance(request, CreateImage):
        return Source(_work(request, context, request.width, request.height), lambda made: enlarged(made, context))
    picture = opened(context, request.image)  # type: ignore[attr-defined]
    if isinstance(request, ExtendImage):
        return _extended(request, context, picture, pixels, multiple)
    if isinstance(request, ChangeImage | FillImage) and request.strength < _LEAST_STRENGTH:
        return Source(None, lambda made: made, picture)
    if getattr(request, "mask", None):
        return _masked(request, context, picture, pixels, multiple)
    place = frame.whole(picture, pixels, multiple)
    seen = frame.cut(picture, place)
    work = _work(request, context, place.width, place.height, seen)
    if isinstance(request, EditImage):
        return Source(work, lambda made: as_large_as(made, picture, context, seen))
    return Source(work, lambda made: as_large_as(made, picture, context))


def opened(context: Context, asset: str) -> "Image":
    """An input picture, upright, RGB; what was transparent is white."""
    from PIL import Image

    from engines.media.picture import open_picture

    picture = open_picture(context.input(asset))
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    return Image.alpha_composite(ground, picture).convert("RGB")


def opened_mask(context: Context, asset: str, size: tuple[int, int]) -> "Image":
    """A mask (L, white is new) of a picture of ``size``; one that is painted on transparency counts by its paint.

    A mask of another size is stretched over the picture.
    """
    from PIL import Image

    from engines.media.picture import open_picture

    painted = open_picture(context.input(asset))
    mask = painted.getchannel("A") if painted.mode == "RGBA" else painted.convert("L")
    return mask if mask.size == size else mask.resize(size, Image.Resampling.BILINEAR)


def as_large_as(made: "Image", picture: "Image", context: Context, seen: "Image | None" = None) -> "Image":
    """What was made, at the size of the picture it was made from.

    With ``seen``, the picture as the model saw it, what the model left as it was is taken from the picture itself.
    """
    if made.size == picture.size:
        return made
    if seen is not None and made.size == seen.size:
        return composite.merged(picture, seen, made, context)
    return composite.enlarged(made, picture.size, context)


def _masked(request: Drawing, context: Context, picture: "Image", pixels: int, multiple: int) -> Source:
    assert isinstance(request, FillImage | EditImage)
    assert request.mask
    mask = opened_mask(context, request.mask, picture.size)
    place = frame.around(mask, pixels, multiple)
    if place is None:
        raise StudioError(
            "empty_mask",
            "Nothing is painted.",
            "The mask is black all over, so that nothing may change.",
            "Paint over what should be new, then try again.",
            status=422,
        )
    image = frame.cut(picture, place)
    inside = mask.resize((place.width, place.height), box=place.box)
    feather = request.feather if isinstance(request, FillImage) else 12
    return Source(
        _work(request, context, place.width, place.height, image, inside),
        lambda made: frame.put_back(picture, made, place, mask, feather),
    )


def _extended(request: ExtendImage, context: Context, picture: "Image", pixels: int, multiple: int) -> Source:
    """The picture on a larger canvas whose new part repeats the nearest edge, blurred: a calm start for the model."""
    from PIL import Image, ImageFilter

    size = (picture.width + request.left + request.right, picture.height + request.top + request.bottom)
    canvas = picture.resize(size).filter(ImageFilter.GaussianBlur(max(size) / 40))
    canvas.paste(picture, (request.left, request.top))
    place = Frame((0, 0, *size), *frame.legal(*size, pixels, multiple))
    border = round(_BORDER * size[0] / place.width)
    mask = Image.new("L", size, 255)
    kept = (
        request.left + border * (request.left > 0),
        request.top + border * (request.top > 0),
        request.left + picture.width - border * (request.right > 0),
        request.top + picture.height - border * (request.bottom > 0),
    )
    if kept[0] < kept[2] and kept[1] < kept[3]:
        mask.paste(0, kept)
    inside = mask.resize((place.width, place.height))
    work = _work(request, context, place.width, place.height, frame.cut(canvas, place), inside)
    return Source(work, lambda made: frame.put_back(canvas, made, place, mask, min(border, request.feather)))


def _work(
    request: Drawing,
    context: Context,
    width: int,
    height: int,
    image: "Image | None" = None,
    mask: "Image | None" = None,
) -> Work:
    strength = float(getattr(request, "strength", 1.0))
    return Work(
        task=request.task,
        entry=context.entry,
        prompt=request.spoken,
        negative_prompt=request.negative_prompt,
        width=width,
        height=height,
        # Of few steps a low strength would leave none at all.
        steps=max(request.steps, math.ceil(1 / strength)) if strength else request.steps,
        guidance=request.guidance,
        strength=strength,
        image=image,
        mask=mask,
        references=tuple(opened(context, id) for id in request.every_reference),
        control=_control(request, context, width, height),
    )


def _control(request: Drawing, context: Context, width: int, height: int) -> Control | None:
    """The structure to keep, drawn at the size of the new picture."""
    if not isinstance(request, CreateImage) or request.control == "none" or not request.control_strength:
        return None
    assert request.control_image
    from engines.image.structure import drawn

    drawing, finder = drawn(request.control, opened(context, request.control_image), (width, height), context)
    context.preview(lambda: drawing)
    return Control(request.control, drawing, request.control_strength, finder)
