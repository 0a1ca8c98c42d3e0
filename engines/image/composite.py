"""Merge a model's change into the original picture at full size.

Models work at about a megapixel. What they changed is upscaled by a network; everything else is taken from the original
picture, pixel by pixel.
"""

from typing import TYPE_CHECKING

import numpy as np

from engines.host.context import Context

if TYPE_CHECKING:
    from PIL.Image import Image

_LEAST, _MOST = 8.0, 20.0
"""Bounds (of 255) of the change threshold, which must exceed what the model's autoencoder changes everywhere."""
_SMOOTH = 1 / 200
"""Blur radius of the differences, as a share of the longer side, so that single pixels do not count."""
_FAST = "realesrgan-fast"
"""The upscaler for CPUs, on which better networks would take longer than the edit itself."""


def upscale_to(image: "Image", size: tuple[int, int], context: Context) -> "Image":
    """Resize the result to ``size``: one pass of the installed upscaler, then plain resampling."""
    from PIL import Image

    if image.width >= size[0] or image.height >= size[1]:
        return image.resize(size, Image.Resampling.LANCZOS)
    on_card = [one for one in context.catalog.for_task("upscale_image") if one.runtime == "torch"]
    known = on_card[:1] if context.device.torch != "cpu" else []
    entry = next((one for one in known if context.catalog.installed(one)), None) or context.catalog.get(_FAST)
    if not context.catalog.installed(entry):
        return image.resize(size, Image.Resampling.LANCZOS)
    from engines.enhance.tiles import stages
    from engines.enhance.upscaler import Upscaler, network

    net = network(context, entry, min(4, max(2, -(-size[0] // image.width))))
    with context.lease(net.component) as (model,):
        first = stages(image.size, size, net.native(model))[0]
        large = Upscaler(net, model, entry).enlarge(np.asarray(image), first, lambda *_: context.check())
    return Image.fromarray(large).resize(size, Image.Resampling.LANCZOS)


def changed_mask(before: "Image", after: "Image") -> "Image":
    """Return a mask of where two pictures of the same size differ (mode L, white is different), softened outwards."""
    from PIL import Image, ImageFilter

    radius = max(1.0, max(before.size) * _SMOOTH)
    difference = np.abs(np.asarray(before, np.float32) - np.asarray(after, np.float32)).max(axis=2)
    felt = Image.fromarray(difference.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius))
    # The autoencoder changes the whole picture a little: up to twice the median difference is not a change.
    values = np.asarray(felt)
    bound = float(np.clip(2 * np.median(values), _LEAST, _MOST))
    whole = Image.fromarray(((values > bound) * 255).astype(np.uint8))
    grown = whole.filter(ImageFilter.BoxBlur(2 * radius)).point(lambda value: 255 if value else 0)
    return grown.filter(ImageFilter.BoxBlur(radius))


def merge(picture: "Image", before: "Image", after: "Image", context: Context) -> "Image":
    """Return the picture with the model's change; everything else stays identical to the bit.

    ``before`` is the picture as the model saw it, ``after`` the model's result.
    """
    from PIL import Image

    mask = changed_mask(before, after)
    inside = mask.getbbox()
    if inside is None:
        return picture
    scale = (picture.width / mask.width, picture.height / mask.height)
    left, top, right, bottom = (round(edge * scale[n % 2]) for n, edge in enumerate(inside))
    size = (right - left, bottom - top)
    if not all(size):
        return picture
    new = upscale_to(after.crop(inside), size, context)
    soft = mask.crop(inside).resize(size, Image.Resampling.BILINEAR)
    whole = picture.copy()
    whole.paste(new, (left, top), soft)
    return whole
