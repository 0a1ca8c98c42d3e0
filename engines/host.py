"""Where engines run: the device's in a thread of this process or in a supervised child, native ones always in a child.

Both hosts do exactly the same.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Protocol

from engines import runtime, wire
from engines.catalog import Catalog
from engines.config import EngineConfig
from engines.inprocess import ThreadHost
from engines.process import ProcessHost
from engines.swapper import Swapper, choose
from engines.swapper.device import Cpu, Cuda, Device
from engines.swapper.swapper import Relief

MODEL_LANES: tuple[wire.Lane, ...] = ("device", "cpu", "talk")
"""Lanes whose work is done by models here."""
NATIVE_LANES: tuple[wire.Lane, ...] = ("cpu", "talk")
"""Those whose libraries (ncnn, onnxruntime, llama.cpp) end the whole process when they get no memory: always in a
child each."""
LINE_LANES: dict[wire.Lane, int] = {"net": 4, "fetch": 2}
"""Lanes that wait for other machines, always in threads of the app, with how many jobs each does at a time."""

_FREE_SECONDS = 1.5
"""How long nothing may change before no more memory is expected to come free."""
_LOOK_AGAIN = 0.05


class Host(Protocol):
    """Runs jobs of a lane, one at a time; a lane may have several hosts."""

    lane: wire.Lane

    def start(self, on_event: Callable[[wire.Event], None]) -> None:
        """Begin; events arrive on the host's own thread."""

    def run(self, envelope: wire.Envelope) -> None:
        """Hand in a job. Returns at once. Not before the one before it has ended."""

    def cancel(self, job: str) -> None:
        """Stop the job if it is the one in hand."""

    def make_way(self, job: str) -> None:
        """Ask the job to checkpoint and yield."""

    def free(self) -> None:
        """Drop every model that no job holds."""

    def stop(self) -> None:
        """End within two seconds, whatever runs. No event comes after it."""


def make_hosts(kind: Literal["inprocess", "process"] | None, config: EngineConfig) -> list[Host]:
    """A host for each job that may run at the same time, none started yet.

    ``kind`` None: children where there are several GPUs, else threads.
    """
    runtime.use_threads(config.threads)
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
    """For lanes that load no models themselves: room on ``device`` is made by the hosts that do."""

    def __init__(self, device: Device, hosts: Sequence[Host]) -> None:
        super().__init__(Cpu())
        self._shared = device
        self._hosts = hosts

    def free(self) -> None:
        """There is nothing to drop."""

    def spare(self, bytes: int, check: Callable[[], None]) -> None:
        """Have idle models dropped where fewer ``bytes`` are free; waits until no more memory comes free."""
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
    """What frees memory of a device that is not ours: an Ollama that shares the card lets go of its models."""
    if not isinstance(device, Cuda) or not config.ollama_shares_memory:
        return lambda missing, check: False
    from engines.language.server import make_room

    return lambda missing, check: make_room(config.ollama, missing, device.available, check)


def _gpus() -> int:
    return sum(1 for _ in Path("/proc/driver/nvidia/gpus").glob("*"))
