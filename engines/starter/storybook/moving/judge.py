"""Who says what moves in a clip: a small network that has only ever seen drawn clips, none of them the model's.

It looks at the first, the middle and the last frame.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from engines import runtime
from engines.starter.storybook.dataset import HELD_OUT
from engines.starter.storybook.judge import step
from engines.starter.storybook.loop import Loop, Plan, load_mean, write_atomically
from engines.starter.storybook.models import as_input
from engines.starter.storybook.motion import MOTIONS
from engines.starter.storybook.moving import dataset

NAME = "motion-judge"
MOMENTS = (0, dataset.FRAMES // 2, dataset.FRAMES - 1)
_CLIPS = 12_000
_NOISE = 0.05


class Watcher(nn.Module):
    """From three frames (count, 9, side, side; -1 to 1) to how likely each motion is."""

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


def train(folder: Path, plan: Plan, device: str) -> None:
    """Learn to see motion, from held-out clips alone."""
    torch.manual_seed(plan.seed)
    watcher = Watcher().to(device)
    loop = Loop(plan, folder, {"watcher": watcher}, device)
    if loop.finished:
        return
    numbers = range(HELD_OUT, HELD_OUT + min(_CLIPS, plan.samples))
    drawn = torch.from_numpy(dataset.clips(numbers, runtime.cores(), MOMENTS)).flatten(1, 2)
    right = torch.tensor([tuple(MOTIONS).index(dataset.moving(number).motion) for number in numbers])

    def loss_of(chance: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(len(drawn), (plan.batch,), generator=chance)
        shown = as_input(drawn[chosen], device)
        if torch.rand(1, generator=chance) < 0.5:  # a model's frames are not as sharp as drawn ones
            shown = functional.avg_pool2d(shown, 3, 1, 1)
        shown = shown + torch.randn(shown.shape, generator=chance).to(device) * _NOISE
        with torch.autocast(device, torch.bfloat16):
            told = watcher(shown)
        return functional.cross_entropy(told.float(), right[chosen].to(device))

    loop.run(loss_of)


def keep(folder: Path, target: Path) -> None:
    """Save the judge as it is shipped."""
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
    """The motion of each clip: (frames, side, side, 3) bytes."""
    shown = np.stack([clip[[0, len(clip) // 2, -1]] for clip in clips])
    frames = torch.from_numpy(shown).permute(0, 1, 4, 2, 3).flatten(1, 2)
    told = watcher(as_input(frames, "cpu")).argmax(1)
    return [tuple(MOTIONS)[int(one)] for one in told]
