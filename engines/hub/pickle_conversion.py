"""Convert pickled weights to safetensors once, in a child process; refuse pickles with anything but tensors."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engines.hub import cache
from engines.hub.file_download import disk_full
from engines.hub.file_selection import is_pickled
from engines.memory.device import out_of_memory
from engines.starter.rewrite import UNSAFE
from errors import StudioError

if TYPE_CHECKING:
    from engines.hub.download import WantedFile

_SOURCE = Path(__file__).parents[2]
_LOOK_SECONDS = 0.25
_COMMAND = (sys.executable, "-m", "engines.starter.rewrite")
_NO_ROOM = re.compile(r"no space left|quota exceeded|file too large", re.IGNORECASE)
"""Error texts of a full disk, as the system reports it through the library that writes the file."""


def rewrite_all(wanted: Sequence["WantedFile"], pulse: Callable[[], None]) -> None:
    """Convert every fetched pickle to safetensors and delete the pickle.

    Raises StudioError unsafe_model if a pickle holds more than plain tensors; out_of_memory, disk_full or not_rewritten
    if the conversion fails, in which case the pickle is kept for the next attempt. ``pulse`` stops it by raising.
    """
    for one in wanted:
        if not is_pickled(one.file):
            continue
        source = cache.blob(one.repo.name, one.file)
        target = cache.snapshot(one.repo) / one.file.path
        safe = target.with_name(_safe_name(target.name))
        if not safe.exists():
            safe.parent.mkdir(parents=True, exist_ok=True)
            _rewrite(source, safe, one.repo.name, pulse)
        source.unlink(missing_ok=True)
    for one in wanted:
        if one.file.path.endswith(".bin.index.json"):
            _rewrite_index(cache.snapshot(one.repo) / one.file.path)


def _safe_name(name: str) -> str:
    """Return the standard name of the same weights as safetensors."""
    name = name.removesuffix(".bin") + ".safetensors"
    return name if name.startswith("diffusion_") else name.replace("pytorch_model", "model", 1)


def _rewrite(source: Path, safe: Path, repo: str, pulse: Callable[[], None]) -> None:
    part = safe.with_name(f"{safe.name}.part")
    child = subprocess.Popen(
        [*_COMMAND, source, part],
        cwd=_SOURCE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    try:
        while True:
            pulse()
            try:
                stderr = child.communicate(timeout=_LOOK_SECONDS)[1]
                break
            except subprocess.TimeoutExpired:
                continue
    finally:
        child.kill()
        child.wait()
        if child.returncode:
            part.unlink(missing_ok=True)
    if child.returncode == UNSAFE:
        source.unlink(missing_ok=True)
    if child.returncode:
        raise _failure(child.returncode, stderr, repo)
    part.rename(safe)


def _failure(status: int, stderr: str, repo: str) -> StudioError:
    """Return the error for a child process that ended with a status and this output."""
    why = (stderr.strip().splitlines() or ["The converter stopped without an error message."])[-1][:160]
    if status == UNSAFE:
        return StudioError(
            "unsafe_model",
            f"The weights of {repo} are a pickle that contains more than tensors.",
            f"Such a file could run programs on this computer, so it was not opened ({why}).",
            "Choose an upload of this model in safetensors.",
            status=422,
        )
    if _NO_ROOM.search(stderr):
        return disk_full()
    if status < 0 or "MemoryError" in why or out_of_memory(RuntimeError(stderr)):  # the system kills it by a signal
        return StudioError(
            "out_of_memory",
            f"There was not enough memory to convert the weights of {repo} to safetensors.",
            "The conversion loads the whole file into memory.",
            "Close other programs, then try again. Everything downloaded so far is kept.",
            status=503,
        )
    return StudioError(
        "not_rewritten",
        f"The weights of {repo} could not be converted to safetensors.",
        why,
        "Try again: the download is kept. Or choose an upload of this model in safetensors.",
        status=500,
    )


def _rewrite_index(index: Path) -> None:
    """Rewrite the index of shards with their new names."""
    listed = json.loads(index.read_text(encoding="utf-8"))
    listed["weight_map"] = {name: _safe_name(file) for name, file in listed["weight_map"].items()}
    stem = index.name.removesuffix(".bin.index.json")
    index.with_name(f"{_safe_name(stem + '.bin')}.index.json").write_text(json.dumps(listed), encoding="utf-8")
