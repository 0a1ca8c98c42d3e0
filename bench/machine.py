"""The computer on which a figure was measured."""

import importlib.metadata
import os
import platform
import re
from functools import cache
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """CPU, memory, GPUs, versions, and the load of the last minute: other work makes figures worse."""
    return {**_fixed(), "load": round(os.getloadavg()[0], 2)}


@cache
def _fixed() -> dict[str, Any]:
    return {
        "processor": _first(r"model name\s*: (.+)", Path("/proc/cpuinfo")),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "cards": cards(),
        "system": platform.release(),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in ("torch", "diffusers", "gradio")},
    }


def cards() -> list[str]:
    """The names of the NVIDIA GPUs that models may use; empty if there are none."""
    from engines.host.config import EngineConfig
    from engines.memory.device import choose

    device = choose(EngineConfig(starter=Path(), catalog=Path()))
    return [] if device.torch == "cpu" else [device.name]


def _first(pattern: str, file: Path) -> str:
    found = re.search(pattern, file.read_text())
    return found.group(1).strip() if found else platform.machine()
