"""A pipeline at work: its steps told, what it makes shown as it comes into being, and stopped where nobody wants it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from engines.context import Context
from engines.image.family import Factors, Family, Work

if TYPE_CHECKING:
    from PIL.Image import Image

_PREVIEW_SIDE = 256
"""Four times what the latents of a small picture hold: the page smooths the rest for nothing."""


@contextmanager
def stoppable(pipeline: Any, family: Family, context: Context) -> Iterator[None]:
    """A cancelled job stops before the model looks at the picture again, also in pipelines without callbacks, or
    decodes it."""
    models = [getattr(pipeline, name, None) for name in family.painters]
    models = [getattr(model, "decoder", None) if model is getattr(pipeline, "vae", None) else model for model in models]
    networks = [model for model in models if model is not None and hasattr(model, "register_forward_pre_hook")]
    hooks = [network.register_forward_pre_hook(lambda *_: context.check()) for network in networks]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


class Steps:
    """Tells the steps of a pass that makes the ``numbers`` of ``count``, and shows the first as it comes into being."""

    def __init__(self, context: Context, family: Family, work: Work, numbers: range, count: int) -> None:
        self._context, self._family, self._work = context, family, work
        self._numbers, self._count = numbers, count
        self._factors: Factors | None = None

    def after(self, pipeline: Any, step: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        """A pipeline's ``callback_on_step_end``."""
        steps = pipeline.num_timesteps
        # A pass of several pictures counts for all of them.
        self._context.progress(self._numbers.start * steps + (step + 1) * len(self._numbers), self._count * steps)
        if self._factors is None:
            self._factors = self._family.colours(pipeline, self._work)
        factors = self._factors
        if factors and step + 1 < steps:  # after the last step comes the picture itself
            self._context.preview(lambda: _sketch(self._family.first(values["latents"], self._work), factors))
        return values


def _sketch(latents: Any, factors: Factors) -> "Image":
    """How the picture looks so far, without decoding: each latent channel adds some red, green and blue."""
    import numpy as np
    from PIL import Image

    channels = latents.detach().float().cpu().numpy()
    colours = np.einsum("chw,cr->hwr", np.nan_to_num(channels), np.asarray(factors, np.float32))
    small = Image.fromarray(((colours + 1) * 127.5).clip(0, 255).astype(np.uint8))
    scale = _PREVIEW_SIDE / max(small.size)
    return small.resize((round(small.width * scale), round(small.height * scale)), Image.Resampling.BICUBIC)
