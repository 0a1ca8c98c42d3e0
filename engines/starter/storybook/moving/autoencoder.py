"""The first stage: frames to latents and back."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from engines import runtime
from engines.starter.storybook import dataset
from engines.starter.storybook.autoencoder import difference
from engines.starter.storybook.loop import Loop, Plan, load_mean
from engines.starter.storybook.models import as_input
from engines.starter.storybook.moving import models, still

NAME = "motion-autoencoder"
_PICTURES = 12_000
_ENCODED_AT_ONCE = 64
_NOISE = 0.05
"""What latents must bear: it keeps them smooth, and easy to predict."""


def train(folder: Path, plan: Plan, device: str) -> None:
    """Learn to shrink single pictures to latents, and to make pictures of them again."""
    torch.manual_seed(plan.seed)
    model = still.by_itself(models.autoencoder()).to(device)
    loop = Loop(plan, folder, {"vae": model}, device)
    if loop.finished:
        return
    drawn = torch.from_numpy(dataset.pictures(range(min(_PICTURES, plan.samples)), runtime.cores()))

    def loss_of(chance: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(len(drawn), (loop.plan.batch,), generator=chance)
        target = as_input(drawn[chosen], device)
        with torch.autocast(device, torch.bfloat16):
            latents = model.encode(target[:, :, None]).latent_dist.mode()
            noise = torch.randn(latents.shape, generator=chance).to(device) * _NOISE
            made = model.decode(latents + noise).sample[:, :, 0].float()
        size: torch.Tensor = latents.float().pow(2).mean()
        return difference(made, target) + 2e-3 * size

    loop.run(loss_of, every=250)


def trained(folder: Path) -> Any:
    """The autoencoder as trained so far."""
    model = models.autoencoder()
    load_mean(folder / f"{NAME}.safetensors", {"vae": model})
    return model.eval().requires_grad_(False)


@torch.no_grad()
def encoded(model: Any, drawn: np.ndarray, device: str) -> torch.Tensor:
    """The latents (count, channels, side, side) of pictures (count, 3, side, side; bytes), in half precision."""
    parts: tuple[torch.Tensor, ...] = torch.from_numpy(drawn).split(_ENCODED_AT_ONCE)  # type: ignore[no-untyped-call]
    inputs = (as_input(part, device)[:, :, None] for part in parts)
    return torch.cat([model.encode(one).latent_dist.mode()[:, :, 0].half().cpu() for one in inputs])
