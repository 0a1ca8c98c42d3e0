"""Wan's autoencoder on single pictures, at a third of the cost.

Its convolutions cover a frame and the two before it. Without compression over time, and with non-zero weights only for
the frame itself, each frame is independent: a 2D convolution with these weights gives the same result.
"""

from collections.abc import Callable
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import WanCausalConv3d, patchify, unpatchify
from torch.nn import functional


def by_itself(model: Any) -> Any:
    """The same autoencoder for training: each frame on its own, with zero weights for the frames before it."""
    for part in model.modules():
        if isinstance(part, WanCausalConv3d):
            with torch.no_grad():
                part.weight[:, :, :-1] = 0
            part.forward = _flat(part)
    return model


def encode(model: Any, pictures: torch.Tensor) -> torch.Tensor:
    """The latents (count, channels, 1, side, side) of pictures (count, 3, 1, side, side): the mode of
    ``model.encode``'s distribution, without its cache of earlier frames."""
    seen = model.encoder(patchify(pictures, model.config.patch_size))
    latents: torch.Tensor = model.quant_conv(seen).chunk(2, 1)[0]
    return latents


def decode(model: Any, latents: torch.Tensor) -> torch.Tensor:
    """The pictures of latents, also without the cache."""
    pictures: torch.Tensor = unpatchify(model.decoder(model.post_quant_conv(latents)), model.config.patch_size)
    return pictures


def _flat(part: WanCausalConv3d) -> Callable[..., torch.Tensor]:
    sides = (part._padding[2], part._padding[0])

    def forward(frames: torch.Tensor, before: torch.Tensor | None = None) -> torch.Tensor:
        count, _, length = frames.shape[:3]
        each = frames.transpose(1, 2).flatten(0, 1)
        made = functional.conv2d(each, part.weight[:, :, -1], part.bias, padding=sides)
        return made.reshape(count, length, *made.shape[1:]).transpose(1, 2)

    return forward
