"""Where engines run: the device's in a thread of this process or in a supervised child, native ones always in a child.

Both hosts do exactly the same.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import urlsplit

from engines import runtime, wire
from engines.catalog import Catalog
from engines.config import EngineConfig
from engines.inprocess import ThreadHost
from engines.process import ProcessHost
from engines.swapper import Swapper, choose
from engines.swapper.device import Cpu, Cuda, Device

MODEL_LANES: tuple[wire.Lane, ...] = ("device", "cpu", "talk")
"""Lanes whose work is done by models here."""
NATIVE_LANES: tuple[wire.Lane, ...] = ("cpu", "talk")
"""Those whose libraries (ncnn, onnxruntime, llama.cpp) end the whole process when they get no memory: always in a
child each."""
LINE_LANES: dict[wire.Lane, int] = {"net": 4, "fetch": 2}
"""Lanes that wait for other machines, always in threads of the app, with how many jobs each does at a time."""


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
    catalog = Catalog(config.starter, config.catalog, config.ollama_url)
    nothing = Swapper(Cpu(), None, config.idle_seconds)  # such jobs load no models
    line: list[Host] = [ThreadHost(lane, config, nothing, catalog) for lane, n in LINE_LANES.items() for _ in range(n)]
    if kind == "process" or (kind is None and _gpus() > 1):
        return [*(ProcessHost(lane, config) for lane in MODEL_LANES), *line]
    device = choose(config)
    swapper = Swapper(device, config.memory_bytes, config.idle_seconds, relief(config, device))
    native: list[Host] = [ProcessHost(lane, config, lazy=True) for lane in NATIVE_LANES]
    return [ThreadHost("device", config, swapper, catalog), *native, *line]


def relief(config: EngineConfig, device: Device) -> Callable[[], bool]:
    """What frees memory of a device that is not ours: an Ollama that shares the card lets go of its models."""
    if not isinstance(device, Cuda) or urlsplit(config.ollama_url).hostname not in ("127.0.0.1", "localhost", "::1"):
        return lambda: False
    from engines.language.server import make_room

    return lambda: make_room(config.ollama_url)


def _gpus() -> int:
    return sum(1 for _ in Path("/proc/driver/nvidia/gpus").glob("*"))
