"""The main memory available to this process: the computer's, or less inside a container."""

import ctypes
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_HEADROOM = 0.9
"""The part of the free memory that models may use."""


def _meminfo() -> dict[str, int]:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # missing, or "max"
        return None


def _cgroup() -> tuple[int, int] | None:
    """Return the container's limit and use, without reclaimable page cache; None if there is no limit."""
    limit, used = _number(_CGROUP / "memory.max"), _number(_CGROUP / "memory.current")
    if limit is None or used is None:
        return None
    stat = dict(line.split() for line in (_CGROUP / "memory.stat").read_text().splitlines())
    return limit, used - int(stat.get("inactive_file", 0))


def total() -> int:
    """Return the total memory in bytes."""
    machine, container = _meminfo()["MemTotal"], _cgroup()
    return min(machine, container[0]) if container else machine


def used() -> int:
    """Return the bytes in use by any program, without the page cache."""
    info, container = _meminfo(), _cgroup()
    return container[1] if container and container[0] < info["MemTotal"] else info["MemTotal"] - info["MemAvailable"]


def available() -> int:
    """Return the bytes that models may still use."""
    return int((total() - used()) * _HEADROOM)


def resident() -> int:
    """Return the bytes this process uses now."""
    return _status("VmRSS")


def reset_peak() -> None:
    """Restart the measurement of ``peak``."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:  # some containers forbid it: the peak then counts from the start
        return


def peak() -> int:
    """Return the peak memory use of this process in bytes since ``reset_peak``."""
    return _status("VmHWM")


def give_back() -> None:
    """Return freed memory to the system (glibc keeps it otherwise)."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return 0


def oom_kills() -> int:
    """Return how many processes the kernel has killed for lack of memory, in this container or on this computer."""
    for path in (_CGROUP / "memory.events", Path("/proc/vmstat")):
        try:
            counts = dict(line.split() for line in path.read_text().splitlines())
            return int(counts["oom_kill"])
        except (OSError, ValueError, KeyError):
            continue
    return 0
