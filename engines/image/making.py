"""Making pictures: from a request to finished files, whatever the family of the model."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engines.catalog import Entry
from engines.context import Context
from engines.image import adapters, families, helping, parts, reading, sources
from engines.image.family import Family, Words, Work
from engines.provenance import model
from engines.requests import Drawing, Request
from engines.requests.drawing import one_of
from engines.sketching import simplified
from errors import StudioError

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_PREVIEW_SIDE = 256
"""Four times what the latents of a small picture hold: the page smooths the rest for nothing."""


def make_image(request: Request, context: Context) -> None:
    """Make the pictures that a request asks for, of words, or of words and another picture."""
    assert isinstance(request, Drawing)
    asked, unknown = simplified(request, context.entry)
    family = families.of(context.entry)
    helpers = helping.helpers(asked, context.entry, context.catalog)
    context.heavy("diffusers", "transformers")
    source = sources.open_source(asked, context, family)
    if source.work is None:
        assert source.unchanged
        _hand_over(request, context, source.unchanged, 0, unknown)
        return
    work = replace(source.work, helpers=helpers)
    loras = adapters.settled(asked.every_lora)
    words = reading.read(family, work, context, adapters.of_readers(context, loras))
    for number, made in enumerate(_painted(family, work, words.words, asked, context)):
        _hand_over(request, context, source.finish(made), number, unknown or words.left_out, _helpers(work))


def _painted(family: Family, work: Work, words: Words, request: Drawing, context: Context) -> "Iterator[Image]":
    """The pictures one after the other, made in passes as large as fit."""
    import torch

    components = parts.components(context, family.painters, work.helpers)
    files = parts.files(context, work.helpers)
    working_bytes = work.width * work.height * family.working_bytes_a_pixel
    loras = adapters.settled(request.every_lora)
    working_bytes += sum(path.stat().st_size for path in (*files.values(), *map(context.input, loras)))
    with context.lease(*components.values(), working_bytes=working_bytes) as models:
        loaded = dict(zip(components, models, strict=True))
        pipeline = parts.assembled(family.pipeline(work), context, loaded, family.options(work))
        at_once = _at_once(context, working_bytes)
        with adapters.added(pipeline, context, loras), family.helped(pipeline, work, files):
            for first in range(0, request.count, at_once):
                numbers = range(first, min(first + at_once, request.count))
                # On the processor, so that a seed makes the same noise on every machine.
                seeds = [(request.seed or 0) + number for number in numbers]
                generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
                told = _Steps(context, family, work, numbers, request.count)
                with _stoppable(pipeline, family, context):
                    made = family.paint(
                        pipeline, work, _placed(words, models), generators, callback_on_step_end=told.after
                    )
                yield from _pictures(pipeline, made)


def _at_once(context: Context, working_bytes: int) -> int:
    """How many pictures go into one pass. A processor is no faster with several, and exact with one."""
    if context.device.torch == "cpu":
        return 1
    return int(max(1, min(8, context.device.available() // max(1, working_bytes))))


def _placed(words: Words, models: Sequence[Any]) -> Words:
    """What was read, where the painter is and in its precision."""
    painter = next(model for model in models if hasattr(model, "dtype"))
    return {name: _moved(value, painter.device, painter.dtype) for name, value in words.items()}


def _moved(value: Any, device: Any, dtype: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_moved(one, device, dtype) for one in value)
    if not hasattr(value, "is_floating_point"):
        return value
    return value.to(device=device, dtype=dtype) if value.is_floating_point() else value.to(device)


@contextmanager
def _stoppable(pipeline: Any, family: Family, context: Context) -> Iterator[None]:
    """A cancelled job stops before the model looks at the picture again, also in pipelines without callbacks."""
    models = [getattr(pipeline, name, None) for name in family.painters if name != "vae"]
    networks = [model for model in models if model is not None and hasattr(model, "register_forward_pre_hook")]
    hooks = [network.register_forward_pre_hook(lambda *_: context.check()) for network in networks]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


class _Steps:
    """Tells the steps of a pass, and shows its first picture as it comes into being."""

    def __init__(self, context: Context, family: Family, work: Work, numbers: range, count: int) -> None:
        self._context, self._family, self._work = context, family, work
        self._numbers, self._count = numbers, count

    def after(self, pipeline: Any, step: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        steps = pipeline.num_timesteps
        # A pass of several pictures counts for all of them.
        self._context.progress(self._numbers.start * steps + (step + 1) * len(self._numbers), self._count * steps)
        factors = self._context.entry.options.get("latent_rgb")
        if factors and step + 1 < steps:  # after the last step comes the picture itself
            self._context.preview(lambda: _sketch(self._family.first(values["latents"], self._work), factors))
        return values


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


def _sketch(latents: Any, factors: list[list[float]]) -> "Image":
    """How the picture looks so far, without decoding: each latent channel adds some red, green and blue."""
    import numpy as np
    from PIL import Image

    channels = latents.detach().float().cpu().numpy()
    colours = np.einsum("chw,cr->hwr", np.nan_to_num(channels), np.asarray(factors, np.float32))
    small = Image.fromarray(((colours + 1) * 127.5).clip(0, 255).astype(np.uint8))
    scale = _PREVIEW_SIDE / max(small.size)
    return small.resize((round(small.width * scale), round(small.height * scale)), Image.Resampling.BICUBIC)


def _helpers(work: Work) -> tuple[Entry, ...]:
    """Every model that had a part in it beside its own."""
    return (*work.helpers, work.control.by) if work.control and work.control.by else work.helpers


def _hand_over(
    request: Drawing, context: Context, image: "Image", number: int, left_out: str, helpers: Sequence[Entry] = ()
) -> None:
    """Write a picture with the record of its own making: as if it alone had been asked for."""
    from engines.media.picture import save_picture

    alone = request.model_copy(update=one_of(request, number))
    path = context.new_file(".png")
    loras = adapters.record(context, adapters.settled(request.every_lora))
    record = context.provenance(alone, words_left_out=left_out, loras=loras, helpers=[model(one) for one in helpers])
    context.later(lambda: save_picture(image, path, record))
