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
    or clip each, and returns blank images of one pixel to the pipeline."""
    import torch
    from diffusers.models.autoencoders.vae import DecoderOutput

    latents: list[torch.Tensor] = []

    def take_down(batch: torch.Tensor, *_: Any, **__: Any) -> DecoderOutput:
        latents.extend(torch.split(batch, 1))
        return DecoderOutput(batch.new_zeros(batch.shape[0], 3, *[1] * (batch.ndim - 2)))

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


def decode_clip(vae: Any, latents: "torch.Tensor", *given: Any) -> "Iterator[np.ndarray]":
    """Decode latents (1, channels, frames, height, width) and yield frames (height, width, 3), 0 to 1; ``given`` are
    further arguments of the autoencoder."""
    import torch

    with torch.no_grad():
        clip = vae.decode(latents.to(vae.device, vae.dtype), *given, return_dict=False)[0][0]
    for frame in clip.unbind(1):
        yield (frame / 2 + 0.5).clamp(0, 1).permute(1, 2, 0).float().cpu().numpy()
