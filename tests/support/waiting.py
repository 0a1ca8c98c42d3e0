"""Waiting for something to become true, no longer than needed and never for ever."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def until(look: Callable[[], Found | None], seconds: float = 30.0, what: str = "it") -> Found:
    """The first true value that ``look`` gives. Raises AssertionError after ``seconds``, naming what was awaited."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds:g} s")
        time.sleep(0.02)
    return found
