"""Models that draw small and know few words: their prompts are read word by word, their pictures enlarged.

The entry's options say which they are: ``vocabulary``, and ``enlarge_by`` (times) with ``enlarge_with`` (an entry).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from engines.catalog import Entry
from engines.context import Context
from engines.requests import CreateClip, CreateImage, Drawing
from engines.requests.video import Filming
from engines.starter.storybook import motion_words, vocabulary
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
    if scale and isinstance(request, CreateImage | CreateClip):
        changes |= {"width": request.width // scale, "height": request.height // scale}
    if entry.options.get("vocabulary"):
        prompt, unknown = _read(request, entry)
        negative = vocabulary.read(request.negative_prompt).prompt
        changes |= {"prompt": prompt, "negative_prompt": negative}
    return request.model_copy(update=changes), ", ".join(unknown)


def check_words(request: Drawing, entry: Entry) -> None:
    """Raises StudioError ``unknown_words`` (422) where a model of few words knows nothing that it is to show."""
    simplified(request, entry)


def unknown_words(prompt: str, entry: Entry) -> tuple[str, ...]:
    """The words of a prompt that a model leaves out, as they were written; none where it reads everything."""
    known = entry.options.get("vocabulary")
    if not known:
        return ()
    return motion_words.read(prompt).unknown if known == _MOVING else vocabulary.unknown_words(prompt)


def still(request: Filming, entry: Entry) -> str:
    """The words for the first frame of a clip: without what is said of motion, where the model tells the two apart."""
    if entry.options.get("vocabulary") != _MOVING:
        return request.spoken
    return motion_words.read(request.spoken).still


def enlarged(picture: "Image", context: Context) -> "Image":
    """A small drawing at the size that was asked for; without the enlarging model its pixels are merely smoothed."""
    with enlarging(context) as enlarge:
        return enlarge(picture)


@contextmanager
def enlarging(context: Context) -> "Iterator[Callable[[Image], Image]]":
    """What enlarges the drawings of the context's model, one after the other."""
    options = context.entry.options
    if "enlarge_by" not in options:
        yield lambda picture: picture
        return
    from PIL.Image import Resampling, fromarray

    from engines.enhance.upscaler import Upscaler, network

    scale, entry = int(options["enlarge_by"]), context.catalog.get(options["enlarge_with"])
    if not context.catalog.installed(entry):
        yield lambda picture: picture.resize((picture.width * scale, picture.height * scale), Resampling.LANCZOS)
        return
    net = network(context, entry, scale)
    with context.lease(net.component) as (model,):
        upscale = Upscaler(net, model, entry)

        def enlarge(picture: "Image") -> "Image":
            size = (picture.width * scale, picture.height * scale)
            pixels = np.asarray(picture.convert("RGB"))
            return fromarray(upscale.enlarge(pixels, size, lambda number, so_far: None))

        yield enlarge


_MOVING = "storybook-motion"
"""The vocabulary of a model that also knows words of motion."""


def _read(request: Drawing, entry: Entry) -> tuple[str, tuple[str, ...]]:
    """The prompt in the model's own words, and those it does not know."""
    if entry.options["vocabulary"] != _MOVING:
        reading = vocabulary.read(request.spoken)
        if not reading.prompt or (isinstance(request, CreateImage) and not vocabulary.names_something(reading.prompt)):
            raise _knows_none(entry, f"It draws only: {vocabulary.THINGS_IN_WORDS}.")
        return reading.prompt, reading.unknown
    moving = motion_words.read(request.spoken)
    if isinstance(request, CreateClip) and not vocabulary.names_something(moving.still):
        raise _knows_none(entry, f"Its first frame can show only: {vocabulary.THINGS_IN_WORDS}.")
    if not moving.prompt:
        raise _knows_none(entry, f"It can do only this: {motion_words.MOTIONS_IN_WORDS}.")
    return moving.prompt, moving.unknown


def _knows_none(entry: Entry, why: str) -> StudioError:
    return StudioError(
        "unknown_words",
        f"{entry.name} knows none of these words.",
        why,
        "Ask for one of these, or choose another model.",
        status=422,
    )
