"""Scenes by number: the same number is the same scene, picture and captions, on every machine.

Numbers below ``HELD_OUT`` are for training. The judge learns from scenes above, and is asked about others still.
"""

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

import numpy as np
import torch

from engines.starter.storybook.captions import caption
from engines.starter.storybook.drawing import SIDE, draw
from engines.starter.storybook.scene import Scene, random_scene

HELD_OUT = 10_000_000
CAPTIONS_A_SCENE = 4


def scene(number: int) -> Scene:
    return random_scene(Random(f"scene {number}"))


def captions(number: int, count: int = CAPTIONS_A_SCENE) -> list[str]:
    found, lot = scene(number), Random(f"caption {number}")
    return [caption(found, lot) for _ in range(count)]


def picture(number: int) -> np.ndarray:
    """(side, side, 3) bytes."""
    return np.asarray(draw(scene(number)))


def pictures(numbers: Iterable[int], workers: int) -> torch.Tensor:
    """(count, 3, side, side) bytes, drawn by ``workers`` processes."""
    numbers = list(numbers)
    if workers < 2 or len(numbers) < 256:
        return _stacked(numbers)
    parts = [numbers[start : start + 256] for start in range(0, len(numbers), 256)]
    with ProcessPoolExecutor(workers) as pool:
        return torch.cat(list(pool.map(_stacked, parts)))


def _stacked(numbers: list[int]) -> torch.Tensor:
    drawn = np.empty((len(numbers), SIDE, SIDE, 3), np.uint8)
    for place, number in enumerate(numbers):
        drawn[place] = picture(number)
    return torch.from_numpy(drawn).permute(0, 3, 1, 2).contiguous()


def as_input(drawn: torch.Tensor, device: str) -> torch.Tensor:
    """Bytes as the models want them: -1 to 1."""
    return (drawn.to(device).float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def write_atomically(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    from safetensors.torch import save_file

    part = path.with_suffix(".part")
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, part)
    part.replace(path)
