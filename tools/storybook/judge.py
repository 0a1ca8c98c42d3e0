"""The judge, a small network that checks whether a picture matches its caption, trained only on drawn scenes.

It detects things and classifies the surroundings; a thing's place and color are then read from the pixels. It shares
nothing with the picture model, and its training scenes are not in the picture model's training data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from engines import torch_setup
from engines.families.storybook import words
from tools.storybook import dataset, models
from tools.storybook.drawing import SIDE, marks, seen_as
from tools.storybook.loop import Loop, TrainingPlan
from tools.storybook.scene import Scene

KINDS = tuple(words.THINGS)
_GRID = SIDE // 4
_PICTURES = 16_000
_LEAST_SHARE = 0.004
"""The smallest share of the picture that counts as a thing."""


class Eye(nn.Module):
    """From pictures (count, 3, side, side; -1 to 1) to a map of kinds, a map of plain color, and the surroundings."""

    def __init__(self) -> None:
        super().__init__()
        self.quarter = nn.Sequential(step(3, 24, 2), step(24, 48, 2), step(48, 48))
        self.eighth = nn.Sequential(step(48, 64, 2), step(64, 64))
        self.sixteenth = nn.Sequential(step(64, 96, 2), step(96, 96), step(96, 96))
        self.back = nn.Sequential(step(96 + 64 + 48, 64), step(64, 64))
        self.things = nn.Conv2d(64, len(KINDS) + 2, 1)
        self.around = nn.Linear(96 * 2, len(words.GROUNDS) + len(words.TIMES))

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        quarter = self.quarter(pictures)
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        seen = [functional.interpolate(level, quarter.shape[-2:]) for level in (sixteenth, eighth)]
        things = self.things(self.back(torch.cat([*seen, quarter], 1)))
        around = self.around(torch.cat([sixteenth.mean((2, 3)), sixteenth.amax((2, 3))], 1))
        grounds, times = around.split([len(words.GROUNDS), len(words.TIMES)], 1)
        return things[:, :-1], things[:, -1], grounds, times


def step(inside: int, outside: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inside, outside, 3, stride, 1), nn.GroupNorm(8, outside), nn.SiLU())


@dataclass(frozen=True)
class Detection:
    """What the judge sees in a picture. ``kinds``: the share of the picture for each kind it sees, the largest first;
    ``places``: the center of each (x, y), 0 to 1; ``bodies``: the mean color of its plain part, 0 to 255."""

    kinds: dict[str, float]
    places: dict[str, tuple[float, float]]
    bodies: dict[str, tuple[float, float, float]]
    ground: str
    time: str


def train(folder: Path, plan: TrainingPlan, device: str) -> None:
    """Train the judge on held-out scenes only."""
    torch.manual_seed(plan.seed)
    eye = Eye().to(device)
    loop = Loop(plan, folder, {"eye": eye}, device)
    if loop.finished:
        return
    numbers = range(dataset.HELD_OUT, dataset.HELD_OUT + min(_PICTURES, plan.samples))
    drawn = torch.from_numpy(dataset.pictures(numbers, torch_setup.cores()))
    kinds, plain, around = _right(numbers)

    def loss_of(chance: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(len(drawn), (plan.batch,), generator=chance)
        shown = models.as_input(drawn[chosen], device)
        shown = shown + torch.randn(shown.shape, generator=chance).to(device) * 0.05
        with torch.autocast(device, torch.bfloat16):
            things, bodies, grounds, times = eye(shown)
        right = kinds[chosen].long().to(device)
        body = functional.binary_cross_entropy_with_logits(bodies.float(), plain[chosen].float().to(device))
        ground, time = around[chosen].to(device).unbind(1)
        return (
            functional.cross_entropy(things.float(), right)
            + body
            + 0.2 * functional.cross_entropy(grounds.float(), ground)
            + 0.2 * functional.cross_entropy(times.float(), time)
        )

    loop.run(loss_of)


def _right(numbers: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The ground truth for each scene: kinds, plain color, ground and hour."""
    maps, around = [], []
    for number in numbers:
        scene = dataset.scene(number)
        maps.append(np.stack([np.asarray(part, np.uint8) for part in marks(scene, _GRID)]))
        around.append((tuple(words.GROUNDS).index(scene.ground), tuple(words.TIMES).index(scene.time)))
    stacked = torch.from_numpy(np.stack(maps))
    return stacked[:, 0], stacked[:, 1], torch.tensor(around)


@torch.no_grad()
def look(eye: Eye, pictures: np.ndarray) -> list[Detection]:
    """What the judge sees in pictures of (count, side, side, 3) bytes."""
    shown = models.as_input(torch.from_numpy(pictures).permute(0, 3, 1, 2), "cpu")
    things, bodies, grounds, times = eye(shown)
    pixels = torch.from_numpy(pictures).float()
    return [
        _detect(things[at].argmax(0), bodies[at], pixels[at], (grounds[at], times[at])) for at in range(len(pictures))
    ]


def _detect(
    kinds: torch.Tensor, plain: torch.Tensor, pixels: torch.Tensor, around: tuple[torch.Tensor, torch.Tensor]
) -> Detection:
    shares = {kind: float((kinds == place + 1).float().mean()) for place, kind in enumerate(KINDS)}
    seen = sorted((kind for kind in KINDS if shares[kind] > _LEAST_SHARE), key=lambda kind: -shares[kind])
    places, colors = {}, {}
    for kind in seen:
        there = kinds == KINDS.index(kind) + 1
        y, x = there.nonzero().float().add(0.5).div(_GRID).mean(0).tolist()
        places[kind] = (x, y)
        body = there & (plain > 0)
        red, green, blue = pixels[_finer(body if body.any() else there)].median(0).values.tolist()
        colors[kind] = (red, green, blue)
    ground, time = (int(answer.argmax()) for answer in around)
    kinds_seen = {kind: shares[kind] for kind in seen}
    return Detection(kinds_seen, places, colors, tuple(words.GROUNDS)[ground], tuple(words.TIMES)[time])


def _finer(there: torch.Tensor) -> torch.Tensor:
    """Upsample a map from the grid to the picture's pixels."""
    times = SIDE // _GRID
    return there.repeat_interleave(times, 0).repeat_interleave(times, 1)


def color_of(sight: Detection, kind: str, scene: Scene) -> str:
    """The named color whose appearance in this scene is closest to the color that the judge sees."""

    def distance(color: str) -> float:
        pairs = zip(seen_as(scene, color), sight.bodies[kind], strict=True)
        return sum((expected - found) ** 2 for expected, found in pairs)

    return min(words.COLORS, key=distance)


def place_of(sight: Detection, kind: str) -> str:
    x = sight.places[kind][0]
    return "left" if x < 0.38 else "right" if x > 0.62 else "middle"
