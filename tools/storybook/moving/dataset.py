"""Moving scenes by number: each number gives the same clip and captions on every computer. No torch import.

Numbers below ``dataset.HELD_OUT`` are for training, as with pictures.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from random import Random

import numpy as np

from tools.storybook.motion import Moving, moving_caption, random_moving, some_frames

FRAMES = 17
CAPTIONS_A_CLIP = 4
SPARSE = 7
"""The number of frames of a clip kept for training: neighboring frames add little."""

WHOLE_EVERY = 8
"""One in this many clips is kept whole."""

_A_WORKERS_SHARE = 64


def moving(number: int) -> Moving:
    return random_moving(Random(f"moving {number}"))


def captions(number: int, count: int = CAPTIONS_A_CLIP) -> list[str]:
    found, lot = moving(number), Random(f"moving caption {number}")
    return [moving_caption(found, lot) for _ in range(count)]


def kept(number: int) -> list[int]:
    """The frames of a clip kept for training: always the first, and a random selection of the others."""
    if number % WHOLE_EVERY == 0:
        return list(range(FRAMES))
    return [0, *sorted(Random(f"kept {number}").sample(range(1, FRAMES), SPARSE - 1))]


def clips(numbers: Sequence[int], workers: int, frames: Sequence[int] = ()) -> np.ndarray:
    """Clips as (count, frames, 3, side, side) bytes: the given frames, or those kept, the same number for each clip."""
    parts = [numbers[start : start + _A_WORKERS_SHARE] for start in range(0, len(numbers), _A_WORKERS_SHARE)]
    # Spawned processes: a fork of a process with torch threads may hang.
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        return np.concatenate(list(pool.map(_stacked, parts, repeat(frames))))


def _stacked(numbers: Sequence[int], frames: Sequence[int]) -> np.ndarray:
    return np.stack([_clip(number, frames or kept(number)) for number in numbers])


def _clip(number: int, frames: Sequence[int]) -> np.ndarray:
    drawn = np.stack([np.asarray(frame) for frame in some_frames(moving(number), frames, FRAMES)])
    return np.ascontiguousarray(drawn.transpose(0, 3, 1, 2))
