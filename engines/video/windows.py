"""Clips that a model makes in windows: they are longer than it can make at once, or their prompt changes.

Each window starts with the last frame of the one before.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

from engines.catalog import Entry
from engines.diffusion.video_family import VideoFamily, fps
from engines.requests.timed_prompt import TimedPrompt


class Window(NamedTuple):
    """A part of a clip: its prompt, the number of frames to generate, and how many of them to keep.

    Both numbers include the first frame, which the previous window ends with.
    """

    prompt: str
    frames: int
    kept: int


def plan_windows(
    family: VideoFamily, entry: Entry, seconds: float, prompts: tuple[TimedPrompt, ...]
) -> tuple[Window, ...]:
    """Return the windows of a clip, as few and as even as the model and the times of the prompts allow."""
    step = family.step(entry)
    shortest, longest = _window_steps(family, entry)
    total = (family.frames(entry, seconds) - 1) // step
    starts = [min(total, round(one.start * fps(entry) / step)) for one in prompts]
    windows: list[Window] = []
    for one, start, end in zip(prompts, starts, [*starts[1:], total], strict=True):
        windows += (
            Window(one.prompt, 1 + step * max(steps, shortest), 1 + step * steps)
            for steps in _even(end - start, longest)
        )
    return tuple(windows) or (Window(prompts[0].prompt, 1 + step * shortest, 1),)


def _window_steps(family: VideoFamily, entry: Entry) -> tuple[int, int]:
    """Return the fewest and the most steps (latent frames after the first) that a model can make at once."""
    low, high, _ = entry.bounds.get("seconds", (0.0, math.inf, 0.0))
    if math.isinf(high):
        return 0, 1_000_000
    step = family.step(entry)
    fewest, most = ((family.frames(entry, one) - 1) // step for one in (low, high))
    return fewest, max(1, most)


def _even(steps: int, longest: int) -> Iterator[int]:
    """Divide steps into as few parts of at most ``longest`` as possible, as equal as possible."""
    count = -(-steps // longest)
    for number in range(count):
        yield -(-(number + 1) * steps // count) + -number * steps // count
