"""Open a request's pictures, resize them for the model, and bring the result back to the original size."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engines.diffusion import crop
from engines.diffusion.conditioning import Conditioning, Control
from engines.diffusion.crop import Crop
from engines.diffusion.family import Family, GenerationInputs
from engines.families.storybook.prompts import enlarge_picture
from engines.host.context import Context
from engines.image import composite
from engines.requests import ChangeImage, CreateImage, EditImage, ExtendImage, FillImage, PromptRequest
from errors import StudioError

if TYPE_CHECKING:
    from PIL.Image import Image

_USUAL_PIXELS = 512 * 512
_LEAST_STRENGTH = 0.01
"""With less, even 100 steps would round to none."""

_BORDER = 8
"""Width of the old edge that Extend regenerates to avoid a seam, in px at the model's size."""


@dataclass(frozen=True)
class SourceImage:
    """The inputs of a generation, and ``finish``, which turns the result into the finished picture; ``inputs`` is None
    if nothing is to change."""

    inputs: GenerationInputs | None
    finish: "Callable[[Image], Image]"
    unchanged: "Image | None" = None


def open_source(request: PromptRequest, context: Context, family: Family) -> SourceImage:
    """Open the pictures of a request. Raises StudioError if a picture cannot be read or a mask is empty."""
    pixels = context.entry.pixels or _USUAL_PIXELS
    multiple = int(context.entry.options.get("multiple", family.multiple))
    if isinstance(request, CreateImage):
        return SourceImage(
            _inputs(request, context, request.width, request.height), lambda image: enlarge_picture(image, context)
        )
    picture = open_image(context, request.image)  # type: ignore[attr-defined]
    if isinstance(request, ExtendImage):
        return _extended(request, context, picture, pixels, multiple)
    if isinstance(request, ChangeImage | FillImage) and request.strength < _LEAST_STRENGTH:
        return SourceImage(None, lambda image: image, picture)
    if getattr(request, "mask", None):
        return _masked(request, context, picture, pixels, multiple)
    place = crop.whole_image(picture, pixels, multiple)
    cropped = crop.crop_image(picture, place)
    inputs = _inputs(request, context, place.width, place.height, cropped)
    if isinstance(request, EditImage):
        return SourceImage(inputs, lambda image: resize_like(image, picture, context, cropped))
    return SourceImage(inputs, lambda image: resize_like(image, picture, context))


def open_image(context: Context, asset: str) -> "Image":
    """Open an input picture: upright, RGB, with transparent areas white."""
    from PIL import Image

    from engines.media.picture import open_picture

    picture = open_picture(context.input(asset))
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    return Image.alpha_composite(ground, picture).convert("RGB")


def open_mask(context: Context, asset: str, size: tuple[int, int]) -> "Image":
    """Open a mask (mode L, white is generated) for a picture of ``size``; if it has transparency, use its alpha.

    A mask of another size is stretched to the picture.
    """
    from PIL import Image

    from engines.media.picture import open_picture

    painted = open_picture(context.input(asset))
    mask = painted.getchannel("A") if painted.mode == "RGBA" else painted.convert("L")
    return mask if mask.size == size else mask.resize(size, Image.Resampling.BILINEAR)


def resize_like(image: "Image", picture: "Image", context: Context, before: "Image | None" = None) -> "Image":
    """Bring a result to the size of its original picture.

    With ``before``, the picture as the model saw it, unchanged areas are taken from the original.
    """
    if image.size == picture.size:
        return image
    if before is not None and image.size == before.size:
        return composite.merge(picture, before, image, context)
    return composite.upscale_to(image, picture.size, context)


def _masked(request: PromptRequest, context: Context, picture: "Image", pixels: int, multiple: int) -> SourceImage:
    assert isinstance(request, FillImage | EditImage)
    assert request.mask
    mask = open_mask(context, request.mask, picture.size)
    place = crop.crop_around(mask, pixels, multiple)
    if place is None:
        raise StudioError(
            "empty_mask",
            "The mask is empty.",
            "It is black everywhere, so nothing may change.",
            "Paint over what should change, then try again.",
            status=422,
        )
    image = crop.crop_image(picture, place)
    inside = mask.resize((place.width, place.height), box=place.box)
    feather = request.feather if isinstance(request, FillImage) else 12
    return SourceImage(
        _inputs(request, context, place.width, place.height, image, inside),
        lambda made: crop.paste_back(picture, made, place, mask, feather),
    )


def _extended(request: ExtendImage, context: Context, picture: "Image", pixels: int, multiple: int) -> SourceImage:
    """Place the picture on a larger canvas; the new area is the picture itself, stretched and blurred, which gives the
    model a neutral start."""
    from PIL import Image, ImageFilter

    size = (picture.width + request.left + request.right, picture.height + request.top + request.bottom)
    canvas = picture.resize(size).filter(ImageFilter.GaussianBlur(max(size) / 40))
    canvas.paste(picture, (request.left, request.top))
    place = Crop((0, 0, *size), *crop.legal_size(*size, pixels, multiple))
    border = round(_BORDER * size[0] / place.width)
    mask = Image.new("L", size, 255)
    box = (
        request.left + border * (request.left > 0),
        request.top + border * (request.top > 0),
        request.left + picture.width - border * (request.right > 0),
        request.top + picture.height - border * (request.bottom > 0),
    )
    if box[0] < box[2] and box[1] < box[3]:
        mask.paste(0, box)
    inside = mask.resize((place.width, place.height))
    inputs = _inputs(request, context, place.width, place.height, crop.crop_image(canvas, place), inside)
    return SourceImage(inputs, lambda image: crop.paste_back(canvas, image, place, mask, min(border, request.feather)))


def _inputs(
    request: PromptRequest,
    context: Context,
    width: int,
    height: int,
    image: "Image | None" = None,
    mask: "Image | None" = None,
) -> GenerationInputs:
    strength = float(getattr(request, "strength", 1.0))
    return GenerationInputs(
        task=request.task,
        entry=context.entry,
        prompt=request.resolved_prompt,
        negative_prompt=request.negative_prompt,
        width=width,
        height=height,
        # With few steps, a low strength would leave none.
        steps=max(request.steps, math.ceil(1 / strength)) if strength else request.steps,
        guidance=request.guidance,
        strength=strength,
        conditioning=Conditioning(
            first=image,
            mask=mask,
            references=tuple(open_image(context, id) for id in request.all_references),
            controls=_controls(request, context, width, height),
        ),
    )


def _controls(request: PromptRequest, context: Context, width: int, height: int) -> tuple[Control, ...]:
    """Return the control map at the size of the new picture; empty if the request uses none."""
    if not isinstance(request, CreateImage) or request.control == "none" or not request.control_strength:
        return ()
    assert request.control_image
    from engines.controls.control_maps import draw_control_map

    drawing, finder = draw_control_map(
        request.control, open_image(context, request.control_image), (width, height), context
    )
    context.preview(lambda: drawing)
    return (Control(request.control, drawing, request.control_strength, finder),)
