"""Which colours a Wan decoder's latents stand for, told by its own encoder: for previews that need no decoding."""

from typing import TYPE_CHECKING, Any

from engines.image.family import Factors

if TYPE_CHECKING:
    import torch

_PATCHES = 16
"""So many colours across and down: several times as many as there are channels."""
_FIRM = 0.1
"""How far a factor is held back that few patches speak for."""


def fitted(vae: Any) -> Factors:
    """How much red, green and blue (-1 to 1) each channel of latents adds, by least squares over soft colours."""
    import torch

    with torch.no_grad():
        picture = _colours(_PATCHES * vae.config.scale_factor_spatial).to(vae.device, vae.dtype)
        latents = vae.encode(picture[:, :, None]).latent_dist.mode()[0, :, 0].float().cpu()
        mean, spread = (torch.tensor(of)[:, None, None] for of in (vae.config.latents_mean, vae.config.latents_std))
        known = ((latents - mean) / spread).flatten(1).T.double()
        wanted = torch.nn.functional.adaptive_avg_pool2d(picture.float().cpu(), latents.shape[1:])[0].flatten(1).T
        held = known.T @ known + _FIRM * len(known) * torch.eye(known.shape[1], dtype=torch.float64)
        factors: Factors = torch.linalg.solve(held, known.T @ wanted.double()).tolist()
        return factors


def _colours(side: int) -> "torch.Tensor":
    """A picture (1, 3, side, side) of soft colours, -1 to 1, the same each time."""
    import torch

    lot = torch.rand((1, 3, _PATCHES // 2, _PATCHES // 2), generator=torch.Generator().manual_seed(0)) * 2 - 1
    return torch.nn.functional.interpolate(lot, size=(side, side), mode="bilinear")
