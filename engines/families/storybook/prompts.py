"""Models with a small vocabulary and small pictures: reduce prompts to known words, and upscale pictures.

An entry's options declare this: ``vocabulary``, and ``enlarge_by`` (a factor) with ``enlarge_with`` (an entry's id).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from engines.catalog import Entry
from engines.families.storybook import motion_words, subjects, vocabulary
from engines.families.storybook.word_groups import MOTION_GROUP, STILL_GROUPS, WordGroup
from engines.host.context import Context
from engines.requests import CreateClip, CreateImage, PromptRequest
from engines.requests.timed_prompt import TimedPrompt, timed_prompts, without_times
from engines.requests.video import VideoRequest
from errors import StudioError

if TYPE_CHECKING:
    from PIL.Image import Image


def simplify_prompt(request: PromptRequest, entry: Entry, *, begun: bool = False) -> tuple[PromptRequest, str]:
    """Return the request with the model's size and vocabulary, and the words it ignores, separated by commas.

    ``begun`` says that the prompt continues a clip: it need not name what the first frame shows.

    Raises StudioError ``unknown_words`` (422) if the prompt has no word that the model needs.
    """
    changes: dict[str, object] = {}
    unknown: tuple[str, ...] = ()
    scale = entry.options.get("enlarge_by")
    if scale and isinstance(request, CreateImage | CreateClip):
        changes |= {"width": request.width // scale, "height": request.height // scale}
    if entry.options.get("vocabulary"):
        prompt, unknown = _read(request, entry, begun)
        negative = vocabulary.read(request.negative_prompt).prompt
        changes |= {"prompt": prompt, "negative_prompt": negative}
    return request.model_copy(update=changes), ", ".join(unknown)


def check_words(request: PromptRequest, entry: Entry) -> None:
    """Check a prompt, whose times are in order. Raises StudioError ``unknown_words`` (422) if it has no word that the
    model needs."""
    timed = timed_prompts(request.prompt) if isinstance(request, VideoRequest) else (TimedPrompt(0, request.prompt),)
    for number, one in enumerate(timed):
        simplify_prompt(request.model_copy(update={"prompt": one.prompt}), entry, begun=number > 0)


def unknown_words(prompt: str, entry: Entry) -> tuple[str, ...]:
    """Return the words of a prompt that a model ignores, as written; none if its vocabulary is not limited."""
    known = entry.options.get("vocabulary")
    if not known:
        return ()
    return motion_words.read(without_times(prompt)).unknown if known == _MOVING else vocabulary.unknown_words(prompt)


def unknown_subjects(prompt: str, entry: Entry) -> tuple[str, ...]:
    """Return what a prompt wants to see that a model cannot draw; nothing if its vocabulary is not limited."""
    known = entry.options.get("vocabulary")
    if not known:
        return ()
    return subjects.unknown_subjects(
        motion_words.without_motions(without_times(prompt)) if known == _MOVING else prompt
    )


def word_groups(entry: Entry, *, animate: bool = False) -> tuple[WordGroup, ...]:
    """Return the words of a model with a limited vocabulary, in groups. If it is to ``animate`` a picture, only words
    for motion count."""
    known = entry.options.get("vocabulary")
    if not known:
        return ()
    if known != _MOVING:
        return STILL_GROUPS
    return (MOTION_GROUP,) if animate else (*STILL_GROUPS, MOTION_GROUP)


def still(request: VideoRequest, entry: Entry) -> str:
    """Return the prompt for the first frame of a clip; models with words for motion get it without these."""
    if entry.options.get("vocabulary") != _MOVING:
        return request.resolved_prompt
    return motion_words.read(request.resolved_prompt).still


def enlarge_picture(picture: "Image", context: Context) -> "Image":
    """Upscale a small picture to the requested size; if the upscaler is not installed, it is only resampled."""
    with enlarger(context) as enlarge:
        return enlarge(picture)


@contextmanager
def enlarger(context: Context) -> "Iterator[Callable[[Image], Image]]":
    """Yield a function that upscales pictures of the context's model."""
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
            return fromarray(upscale.enlarge(pixels, size, lambda _: None))

        yield enlarge


DRAWS = vocabulary.THINGS_IN_WORDS
"""The things that these models can draw, for people."""

_MOVING = "storybook-motion"
"""The vocabulary of a model that also knows words for motion."""


def _read(request: PromptRequest, entry: Entry, begun: bool) -> tuple[str, tuple[str, ...]]:
    """Return the prompt in the model's vocabulary, and the words it does not know."""
    if entry.options["vocabulary"] != _MOVING:
        reading = vocabulary.read(request.resolved_prompt)
        if not reading.prompt or (isinstance(request, CreateImage) and not vocabulary.names_something(reading.prompt)):
            raise _knows_none(entry, f"It can only draw: {vocabulary.THINGS_IN_WORDS}.")
        return reading.prompt, reading.unknown
    moving = motion_words.read(request.resolved_prompt)
    if isinstance(request, CreateClip) and not begun and not vocabulary.names_something(moving.still):
        raise _knows_none(entry, f"Its first frame can only show: {vocabulary.THINGS_IN_WORDS}.")
    if not moving.prompt:
        raise _knows_none(entry, f"It only knows these motions: {motion_words.MOTIONS_IN_WORDS}.")
    return moving.prompt, moving.unknown


def _knows_none(entry: Entry, why: str) -> StudioError:
    return StudioError(
        "unknown_words",
        f"{entry.name} does not understand this prompt.",
        why,
        "Use one of these, or choose another model.",
        status=422,
    )
