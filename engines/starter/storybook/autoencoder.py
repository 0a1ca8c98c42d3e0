"""The first stage: pictures to latents and back."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from engines import runtime
from engines.starter.storybook import dataset, models
from engines.starter.storybook.loop import Loop, Plan, load_mean

_PICTURES = 8000
_ENCODED_AT_ONCE = 64


def train(folder: Path, plan: Plan, device: str) -> None:
    """Learn to shrink pictures to latents that bear some noise, which keeps them smooth and easy to predict."""
    torch.manual_seed(plan.seed)
    model = models.autoencoder().to(device)
    loop = Loop(plan, folder, {"vae": model}, device)
    if loop.finished:
        return
    drawn = torch.from_numpy(dataset.pictures(range(min(_PICTURES, plan.samples)), runtime.cores()))

    def loss_of(chance: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(len(drawn), (plan.batch,), generator=chance)
        target = models.as_input(drawn[chosen], device)
        with torch.autocast(device, torch.bfloat16):
            latents = model.encode(target).latents
            noise = torch.randn(latents.shape, generator=chance).to(device) * 0.05
            made = model.decode(latents + noise).sample.float()
        size: torch.Tensor = latents.float().pow(2).mean()
        return _difference(made, target) + 2e-3 * size

    loop.run(loss_of, every=500)


def _difference(made: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Of colours, and of the steps between neighbours, which keeps edges sharp."""
    error = made - target
    edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    return error.abs().mean() + 2 * functional.mse_loss(made, target) + edges


def trained(folder: Path) -> Any:
    model = models.autoencoder()
    load_mean(folder / "autoencoder.safetensors", {"vae": model})
    return model.eval().requires_grad_(False)


@torch.no_grad()
def encoded(model: Any, drawn: np.ndarray, device: str) -> torch.Tensor:
    """The latents of pictures, in half precision."""
    model.to(device)
    parts: tuple[torch.Tensor, ...] = torch.from_numpy(drawn).split(_ENCODED_AT_ONCE)  # type: ignore[no-untyped-call]
    return torch.cat([model.encode(models.as_input(part, device)).latents.half().cpu() for part in parts])
