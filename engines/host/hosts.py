"""Where engines run: the device's in a thread of this process or a supervised child, native ones always in a child.

Both hosts behave exactly the same.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Protocol

from engines import protocol, torch_setup
from engines.catalog import Catalog
from engines.host.config import EngineConfig
from engines.host.process_host import ProcessHost
from engines.host.thread_host import ThreadHost
from engines.memory import Swapper, choose
from engines.memory.device import Cpu, Cuda, Device
from engines.memory.swapper import Relief

MODEL_LANES: tuple[protocol.Lane, ...] = ("device", "cpu", "talk")
"""Lanes whose models run on this computer."""
NATIVE_LANES: tuple[protocol.Lane, ...] = ("cpu", "talk")
"""Lanes whose libraries (ncnn, ONNX Runtime, llama.cpp) end the whole process when they run out of memory: each always
runs in its own child."""
LINE_LANES: dict[protocol.Lane, int] = {"net": 4, "fetch": 2}
"""Lanes that wait for other computers, always in threads of the app, with the number of jobs each runs at a time."""

_FREE_SECONDS = 1.5
"""If free memory has not changed for this many seconds, no more is expected."""
_LOOK_AGAIN = 0.05


class Host(Protocol):
    """Runs jobs of a lane, one at a time; a lane may have several hosts."""

    lane: protocol.Lane

    def start(self, on_event: Callable[[protocol.Event], None]) -> None:
        """Start; events arrive on the host's own thread."""

    def run(self, envelope: protocol.Envelope) -> None:
        """Submit a job and return immediately. Only call this when the previous job has ended."""

    def cancel(self, job: str) -> None:
        """Stop the job if it is running."""

    def request_yield(self, job: str) -> None:
        """Ask the job to checkpoint and yield."""

    def free(self) -> None:
        """Unload every model that no job is using."""

    def stop(self) -> None:
        """End within two seconds, even if a job is running. No events follow."""


def make_hosts(kind: Literal["inprocess", "process"] | None, config: EngineConfig) -> list[Host]:
    """Create a host for each job that may run at the same time, without starting them.

    ``kind`` None: children if there are several GPUs, else threads.
    """
    torch_setup.use_threads(config.threads)
    catalog = Catalog(config.starter, config.catalog, config.ollama)
    device = choose(config)
    models: list[Host]
    if kind == "process" or (kind is None and _gpus() > 1):
        models = [ProcessHost(lane, config) for lane in MODEL_LANES]
    else:
        swapper = Swapper(device, config.memory_bytes, config.idle_seconds, relief(config, device))
        native = [ProcessHost(lane, config, lazy=True) for lane in NATIVE_LANES]
        models = [ThreadHost("device", config, swapper, catalog), *native]
    none = NoModels(device, models)
    return [*models, *(ThreadHost(lane, config, none, catalog) for lane, n in LINE_LANES.items() for _ in range(n))]


class NoModels(Swapper):
    """For lanes that load no models themselves: the hosts that do make room on ``device``."""

    def __init__(self, device: Device, hosts: Sequence[Host]) -> None:
        super().__init__(Cpu())
        self._shared = device
        self._hosts = hosts

    def free(self) -> None:
        """There is nothing to unload."""

    def spare(self, bytes: int, check: Callable[[], None]) -> None:
        """Have idle models unloaded if fewer than ``bytes`` are free, and wait until no more memory is freed."""
        before = self._shared.available()
        if before >= bytes:
            return
        for host in self._hosts:
            host.free()
        since = time.monotonic()
        while (now := self._shared.available()) < bytes and time.monotonic() - since < _FREE_SECONDS:
            check()
            if now > before:
                before, since = now, time.monotonic()
            time.sleep(_LOOK_AGAIN)


def relief(config: EngineConfig, device: Device) -> Relief:
    """Return the function that frees other programs' memory: an Ollama server that shares the GPU unloads its
    models."""
    if not isinstance(device, Cuda) or not config.ollama_shares_memory:
        return lambda missing, check: False
    from engines.language.ollama_server import make_room

    return lambda missing, check: make_room(config.ollama, missing, device.available, check)


def _gpus() -> int:
    return sum(1 for _ in Path("/proc/driver/nvidia/gpus").glob("*"))
