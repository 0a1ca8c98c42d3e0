"""The first stage: the autoencoder, from frames to latents and back."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from engines import torch_setup
from tools.storybook import dataset
from tools.storybook.autoencoder import difference
from tools.storybook.loop import Loop, TrainingPlan, compiled, load_mean
from tools.storybook.models import PIXELS, as_input
from tools.storybook.moving import models, still

NAME = "motion-autoencoder"
_PICTURES = 12_000
_ENCODED_AT_ONCE = 64
_NOISE = 0.05
"""Noise added to the latents in training: it keeps them smooth and easy to predict."""


def train(folder: Path, plan: TrainingPlan, device: str) -> None:
    """Train the encoder and the decoder on single pictures."""
    torch.manual_seed(plan.seed)
    model = still.by_itself(models.autoencoder()).to(device)
    loop = Loop(plan, folder, {"vae": model}, device)
    if loop.finished:
        return
    drawn = torch.from_numpy(dataset.pictures(range(min(_PICTURES, plan.samples)), torch_setup.cores()))
    there_and_back = compiled(lambda seen, noise: _there_and_back(model, seen, noise), plan)

    def loss_of(chance: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(len(drawn), (loop.plan.batch,), generator=chance)
        target = as_input(drawn[chosen], device)
        noise = torch.randn(plan.batch, models.LATENT_CHANNELS, 1, *_latent_size(target), generator=chance)
        with torch.autocast(device, torch.bfloat16):
            made, latents = there_and_back(target[:, :, None], noise.to(device) * _NOISE)
        size: torch.Tensor = latents.float().pow(2).mean()
        return difference(made[:, :, 0].float(), target) + 2e-3 * size

    loop.run(loss_of, every=250)


def _there_and_back(model: Any, pictures: torch.Tensor, noise: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    latents = still.encode(model, pictures)
    return still.decode(model, latents + noise), latents


def _latent_size(pictures: torch.Tensor) -> tuple[int, int]:
    return pictures.shape[-2] // PIXELS, pictures.shape[-1] // PIXELS


def trained(folder: Path) -> Any:
    """The current state of the trained autoencoder."""
    model = models.autoencoder()
    load_mean(folder / f"{NAME}.safetensors", {"vae": model})
    return model.eval().requires_grad_(False)


@torch.no_grad()
def encoded(model: Any, drawn: np.ndarray, device: str) -> torch.Tensor:
    """The latents (count, channels, side, side) of pictures (bytes; count, 3, side, side), in half precision."""
    parts: tuple[torch.Tensor, ...] = torch.from_numpy(drawn).split(_ENCODED_AT_ONCE)  # type: ignore[no-untyped-call]
    inputs = (as_input(part, device)[:, :, None] for part in parts)
    return torch.cat([still.encode(model, one)[:, :, 0].half().cpu() for one in inputs])
