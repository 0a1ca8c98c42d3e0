"""Progress, previews and cancellation of a running pipeline."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from engines.diffusion.family import Family, GenerationInputs, LatentRgb
from engines.host.context import Context

if TYPE_CHECKING:
    from PIL.Image import Image

_PREVIEW_SIDE = 256
"""In px: four times the latents of a small picture; the browser scales the preview up smoothly at no cost."""


@contextmanager
def cancellable(models: Iterable[Any], context: Context) -> Iterator[None]:
    """Stop a canceled job before the next call of one of the models: also between the steps of a pipeline without
    callbacks, and between the tiles that an autoencoder encodes or decodes. Raises JobCancelled."""
    from torch.nn import Module

    networks: list[Module] = []
    for model in models:
        if isinstance(model, Module):
            halves = (getattr(model, half, None) for half in ("encoder", "decoder"))  # an autoencoder's
            networks += [half for half in halves if isinstance(half, Module)] or [model]
    hooks = [network.register_forward_pre_hook(lambda *_: context.check()) for network in networks]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


class StepCallback:
    """Reports the steps of a pass over the takes ``numbers`` of ``count``, and previews the first of them."""

    def __init__(self, context: Context, family: Family, inputs: GenerationInputs, numbers: range, count: int) -> None:
        self._context, self._family, self._inputs = context, family, inputs
        self._numbers, self._count = numbers, count
        self._factors: LatentRgb | None = None

    def after(self, pipeline: Any, step: int, timestep: Any, values: dict[str, Any], steps: int = 0) -> dict[str, Any]:
        """A pipeline's ``callback_on_step_end``. ``steps`` is the number of steps of the call if a clip is denoised in
        parts."""
        steps = steps or pipeline.num_timesteps
        # A step of a batch counts once for each of its pictures.
        self._context.progress(self._numbers.start * steps + (step + 1) * len(self._numbers), self._count * steps)
        if self._factors is None:
            self._factors = self._family.latent_rgb(pipeline, self._inputs)
        factors = self._factors
        if factors and step + 1 < steps:  # the last step is followed by the picture itself
            self._context.preview(
                lambda: _sketch(self._family.preview_latents(values["latents"], self._inputs), factors)
            )
        return values


@contextmanager
def reported_steps(pipeline: Any, after: Any) -> Iterator[None]:
    """Call ``after``, a ``callback_on_step_end``, for each step of a pipeline that takes none."""
    scheduler, numbers = pipeline.scheduler, count()
    own, step = vars(scheduler).get("step"), scheduler.step

    def reporting(noise: Any, timestep: Any, latents: Any, **more: Any) -> Any:
        result = step(noise, timestep, latents, **more)
        after(pipeline, next(numbers), timestep, {"latents": result[0]})
        return result

    scheduler.step = reporting
    try:
        yield
    finally:
        del scheduler.step
        if own is not None:
            scheduler.step = own


def _sketch(latents: Any, factors: LatentRgb) -> "Image":
    """Return a preview of the picture without decoding it: each latent channel adds some red, green and blue."""
    import numpy as np
    from PIL import Image

    channels = latents.detach().float().cpu().numpy()
    colors = np.einsum("chw,cr->hwr", np.nan_to_num(channels), np.asarray(factors, np.float32))
    small = Image.fromarray(((colors + 1) * 127.5).clip(0, 255).astype(np.uint8))
    scale = _PREVIEW_SIDE / max(small.size)
    return small.resize((round(small.width * scale), round(small.height * scale)), Image.Resampling.BICUBIC)
