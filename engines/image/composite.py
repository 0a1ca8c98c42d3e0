"""A change that a model made at its own size, in the picture it was made for: nothing shrinks.

Models work at about a megapixel. What one made is enlarged by a network; what it left as it was is not made anew at
all, but taken from the picture pixel by pixel.
"""

from typing import TYPE_CHECKING

import numpy as np

from engines.context import Context

if TYPE_CHECKING:
    from PIL.Image import Image

_LEAST, _MOST = 8.0, 20.0
"""Between these (of 255) lies what counts as a change: more than what a model's own coding changes everywhere."""
_SMOOTH = 1 / 200
"""How far a change is felt around, as part of the longer side: single pixels do not count."""
_FAST = "realesrgan-fast"
"""What enlarges on a processor, where the better networks would take longer than the change itself."""


def enlarged(made: "Image", size: tuple[int, int], context: Context) -> "Image":
    """What was made, at ``size``: through the installed upscaler once, the rest smoothly."""
    from PIL import Image

    if made.width >= size[0] or made.height >= size[1]:
        return made.resize(size, Image.Resampling.LANCZOS)
    on_card = [one for one in context.catalog.for_task("upscale_image") if one.runtime == "torch"]
    known = on_card[:1] if context.device.torch != "cpu" else []
    entry = next((one for one in known if context.catalog.installed(one)), None) or context.catalog.get(_FAST)
    if not context.catalog.installed(entry):
        return made.resize(size, Image.Resampling.LANCZOS)
    from engines.enhance.tiles import stages
    from engines.enhance.upscaler import Upscaler, network

    net = network(context, entry, min(4, max(2, -(-size[0] // made.width))))
    with context.lease(net.component) as (model,):
        first = stages(made.size, size, net.native(model))[0]
        large = Upscaler(net, model, entry).enlarge(np.asarray(made), first, lambda *_: context.check())
    return Image.fromarray(large).resize(size, Image.Resampling.LANCZOS)


def changed(before: "Image", after: "Image") -> "Image":
    """Where two pictures of one size differ (L, white is different), with a soft edge on the outside."""
    from PIL import Image, ImageFilter

    radius = max(1.0, max(before.size) * _SMOOTH)
    difference = np.abs(np.asarray(before, np.float32) - np.asarray(after, np.float32)).max(axis=2)
    felt = Image.fromarray(difference.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius))
    # A model's coding changes all of a picture a little: what is usual for this one is no change.
    values = np.asarray(felt)
    bound = float(np.clip(2 * np.median(values), _LEAST, _MOST))
    whole = Image.fromarray(((values > bound) * 255).astype(np.uint8))
    grown = whole.filter(ImageFilter.BoxBlur(2 * radius)).point(lambda value: 255 if value else 0)
    return grown.filter(ImageFilter.BoxBlur(radius))


def merged(picture: "Image", before: "Image", after: "Image", context: Context) -> "Image":
    """The picture with what a model changed in it; all else is the picture's own, bit by bit.

    ``before`` is the picture as the model saw it, ``after`` what it made of that.
    """
    from PIL import Image

    mask = changed(before, after)
    inside = mask.getbbox()
    if inside is None:
        return picture
    scale = (picture.width / mask.width, picture.height / mask.height)
    left, top, right, bottom = (round(edge * scale[n % 2]) for n, edge in enumerate(inside))
    size = (right - left, bottom - top)
    if not all(size):
        return picture
    new = enlarged(after.crop(inside), size, context)
    soft = mask.crop(inside).resize(size, Image.Resampling.BILINEAR)
    whole = picture.copy()
    whole.paste(new, (left, top), soft)
    return whole
