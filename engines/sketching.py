"""Models that draw small and know few words: their prompts are read word by word, their pictures enlarged.

The entry's options say which they are: ``vocabulary``, and ``enlarge_by`` (times) with ``enlarge_with`` (an entry).
"""

from typing import TYPE_CHECKING

import numpy as np

from engines.catalog import Entry
from engines.context import Context
from engines.requests import CreateImage, Drawing
from engines.starter.storybook import vocabulary
from errors import StudioError

if TYPE_CHECKING:
    from PIL.Image import Image


def simplified(request: Drawing, entry: Entry) -> tuple[Drawing, str]:
    """The request as the model can do it, and the words it leaves out, with commas between them.

    Raises StudioError ``unknown_words`` (422) where the model knows none.
    """
    changes: dict[str, object] = {}
    unknown: tuple[str, ...] = ()
    scale = entry.options.get("enlarge_by")
    if scale and isinstance(request, CreateImage):
        changes |= {"width": request.width // scale, "height": request.height // scale}
    if entry.options.get("vocabulary"):
        reading = vocabulary.read(request.spoken)
        unknown = reading.unknown
        if not reading.prompt:
            raise StudioError(
                "unknown_words",
                f"{entry.name} knows none of these words.",
                f"It draws only: {vocabulary.THINGS_IN_WORDS}.",
                "Ask for one of these, or choose another model.",
                status=422,
            )
        negative = vocabulary.read(request.negative_prompt).prompt
        changes |= {"prompt": reading.prompt, "negative_prompt": negative}
    return request.model_copy(update=changes), ", ".join(unknown)


def enlarged(picture: "Image", context: Context) -> "Image":
    """A small drawing at the size that was asked for; without the enlarging model its pixels are merely smoothed."""
    options = context.entry.options
    if "enlarge_by" not in options:
        return picture
    from PIL import Image

    from engines.enhance.upscaler import Upscaler, network

    scale, entry = int(options["enlarge_by"]), context.catalog.get(options["enlarge_with"])
    size = (picture.width * scale, picture.height * scale)
    if not context.catalog.installed(entry):
        return picture.resize(size, Image.Resampling.LANCZOS)
    net = network(context, entry, scale)
    with context.lease(net.component) as (model,):
        upscale = Upscaler(net, model, entry)
        return Image.fromarray(upscale.enlarge(np.asarray(picture.convert("RGB")), size, lambda number, so_far: None))
