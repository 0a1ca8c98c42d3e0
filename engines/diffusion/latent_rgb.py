"""Fit the colors of an autoencoder's latents with its own encoder, for previews without decoding."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engines.diffusion.family import LatentRgb

if TYPE_CHECKING:
    import torch

_PATCHES = 16
"""Color patches per side: several times as many patches as most autoencoders have channels."""
_FIRM = 0.1
"""Ridge regularization of the fit."""


def fit_latent_rgb(vae: Any, scale: int, normalized: "Callable[[torch.Tensor], torch.Tensor]") -> LatentRgb:
    """Return how much red, green and blue (-1 to 1) each latent channel adds, by least squares over soft colors.

    ``scale`` is the side of a latent in px; ``normalized`` turns what a video autoencoder encodes, (1, channels, 1,
    height, width), into what its denoiser works on.
    """
    import torch

    with torch.no_grad():
        picture = _sample_colors(_PATCHES * scale).to(vae.device, vae.dtype)
        latents = normalized(vae.encode(picture[:, :, None]).latent_dist.mode())[0, :, 0].float().cpu()
        known = latents.flatten(1).T.double()
        rows, columns = latents.shape[1:]
        patches = torch.nn.functional.adaptive_avg_pool2d(picture.float().cpu(), (rows, columns))
        wanted = patches[0].flatten(1).T
        normal = known.T @ known + _FIRM * len(known) * torch.eye(known.shape[1], dtype=torch.float64)
        factors: LatentRgb = torch.linalg.solve(normal, known.T @ wanted.double()).tolist()
        return factors


def _sample_colors(side: int) -> "torch.Tensor":
    """Return a picture (1, 3, side, side) of soft colors, -1 to 1, the same each time."""
    import torch

    lot = torch.rand((1, 3, _PATCHES // 2, _PATCHES // 2), generator=torch.Generator().manual_seed(0)) * 2 - 1
    return torch.nn.functional.interpolate(lot, size=(side, side), mode="bilinear")


def standardized(latents: "torch.Tensor", config: Any) -> "torch.Tensor":
    """Return latents (1, channels, frames, height, width) with the mean and the deviation in an autoencoder's config
    removed."""
    mean, spread = (latents.new_tensor(of)[:, None, None, None] for of in (config.latents_mean, config.latents_std))
    return (latents - mean) / spread
