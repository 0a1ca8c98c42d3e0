"""Draw the noise of a scheduler's steps from the seeds of the pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@contextmanager
def seeded_steps(pipeline: Any, generator: "torch.Generator | list[torch.Generator]") -> Iterator[None]:
    """Make the pipeline's scheduler draw from ``generator`` (one, or one for each picture of the batch) during the
    block.

    Some pipelines pass no generator to their scheduler. A scheduler that draws fresh noise at each step would then use
    torch's global state, and the same seed would give a different picture each time.
    """
    scheduler = pipeline.scheduler
    if "generator" not in signature(scheduler.step).parameters:
        yield
        return
    scheduler.step = partial(scheduler.step, generator=generator)
    try:
        yield
    finally:
        del scheduler.step
