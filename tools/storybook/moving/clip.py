"""The third stage: the clip model, from a first frame and a prompt to a clip.

The first frame is clean, the others are noise (Wan 2.2's ``expand_timesteps``: every token has its own timestep). Most
steps see four frames of a clip, some all of them: motion is learned at a fifth of the cost.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from engines import torch_setup
from tools.storybook import tokens
from tools.storybook.loop import Loop, TrainingPlan, load_mean, write_atomically
from tools.storybook.models import text_encoder
from tools.storybook.moving import autoencoder, dataset, models, still, text

NAME = "motion"
_SHARD = 1024
_UNTOLD = 0.05
_SEEN = 4
"""Frames of a clip that a step sees, including the first."""

_WHOLE = 0.1
_WHOLE_AT_THE_END = 0.5
"""The share of steps that see all frames, and their share in the last fifth of the training."""

_MOVED_COUNTS = 4.0
"""The maximum weight of latents that differ from the first frame, relative to those that do not."""

_ROUGH = 0.1
"""The maximum noise of the first frame in training: people animate pictures that are unlike the drawn ones."""


def train(folder: Path, plan: TrainingPlan, clips: int, device: str, saved: Callable[[Path, str], None]) -> None:
    """Train the transformer and the text encoder together; ``saved`` is called after each checkpoint with the folder
    and the number of clips so far."""
    shards = prepare(folder, clips, device)
    tokenizer = text.tokenizer_in(folder)
    torch.manual_seed(plan.seed)
    encoder = text_encoder(tokenizer.get_vocab(), models.TOKENS)
    load_mean(folder / f"{text.NAME}.safetensors", {"text_encoder": encoder})
    transformer = models.transformer()
    transformer.rope = Rope(transformer.rope)
    loop = Loop(plan, folder, {"text_encoder": encoder.to(device), "transformer": transformer.to(device)}, device)
    draw = _Draw(shards, tokens.numbers(tokenizer, [""])[0], plan)

    def loss_of(chance: torch.Generator) -> torch.Tensor:
        whole = float(torch.rand(1, generator=chance)) < (_WHOLE_AT_THE_END if loop.step > 0.8 * plan.steps else _WHOLE)
        clean, numbers, told = (part.to(device) for part in draw(whole, chance))
        transformer.rope.frames = numbers
        count, _, frames, side, _ = clean.shape
        noise = torch.randn(clean.shape, generator=chance).to(device)
        early = torch.rand(count, generator=chance).to(device)
        times = models.SHIFT * early / (1 + (models.SHIFT - 1) * early)
        rough = _ROUGH * torch.rand(count, generator=chance).to(device)
        part = times[:, None].expand(count, frames).clone()
        part[:, 0] = 0
        mixed = torch.lerp(clean, noise, part[:, None, :, None, None])
        mixed[:, :, 0] += rough[:, None, None, None] * noise[:, :, 0]
        a_token = part[:, :, None].expand(-1, -1, side * side // 4).flatten(1) * 1000
        with torch.autocast(device, torch.bfloat16):
            guessed = transformer(mixed, a_token, read(encoder, told)).sample.float()
        error = (guessed - (noise - clean))[:, :, 1:].pow(2).mean(1)
        moved = (clean[:, :, 1:] - clean[:, :, :1]).abs().mean(1)
        return _weighted(error, moved)

    loop.run(loss_of, lambda: saved(folder, f"{loop.step * plan.batch:07}"), every=100)


def read(encoder: Any, told: torch.Tensor) -> torch.Tensor:
    """The encoder's output for tokens, as in Wan's pipelines: zeros after the end."""
    ends = text.end(told)
    mask = torch.arange(told.shape[1], device=told.device)[None] <= ends[:, None]
    hidden: torch.Tensor = encoder(told, mask.long()).last_hidden_state
    return hidden * mask[..., None]


def _weighted(error: torch.Tensor, moved: torch.Tensor) -> torch.Tensor:
    counts = 1 + (_MOVED_COUNTS - 1) * moved.clamp(max=1)
    loss: torch.Tensor = (counts * error).sum() / counts.sum()
    return loss


def prepare(folder: Path, clips: int, device: str) -> list[dict[str, torch.Tensor]]:
    """The training data, computed once and cached in the folder: latents (clips, frames, channels, side, side), the
    numbers of these frames, and tokens (clips, captions, TOKENS). Whole clips first, then sparse ones."""
    tokenizer, encoder = text.tokenizer_in(folder), still.by_itself(autoencoder.trained(folder)).to(device)
    found = []
    for whole in (True, False):
        every = [number for number in range(clips) if (number % dataset.WHOLE_EVERY == 0) == whole]
        shards = [every[start : start + _SHARD] for start in range(0, len(every), _SHARD)]
        parts = [_shard(folder, numbers, tokenizer, encoder, device) for numbers in shards]
        found.append({name: torch.cat([part[name] for part in parts]) for name in parts[0]})
    spread = scaling(folder)
    for part in found:
        part["latents"] = (part["latents"].float() - spread["mean"]) / spread["std"]
    return found


def _shard(folder: Path, numbers: list[int], tokenizer: Any, encoder: Any, device: str) -> dict[str, torch.Tensor]:
    file = folder / f"clips-{numbers[0]:06}-{numbers[-1]:06}.safetensors"
    if not file.exists():
        drawn = dataset.clips(numbers, torch_setup.cores())
        latents = autoencoder.encoded(encoder, drawn.reshape(-1, *drawn.shape[2:]), device)
        told = torch.stack([tokens.numbers(tokenizer, dataset.captions(number)) for number in numbers])
        frames = torch.tensor([dataset.kept(number) for number in numbers])
        latents = latents.reshape(*drawn.shape[:2], *latents.shape[1:])
        write_atomically(file, {"latents": latents, "frames": frames.short(), "tokens": told.short()})
    return load_file(file)


def scaling(folder: Path) -> dict[str, torch.Tensor]:
    """The mean and standard deviation of each latent channel: (channels, 1, 1)."""
    latents = load_file(min(folder.glob("clips-000000-*.safetensors")))["latents"].float()
    each = latents.movedim(2, 0).flatten(1)
    return {"mean": each.mean(1)[:, None, None], "std": each.std(1)[:, None, None]}


class _Draw:
    """Draws the random clips of a step."""

    def __init__(self, shards: list[dict[str, torch.Tensor]], untold: torch.Tensor, plan: TrainingPlan) -> None:
        self._whole, self._sparse = shards
        self._untold, self._plan = untold, plan

    def __call__(self, whole: bool, chance: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Latents (clips, channels, frames, side, side), numbers of the frames (clips, frames), tokens."""
        shard = self._whole if whole else self._sparse
        count = max(1, self._plan.batch * _SEEN // dataset.FRAMES) if whole else self._plan.batch
        chosen = torch.randint(len(shard["latents"]), (count,), generator=chance)
        latents, numbers = shard["latents"][chosen], shard["frames"][chosen].long()
        if not whole:
            others = torch.rand(count, dataset.SPARSE - 1, generator=chance).argsort(1)[:, : _SEEN - 1].sort(1).values
            taken = torch.cat([torch.zeros(count, 1, dtype=torch.long), others + 1], 1)
            rows = torch.arange(count)[:, None]
            latents, numbers = latents[rows, taken], numbers[rows, taken]
        wording = torch.randint(shard["tokens"].shape[1], (count,), generator=chance)
        told = shard["tokens"][chosen, wording].long()
        silent = torch.rand(count, generator=chance) < _UNTOLD
        return latents.transpose(1, 2), numbers, torch.where(silent[:, None], self._untold, told)


class Rope(nn.Module):
    """Rotary embeddings for selected frames of a clip: ``frames`` (clips, frames) are their numbers."""

    frames: torch.Tensor

    def __init__(self, own: Any) -> None:
        super().__init__()
        self._own = own
        self.register_buffer("frames", torch.arange(dataset.FRAMES)[None], persistent=False)

    def forward(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        count, channels, _, height, width = latents.shape
        every = latents.new_empty(1).expand(count, channels, dataset.FRAMES, height, width)
        cosine, sine = self._own(every)
        return self._picked(cosine), self._picked(sine)

    def _picked(self, every: torch.Tensor) -> torch.Tensor:
        frames = every[0].reshape(dataset.FRAMES, -1, *every.shape[2:])
        return frames[self.frames].flatten(1, 2)
