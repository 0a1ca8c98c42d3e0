"""Wait for a condition, with a time limit."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def until(look: Callable[[], Found | None], seconds: float = 30.0, what: str = "it", every: float = 0.02) -> Found:
    """The first true value of ``look``, called every ``every`` seconds. Raises AssertionError after ``seconds``, naming
    ``what``."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"timed out after {seconds:g} s waiting for {what}")
        time.sleep(every)
    return found
