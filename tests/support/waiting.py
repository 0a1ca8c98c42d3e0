"""Wait for a condition, with a time limit."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
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


def next_tick(folder: Path) -> None:
    """Wait until the clock of a folder's file system has advanced: a later change has another time."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        probe = Path(file.name)
        start = probe.stat().st_ctime_ns

        def advanced() -> bool:
            os.utime(probe)
            return probe.stat().st_ctime_ns > start

        until(advanced, 5, "the file system's clock", every=0)
