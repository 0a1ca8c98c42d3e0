"""Decode in a separate lease, after denoising.

The pipelines of diffusers end by preparing their latents (unpacking, scaling, shifting) and decoding them while the
denoiser is still in memory. Here ``decode`` only records its latents; the autoencoder runs after the denoiser's lease
has ended, with the memory to itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import torch


@contextmanager
def deferred_decode(vae: Any) -> "Iterator[list[torch.Tensor]]":
    """Replace ``vae.decode`` for the duration of the block: it adds the prepared latents to the yielded list, one image
    each, and returns blank images of one pixel to the pipeline."""
    import torch

    latents: list[torch.Tensor] = []

    def take_down(batch: torch.Tensor, *_: Any, **__: Any) -> tuple[torch.Tensor]:
        latents.extend(torch.split(batch, 1))
        return (batch.new_zeros(batch.shape[0], 3, *[1] * (batch.ndim - 2)),)

    vae.decode = take_down
    try:
        yield latents
    finally:
        del vae.decode


def decode_image(vae: Any, processor: Any, latents: "torch.Tensor") -> "np.ndarray":
    """Decode latents to an image (height, width, channels), 0 to 1; ``processor`` is the pipeline's image processor.

    The autoencoder decodes in the precision of the latents: SDXL's overflows in half precision, so its pipelines
    prepare them in float32.
    """
    import torch

    own = vae.dtype
    try:
        if latents.dtype != own:
            vae.to(dtype=latents.dtype)
        with torch.no_grad():
            image = vae.decode(latents.to(vae.device), return_dict=False)[0]
    finally:
        if vae.dtype != own:
            vae.to(dtype=own)
    if image.ndim == 5:  # a video autoencoder returns one frame
        image = image[:, :, 0]
    pixels: np.ndarray = processor.postprocess(image, output_type="np")[0]
    return pixels
