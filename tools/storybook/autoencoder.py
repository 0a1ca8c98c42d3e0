"""The autoencoder: the first stage of training, and the last, which improves the decoder for fixed latents."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from engines import torch_setup
from tools.storybook import dataset, models
from tools.storybook.loop import Loop, TrainingPlan, load_mean

_PICTURES = 8000
_ENCODED_AT_ONCE = 64
_NOISE = 0.05
"""Noise added to the latents in training: it keeps them smooth and easy to predict."""


def train(folder: Path, plan: TrainingPlan, device: str) -> None:
    """Train the encoder and the decoder."""
    torch.manual_seed(plan.seed)
    model = models.autoencoder().to(device)
    loop = Loop(plan, folder, {"vae": model}, device)
    if not loop.finished:
        _run(loop, model, range(min(_PICTURES, plan.samples)), device)


def refine(folder: Path, plan: TrainingPlan, device: str) -> None:
    """Train the decoder for sharper pictures, on other pictures and with the encoder frozen."""
    model = models.autoencoder()
    load_mean(folder / "autoencoder.safetensors", {"vae": model})
    model.encoder.requires_grad_(False)
    loop = Loop(plan, folder, {"decoder": model.to(device).decoder}, device)
    if not loop.finished:
        _run(loop, model, range(_PICTURES, _PICTURES + min(2 * _PICTURES, plan.samples)), device)


def trained(folder: Path) -> Any:
    """The current state of the trained autoencoder."""
    model = models.autoencoder()
    load_mean(folder / "autoencoder.safetensors", {"vae": model})
    if (folder / "decoder.safetensors").exists():
        load_mean(folder / "decoder.safetensors", {"decoder": model.decoder})
    return model.eval().requires_grad_(False)


@torch.no_grad()
def encoded(model: Any, drawn: np.ndarray, device: str) -> torch.Tensor:
    """The latents of pictures, in half precision."""
    model.to(device)
    parts: tuple[torch.Tensor, ...] = torch.from_numpy(drawn).split(_ENCODED_AT_ONCE)  # type: ignore[no-untyped-call]
    return torch.cat([model.encode(models.as_input(part, device)).latents.half().cpu() for part in parts])


def _run(loop: Loop, model: Any, numbers: range, device: str) -> None:
    drawn = torch.from_numpy(dataset.pictures(numbers, torch_setup.cores()))

    def loss_of(chance: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(len(drawn), (loop.plan.batch,), generator=chance)
        target = models.as_input(drawn[chosen], device)
        with torch.autocast(device, torch.bfloat16):
            latents = model.encode(target).latents
            noise = torch.randn(latents.shape, generator=chance).to(device) * _NOISE
            made = model.decode(latents + noise).sample.float()
        size: torch.Tensor = latents.float().pow(2).mean()
        return difference(made, target) + 2e-3 * size

    loop.run(loss_of, every=500)


def difference(made: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The difference of colors, and of gradients between neighboring pixels, which keeps edges sharp."""
    error = made - target
    edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    return error.abs().mean() + 2 * functional.mse_loss(made, target) + edges
