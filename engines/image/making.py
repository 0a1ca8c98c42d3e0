"""Making pictures: from a request to finished files, whatever the family of the model."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from engines import planning
from engines.catalog import Entry
from engines.context import Context
from engines.image import adapters, families, helping, parts, reading, sources
from engines.image.family import Family, Words, Work
from engines.image.seeding import seeded_steps
from engines.image.watching import Steps, stoppable
from engines.image.working import working
from engines.provenance import model
from engines.requests import Drawing, Request
from engines.requests.drawing import one_of
from engines.sketching import simplified
from errors import StudioError

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image


_LARGE = 2_500_000_000
"""Weights of a transformer, 5 GB in half precision, that keep a card busy with one picture."""
_LARGE_PIXELS = 1024 * 1024
"""An area, 4,096 tokens, that does so in a smaller one."""


class Drawn(NamedTuple):
    """A finished picture, the words that were left out of it, and the models that had a part in it beside its own."""

    picture: "Image"
    left_out: str
    helpers: tuple[Entry, ...] = ()


def make_image(request: Request, context: Context) -> None:
    """Make the pictures that a request asks for, of words, or of words and another picture."""
    assert isinstance(request, Drawing)
    for number, made in enumerate(drawn(request, context)):
        _hand_over(request, context, made, number)


def drawn(request: Drawing, context: Context) -> Iterator[Drawn]:
    """The pictures of a request one after the other, by the context's model."""
    asked, unknown = simplified(request, context.entry)
    family = families.of(context.entry)
    helpers = helping.helpers(asked, context.entry, context.catalog)
    context.heavy("diffusers", "transformers")
    source = sources.open_source(asked, context, family)
    if source.work is None:
        assert source.unchanged
        yield Drawn(source.unchanged, unknown)
        return
    work = replace(source.work, helpers=helpers)
    loras = adapters.settled(asked.every_lora)
    taken = working(family, work, context, loras)
    words = reading.read(family, work, context, taken, adapters.of_readers(context, loras))
    for made in _painted(family, work, taken, words.words, asked, context):
        yield Drawn(source.finish(made), unknown or words.left_out, _helpers(work))


def _painted(
    family: Family, work: Work, taken: planning.Working, words: Words, request: Drawing, context: Context
) -> "Iterator[Image]":
    """The pictures one after the other, made in passes as large as fit."""
    import torch

    components = parts.components(context, family.painters, taken, work.helpers)
    files = parts.files(context, work.helpers, besides=components)
    loras = adapters.settled(request.every_lora)
    with context.lease(*components.values(), working_bytes=taken.painting) as models:
        loaded = dict(zip(components, models, strict=True))
        pipeline = parts.assembled(family.pipeline(work), context, loaded, family.options(work))
        at_once = _at_once(context, taken.painting, pipeline, work)
        with adapters.added(pipeline, context, loras), family.helped(pipeline, work, files):
            for first in range(0, request.count, at_once):
                numbers = range(first, min(first + at_once, request.count))
                # On the processor, so that a seed makes the same noise on every machine.
                seeds = [(request.seed or 0) + number for number in numbers]
                generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
                told = Steps(context, family, work, numbers, request.count)
                with stoppable(pipeline, family, context), seeded_steps(pipeline, generators):
                    made = family.paint(
                        pipeline, work, parts.placed(words, models), generators, callback_on_step_end=told.after
                    )
                yield from _pictures(pipeline, made)


def _at_once(context: Context, working_bytes: int, pipeline: Any, work: Work) -> int:
    """How many pictures go into one pass. A processor is no faster with several, and exact with one; a card has its
    hands full with one of a large model: the first would come with the last, and all be decoded at once."""
    if context.device.torch == "cpu" or _fills_a_card(pipeline, work):
        return 1
    return int(max(1, min(8, context.device.available() // max(1, working_bytes))))


def _fills_a_card(pipeline: Any, work: Work) -> bool:
    transformer = getattr(pipeline, "transformer", None)
    if transformer is None:
        return False
    numbers = sum(weights.numel() for weights in transformer.parameters())
    return numbers >= _LARGE or work.width * work.height > _LARGE_PIXELS


def _pictures(pipeline: Any, made: "np.ndarray") -> "list[Image]":
    import numpy as np

    if not np.isfinite(made).all():
        raise StudioError(
            "not_finite",
            "The picture was lost on the way.",
            "The model's numbers grew beyond all bounds.",
            "Lower the guidance or take another seed, then try again.",
            status=422,
        )
    pictures: list[Image] = pipeline.numpy_to_pil(made) if hasattr(pipeline, "numpy_to_pil") else _as_pictures(made)
    return pictures


def _as_pictures(made: "np.ndarray") -> "list[Image]":
    from PIL import Image

    return [Image.fromarray((one * 255).round().clip(0, 255).astype("uint8")) for one in made]


def _helpers(work: Work) -> tuple[Entry, ...]:
    """Every model that had a part in it beside its own."""
    return (*work.helpers, work.control.by) if work.control and work.control.by else work.helpers


def _hand_over(request: Drawing, context: Context, made: Drawn, number: int) -> None:
    """Write a picture with the record of its own making: as if it alone had been asked for."""
    from engines.media.picture import save_picture

    if made.left_out:
        context.note(reading.unread(made.left_out))
    alone = request.model_copy(update=one_of(request, number))
    path = context.new_file(".png")
    loras = adapters.record(context, adapters.settled(request.every_lora))
    helpers = [model(one) for one in made.helpers]
    record = context.provenance(alone, words_left_out=made.left_out, loras=loras, helpers=helpers)
    context.later(lambda: save_picture(made.picture, path, record))
