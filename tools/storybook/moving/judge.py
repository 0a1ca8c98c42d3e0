"""The judge of motion: a small network that classifies the motion of a clip, trained only on drawn clips.

Its input is the first, the middle and the last frame.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from engines import torch_setup
from engines.families.storybook.words import MOTIONS
from tools.storybook.dataset import HELD_OUT
from tools.storybook.judge import step
from tools.storybook.loop import Loop, TrainingPlan, load_mean, write_atomically
from tools.storybook.models import as_input
from tools.storybook.moving import dataset

NAME = "motion-judge"
MOMENTS = (0, dataset.FRAMES // 2, dataset.FRAMES - 1)
_CLIPS = 12_000
_NOISE = 0.05


class Watcher(nn.Module):
    """From three frames (count, 9, side, side; -1 to 1) to logits for each motion."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = nn.Sequential(
            step(3 * len(MOMENTS), 48, 2),
            step(48, 64, 2),
            step(64, 96, 2),
            step(96, 96),
            step(96, 128, 2),
            step(128, 128),
        )
        self.told = nn.Linear(128 * 2, len(MOTIONS))

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        seen = self.seen(frames)
        told: torch.Tensor = self.told(torch.cat([seen.mean((2, 3)), seen.amax((2, 3))], 1))
        return told


def train(folder: Path, plan: TrainingPlan, device: str) -> None:
    """Train the judge on held-out clips only."""
    torch.manual_seed(plan.seed)
    watcher = Watcher().to(device)
    loop = Loop(plan, folder, {"watcher": watcher}, device)
    if loop.finished:
        return
    numbers = range(HELD_OUT, HELD_OUT + min(_CLIPS, plan.samples))
    drawn = torch.from_numpy(dataset.clips(numbers, torch_setup.cores(), MOMENTS)).flatten(1, 2)
    right = torch.tensor([tuple(MOTIONS).index(dataset.moving(number).motion) for number in numbers])

    def loss_of(chance: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(len(drawn), (plan.batch,), generator=chance)
        shown = as_input(drawn[chosen], device)
        if torch.rand(1, generator=chance) < 0.5:  # a model's frames are less sharp than drawn ones
            shown = functional.avg_pool2d(shown, 3, 1, 1)
        shown = shown + torch.randn(shown.shape, generator=chance).to(device) * _NOISE
        with torch.autocast(device, torch.bfloat16):
            told = watcher(shown)
        return functional.cross_entropy(told.float(), right[chosen].to(device))

    loop.run(loss_of)


def keep(folder: Path, target: Path) -> None:
    """Save the judge for release."""
    watcher = Watcher()
    load_mean(folder / f"{NAME}.safetensors", {"watcher": watcher})
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, {name: weight.half() for name, weight in watcher.state_dict().items()})


def shipped(file: Path) -> Watcher:
    watcher = Watcher()
    watcher.load_state_dict({name: weight.float() for name, weight in load_file(file).items()})
    return watcher.eval()


@torch.no_grad()
def motions(watcher: Watcher, clips: Sequence[np.ndarray]) -> list[str]:
    """The motion of each clip of (frames, side, side, 3) bytes."""
    shown = np.stack([clip[[0, len(clip) // 2, -1]] for clip in clips])
    frames = torch.from_numpy(shown).permute(0, 1, 4, 2, 3).flatten(1, 2)
    told = watcher(as_input(frames, "cpu")).argmax(1)
    return [tuple(MOTIONS)[int(one)] for one in told]
