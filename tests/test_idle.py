"""An idle studio hardly uses the CPU."""

import os
import time
from pathlib import Path

import pytest

from tests.support.live import Live

SECONDS, WINDOWS = 2.0, 8


def used(pid: int) -> float:
    """Return the CPU time a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.slow
def test_an_idle_studio_uses_little_cpu(tmp_path: Path, starter: Path) -> None:
    studio = Live(tmp_path / "data", starter).start()
    try:
        assert studio.process
        taken = []
        for _ in range(WINDOWS):  # background services are still starting
            before = used(studio.process.pid)
            time.sleep(SECONDS)
            taken.append((used(studio.process.pid) - before) / SECONDS)
            if taken[-1] < 0.04:
                break
        assert min(taken) < 0.04, taken
    finally:
        studio.kill()
