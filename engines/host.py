"""Where engines run: in a thread of this process, or in a supervised child a lane. Both do exactly the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from engines import runtime, wire
from engines.catalog import Catalog
from engines.config import EngineConfig
from engines.inprocess import ThreadHost
from engines.process import ProcessHost
from engines.swapper import Swapper, choose

LANES: tuple[wire.Lane, ...] = ("device", "cpu")


class Host(Protocol):
    """Runs the jobs of a lane, one at a time."""

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


def make_hosts(kind: Literal["inprocess", "process"] | None, config: EngineConfig) -> dict[wire.Lane, Host]:
    """A host a lane, not started yet. ``kind`` None: children where there are several GPUs, else threads."""
    runtime.use_threads(config.threads)
    if kind == "process" or (kind is None and _gpus() > 1):
        return {lane: ProcessHost(lane, config) for lane in LANES}
    catalog = Catalog(config.starter, config.catalog)
    swapper = Swapper(choose(config), config.memory_bytes, config.idle_seconds)
    return {lane: ThreadHost(lane, config, swapper, catalog) for lane in LANES}


def _gpus() -> int:
    return sum(1 for _ in Path("/proc/driver/nvidia/gpus").glob("*"))
