"""The third stage: the picture model, from prompts to latents."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional

from engines import torch_setup
from tools.storybook import autoencoder, dataset, models, text, tokens
from tools.storybook.drawing import SIDE, marks
from tools.storybook.loop import Loop, TrainingPlan, load_mean, write_atomically

_SHARD = 4000
_UNTOLD = 0.1
"""The share of scenes trained without their caption, for classifier-free guidance."""

_STEPS_A_SHEET = 500
_THINGS_COUNT = 3.0
"""The weight of things relative to their surroundings: prompts are about them, but they cover a sixth of a picture."""

_CLAMP = 5.0
"""The clamp on SNR + 1 in the loss weight: timesteps with little noise, which only teach texture, count less."""


def prepare(folder: Path, scenes: int, device: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Prepare the training data once and cache it in the folder.

    Returns latents (scenes, channels, side, side), scaled to unit variance, tokens (scenes, captions, TOKENS), and
    masks of the things (bool; scenes, side, side).
    """
    tokenizer, encoder = text.tokenizer_in(folder), autoencoder.trained(folder)
    shards = []
    for start in range(0, scenes, _SHARD):
        numbers = range(start, min(start + _SHARD, scenes))
        file = folder / f"scenes-{start:06}-{len(numbers)}.safetensors"
        if not file.exists():
            latents = autoencoder.encoded(encoder, dataset.pictures(numbers, torch_setup.cores()), device)
            read = torch.stack([tokens.numbers(tokenizer, dataset.captions(number)) for number in numbers])
            write_atomically(file, {"latents": latents, "tokens": read.short(), "things": _things(numbers)})
        shards.append(load_file(file))
    latents, read, things = (torch.cat([shard[part] for shard in shards]) for part in ("latents", "tokens", "things"))
    return latents.float() * scaling(folder), read, things


def _things(numbers: range) -> torch.Tensor:
    """The latents of each scene that show a thing."""
    finer = 2
    maps = np.stack([marks(dataset.scene(number), SIDE // models.PIXELS * finer)[0] > 0 for number in numbers])
    return functional.max_pool2d(torch.from_numpy(maps).float(), finer) > 0


def scaling(folder: Path) -> float:
    """The factor that scales the autoencoder's latents to unit variance."""
    first = min(folder.glob("scenes-000000-*.safetensors"))
    return 1 / float(load_file(first)["latents"].float().std())


def train(folder: Path, plan: TrainingPlan, scenes: int, device: str, saved: Callable[[Path, str], None]) -> None:
    """Train the UNet and the text encoder together; ``saved`` is called at intervals with the folder and the number of
    samples so far."""
    latents, read, things = prepare(folder, scenes, device)
    tokenizer = text.tokenizer_in(folder)
    untold = tokens.numbers(tokenizer, [""]).short()
    torch.manual_seed(plan.seed)
    encoder = models.text_encoder(tokenizer.get_vocab())
    load_mean(folder / "text.safetensors", {"text_encoder": encoder})
    unet = models.unet(latents.shape[-1])
    parts = {"text_encoder": encoder.to(device), "unet": unet.to(device)}
    loop = Loop(plan, folder, parts, device)
    schedule = models.scheduler()
    ratio = _signal_to_noise(schedule.alphas_cumprod).to(device)

    def loss_of(chance: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(len(latents), (plan.batch,), generator=chance)
        wording = torch.randint(read.shape[1], (plan.batch,), generator=chance)
        told = read[chosen, wording]
        silent = torch.rand(plan.batch, generator=chance) < _UNTOLD
        told = torch.where(silent[:, None], untold, told).long().to(device)
        clean = latents[chosen].to(device)
        noise = torch.randn(clean.shape, generator=chance).to(device)
        times = torch.randint(1000, (plan.batch,), generator=chance).to(device)
        noisy = schedule.add_noise(clean, noise, times).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device, torch.bfloat16):
            guessed = unet(noisy, times, encoder(told)[0]).sample.float()
        error = (guessed - schedule.get_velocity(clean, noise, times)).pow(2).mean(1)
        counts = 1 + (_THINGS_COUNT - 1) * things[chosen].to(device)
        error = (counts * error).mean((1, 2))
        weight = (ratio[times] + 1).clamp(max=_CLAMP) / (ratio[times] + 1)
        loss: torch.Tensor = (weight * error).mean()
        return loss

    def show() -> None:
        if loop.step % _STEPS_A_SHEET == 0 or loop.finished:
            saved(folder, f"{loop.step * plan.batch:07}")

    loop.run(loss_of, show, every=100)


def _signal_to_noise(kept: torch.Tensor) -> torch.Tensor:
    return kept / (1 - kept)
