"""Scenes by number: each number gives the same scene, picture and captions on every computer.

Numbers below ``HELD_OUT`` are for training. The judge is trained on scenes above it, and tested on yet others.
This module does not import torch, so that drawing processes start quickly.
"""

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from random import Random

import numpy as np

from tools.storybook.captions import caption
from tools.storybook.drawing import SIDE, draw
from tools.storybook.scene import Scene, random_scene

HELD_OUT = 10_000_000
CAPTIONS_A_SCENE = 4
_A_WORKERS_SHARE = 256


def scene(number: int) -> Scene:
    return random_scene(Random(f"scene {number}"))


def captions(number: int, count: int = CAPTIONS_A_SCENE) -> list[str]:
    found, lot = scene(number), Random(f"caption {number}")
    return [caption(found, lot) for _ in range(count)]


def picture(number: int) -> np.ndarray:
    """The picture of a scene as (side, side, 3) bytes."""
    return np.asarray(draw(scene(number)))


def pictures(numbers: Iterable[int], workers: int) -> np.ndarray:
    """Pictures as (count, 3, side, side) bytes, drawn by ``workers`` processes."""
    numbers = list(numbers)
    if workers < 2 or len(numbers) <= _A_WORKERS_SHARE:
        return _stacked(numbers)
    parts = [numbers[start : start + _A_WORKERS_SHARE] for start in range(0, len(numbers), _A_WORKERS_SHARE)]
    # Spawned processes: a fork of a process with torch threads may hang.
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        return np.concatenate(list(pool.map(_stacked, parts)))


def _stacked(numbers: list[int]) -> np.ndarray:
    drawn = np.empty((len(numbers), SIDE, SIDE, 3), np.uint8)
    for place, number in enumerate(numbers):
        drawn[place] = picture(number)
    return np.ascontiguousarray(drawn.transpose(0, 3, 1, 2))
