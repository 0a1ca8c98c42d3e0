"""What the words of a request mean to a model's encoders: worked out once, and remembered."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from engines import planning
from engines.context import Context
from engines.image import adapters, parts
from engines.image.adapters import Loras
from engines.image.family import Family, Words, Work
from engines.media.picture import pixels_sha256
from engines.swapper import Component


class Reading(NamedTuple):
    """What the encoders made of the words, and the words they had no room for."""

    words: Words
    left_out: str


def read(
    family: Family, work: Work, context: Context, working: planning.Working, loras: Loras = MappingProxyType({})
) -> Reading:
    """What the model's encoders make of a request's words; they are only loaded where it is not known yet.

    ``loras`` are those that change the encoders.
    """
    components = parts.components(context, family.readers, working, work.helpers)
    key = _key(family, work, [component.key for component in components.values()], loras)
    reading: Reading = context.remembered.get(key, lambda: _read(family, work, context, working, components, loras))
    return reading


def unread(left_out: str) -> str:
    """What is said of words that a model had no room for, or does not know."""
    return f"The model did not read “{left_out[:300]}”."


def _read(
    family: Family,
    work: Work,
    context: Context,
    working: planning.Working,
    components: Mapping[str, Component],
    loras: Loras,
) -> Reading:
    import torch

    with context.lease(*components.values(), working_bytes=working.reading) as models, torch.no_grad():
        loaded = dict(zip(components, models, strict=True))
        # What is said does not depend on a structure, and the classes that keep one cannot all do without its network.
        plain = family.pipeline(replace(work, control=None))
        pipeline = parts.assembled(plain, context, loaded, family.options(work))
        with adapters.added_to_readers(pipeline, context, loras):
            words = {name: _kept(value) for name, value in family.read(pipeline, work).items()}
        return Reading(words, family.words_left_out(pipeline, work))


def _key(family: Family, work: Work, components: list[str], loras: Loras) -> str:
    """All that a reading depends on. Pictures count only where the encoders look at them."""
    shown = (work.image, *work.references) if family.reads_pictures else ()
    seen = [pixels_sha256(picture) for picture in shown if picture is not None]
    asked = (
        family.name,
        work.task if family.reads_pictures else "",
        work.prompt,
        work.negative_prompt,
        work.guidance > 1,
        work.guidance > 0,
        seen,
        components,
        sorted(loras.items()),
        sorted(work.entry.options.items(), key=str),
    )
    return repr(asked)


def _kept(value: Any) -> Any:
    """Tensors come to main memory; lists of them too."""
    if isinstance(value, list | tuple):
        return type(value)(_kept(one) for one in value)
    return value.detach().cpu() if hasattr(value, "detach") else value
