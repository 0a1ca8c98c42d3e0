"""Weights that come as pickles only: rewritten once as safetensors, in a child, tensors alone; refused otherwise."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engines.hub import cache
from engines.hub.choose import pickled
from engines.hub.transfer import disk_full
from engines.starter.rewrite import UNSAFE
from engines.swapper.device import out_of_memory
from errors import StudioError

if TYPE_CHECKING:
    from engines.hub.fetch import Wanted

_SOURCE = Path(__file__).parents[2]
_LOOK_SECONDS = 0.25
_COMMAND = (sys.executable, "-m", "engines.starter.rewrite")
_NO_ROOM = re.compile(r"no space left|quota exceeded|file too large", re.IGNORECASE)
"""How the system says that a file can grow no further, in the words of the library that writes it."""


def rewrite_all(wanted: Sequence["Wanted"], pulse: Callable[[], None]) -> None:
    """Rewrite every pickle among files that were fetched; the pickles themselves are not kept.

    Raises StudioError unsafe_model where one is more than plain tensors; out_of_memory, disk_full or not_rewritten
    where it could not be rewritten, and then it is kept for the next time. What ``pulse`` raises stops it.
    """
    for one in wanted:
        if not pickled(one.file):
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
    """What the libraries call the same weights as safetensors."""
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
                said = child.communicate(timeout=_LOOK_SECONDS)[1]
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
        raise _failure(child.returncode, said, repo)
    part.rename(safe)


def _failure(status: int, said: str, repo: str) -> StudioError:
    """Why the child ended with a status, having said this."""
    why = (said.strip().splitlines() or ["It ended without a word."])[-1][:160]
    if status == UNSAFE:
        return StudioError(
            "unsafe_model",
            f"The weights of {repo} come as a pickle that is more than numbers.",
            f"Such a file could run programs on this machine, so that it was not opened ({why}).",
            "Take an upload of this model in safetensors.",
            status=422,
        )
    if _NO_ROOM.search(said):
        return disk_full()
    if status < 0 or "MemoryError" in why or out_of_memory(RuntimeError(said)):  # a full system ends it by a signal
        return StudioError(
            "out_of_memory",
            f"There was not enough memory to rewrite the weights of {repo} as safetensors.",
            "They are read into memory once, as a whole.",
            "Close other programs and try again: what has arrived is kept.",
            status=503,
        )
    return StudioError(
        "not_rewritten",
        f"The weights of {repo} could not be rewritten as safetensors.",
        why,
        "Try again: what has arrived is kept. Or take an upload of this model in safetensors.",
        status=500,
    )


def _rewrite_index(index: Path) -> None:
    """The list of shards, by their new names."""
    listed = json.loads(index.read_text(encoding="utf-8"))
    listed["weight_map"] = {name: _safe_name(file) for name, file in listed["weight_map"].items()}
    stem = index.name.removesuffix(".bin.index.json")
    index.with_name(f"{_safe_name(stem + '.bin')}.index.json").write_text(json.dumps(listed), encoding="utf-8")
