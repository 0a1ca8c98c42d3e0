"""Making clips: from a request to finished files, whatever the family of the model."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from engines import planning
from engines.catalog import Entry
from engines.context import Context
from engines.enhance.between import clock, exact_rate
from engines.image import adapters, frame, parts, reading, sources
from engines.image.family import Words
from engines.image.seeding import seeded_steps
from engines.image.watching import Steps, stoppable
from engines.image.working import working
from engines.media.clip import ClipFormat, ClipWriter, Colour, Frame
from engines.provenance import model
from engines.requests import AnimateImage, CreateClip, Request
from engines.requests.drawing import one_of
from engines.requests.video import Filming
from engines.sketching import enlarging, simplified
from engines.video import families, first_frame, framing
from engines.video.family import ClipFamily, ClipWork, fps
from errors import StudioError

if TYPE_CHECKING:
    from PIL.Image import Image

_COLOUR = Colour(1, 1, 1)
"""BT.709 throughout, in FFmpeg's numbers."""


@dataclass(frozen=True)
class _Shots:
    """What is to be filmed, one a clip; the words that no model knows; who drew the first frames; and which part of a
    given picture is seen, where that is not all of it."""

    works: tuple[ClipWork, ...]
    unknown: str
    artist: Entry | None = None
    seen: tuple[int, int, int, int] | None = None


def make_clip(request: Request, context: Context) -> None:
    """Make the clips that a request asks for, of words, or of words and the picture that they begin with."""
    assert isinstance(request, Filming)
    family = families.of(context.entry)
    assert isinstance(family, ClipFamily)
    shots = _shots(request, context, family)
    loras = adapters.settled(request.every_lora)
    taken = working(family, shots.works[0], context, loras)
    words = reading.read(family, shots.works[0], context, taken, adapters.of_readers(context, loras))
    left_out = shots.unknown or words.left_out
    with closing(_filmed(family, shots.works, taken, words.words, request, context)) as clips:
        for number, frames in enumerate(clips):
            _hand_over(request, context, shots, frames, number, left_out)


def _shots(request: Filming, context: Context, family: ClipFamily) -> _Shots:
    """Settle words and sizes, and open or draw what the clips begin with."""
    entry = context.entry
    asked, unknown = simplified(request, entry)
    artist = first_frame.artist(request, entry, context.catalog)
    context.heavy("diffusers", "transformers")
    work = ClipWork(
        task="animate_image" if artist else request.task,
        entry=entry,
        prompt=asked.spoken,
        negative_prompt=asked.negative_prompt,
        width=0,
        height=0,
        steps=asked.steps,
        guidance=asked.guidance,
        frames=family.frames(entry, request.seconds),
    )
    if isinstance(asked, CreateClip):
        work = replace(work, width=asked.width, height=asked.height)
        if artist is None:
            return _Shots((work,) * request.count, unknown)
        assert isinstance(request, CreateClip)
        works = (_beginning(work, picture) for picture in first_frame.drawn(request, artist, context))
        return _Shots(tuple(works), unknown, artist)
    assert isinstance(request, AnimateImage)
    picture = sources.opened(context, request.image)
    width, height = framing.legal(picture.size, entry, int(entry.options.get("multiple", family.multiple)))
    place = framing.covering(picture, width, height)
    work = _beginning(replace(work, width=width, height=height), picture)
    return _Shots((work,) * request.count, unknown, seen=None if place.box == (0, 0, *picture.size) else place.box)


def _beginning(work: ClipWork, picture: "Image") -> ClipWork:
    """The work, with a picture as its first frame."""
    place = framing.covering(picture, work.width, work.height)
    return replace(work, image=frame.cut(picture, place))


def _filmed(
    family: ClipFamily,
    works: tuple[ClipWork, ...],
    taken: planning.Working,
    words: Words,
    request: Filming,
    context: Context,
) -> "Generator[Iterator[np.ndarray]]":
    """The clips one after the other, each a frame at a time; a clip is to be used up before the next."""
    import torch

    components = parts.components(context, family.painters, taken)
    loras = adapters.settled(request.every_lora)
    with context.lease(*components.values(), working_bytes=taken.painting) as models:
        loaded = dict(zip(components, models, strict=True))
        pipeline = parts.assembled(family.pipeline(works[0]), context, loaded, family.options(works[0]))
        with adapters.added(pipeline, context, loras), stoppable(pipeline, family, context):
            for number, work in enumerate(works):
                # On the processor, so that a seed makes the same noise on every machine.
                generator = torch.Generator("cpu").manual_seed((request.seed or 0) + number)
                told = Steps(context, family, work, range(number, number + 1), len(works))
                with seeded_steps(pipeline, generator):
                    clip = family.film(
                        pipeline, work, parts.placed(words, models), generator, callback_on_step_end=told.after
                    )
                yield clip


def _hand_over(
    request: Filming, context: Context, shots: _Shots, frames: "Iterator[np.ndarray]", number: int, left_out: str
) -> None:
    """Write a clip with the record of its own making: as if it alone had been asked for."""
    alone = request.model_copy(update=one_of(request, number))
    loras = adapters.record(context, adapters.settled(request.every_lora))
    helpers = [model(shots.artist)] if shots.artist else []
    seen = {"picture_seen": shots.seen} if shots.seen else {}
    if left_out:
        context.note(reading.unread(left_out))
    if shots.seen:
        context.note("The picture has another shape than the clip: a part of it is seen.")
    record = context.provenance(alone, words_left_out=left_out, loras=loras, helpers=helpers, **seen)
    with TemporaryDirectory(dir=context.checkpoint_dir) as folder:
        writer = ClipWriter(Path(folder), _format(shots.works[number]))
        try:
            with enlarging(context) as enlarge:
                for made in frames:
                    _write(enlarge(_picture(made)), writer, context)
            context.add(writer.finish(context.new_file(".mp4"), None, record))
        finally:
            writer.abandon()


def _write(picture: "Image", writer: ClipWriter, context: Context) -> None:
    """Add a frame and show it. Raises JobCancelled."""
    context.check()
    beat = 1 / exact_rate(fps(context.entry))
    writer.write(Frame(np.asarray(picture), writer.done * beat, beat))
    context.preview(lambda: picture)


def _format(work: ClipWork) -> ClipFormat:
    rate, scale = exact_rate(fps(work.entry)), int(work.entry.options.get("enlarge_by", 1))
    return ClipFormat(work.width * scale, work.height * scale, clock(rate), rate, _COLOUR, Fraction(1))


def _picture(made: np.ndarray) -> "Image":
    """A frame (height, width, 3), 0 to 1, in bytes. Raises StudioError ``not_finite`` (422)."""
    from PIL import Image

    if not np.isfinite(made).all():
        raise StudioError(
            "not_finite",
            "The clip was lost on the way.",
            "The model's numbers grew beyond all bounds.",
            "Lower the guidance or take another seed, then try again.",
            status=422,
        )
    return Image.fromarray((made * 255).round().clip(0, 255).astype(np.uint8))
