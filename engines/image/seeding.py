"""The noise that a scheduler draws between its steps, drawn from the seeds of the pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@contextmanager
def seeded_steps(pipeline: Any, generator: "torch.Generator | list[torch.Generator]") -> Iterator[None]:
    """While it lasts, the pipeline's scheduler draws from ``generator``, one or one for each picture of the pass.

    Some pipelines hand their scheduler no generator. Some schedulers draw fresh noise at each step: from torch's own
    state, so that the same seed would make another picture each time.
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
