"""A lane in this process: a thread that runs its jobs."""

import logging
import queue
import threading
from collections.abc import Callable

from engines import protocol
from engines.catalog import Catalog
from engines.host.config import EngineConfig
from engines.host.worker import Worker
from engines.memory import Swapper

log = logging.getLogger(__name__)

REST_SECONDS = 10.0
"""How often an idle lane looks for models to unload, in seconds."""


class ThreadHost:
    """Runs a lane's jobs in its own thread; the lanes of a process share a swapper."""

    def __init__(self, lane: protocol.Lane, config: EngineConfig, swapper: Swapper, catalog: Catalog) -> None:
        self.lane = lane
        self._worker = Worker(lane, config, self._send, swapper, catalog)
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._on_event: Callable[[protocol.Event], None] = lambda event: None
        self._stopping = threading.Event()
        self._job = ""
        self._thread = threading.Thread(target=self._loop, name=f"engine-{lane}", daemon=True)

    def start(self, on_event: Callable[[protocol.Event], None]) -> None:
        """Start; ``on_event`` is called on the host's own thread."""
        self._on_event = on_event
        self._work.put(self._worker.tell)
        self._thread.start()

    def run(self, envelope: protocol.Envelope) -> None:
        """Submit a job and return immediately."""
        self._job = envelope.job
        self._worker.accept(envelope)
        self._work.put(lambda: self._worker.run(envelope))

    def cancel(self, job: str) -> None:
        """Stop the job at its next step."""
        self._worker.cancel(job)

    def request_yield(self, job: str) -> None:
        """Ask the job to checkpoint and yield."""
        self._worker.request_yield(job)

    def free(self) -> None:
        """Unload every model that no job is using. Returns immediately; a thread waits for a model being loaded."""

        def drop() -> None:
            self._worker.free()
            self._work.put(self._worker.tell)

        threading.Thread(target=drop, name="free", daemon=True).start()

    def stop(self) -> None:
        """Send no more events, cancel the running job and wait for it briefly."""
        self._stopping.set()
        self._worker.cancel(self._job)
        self._work.put(lambda: None)
        self._thread.join(1.5)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                work = self._work.get(timeout=REST_SECONDS)
            except queue.Empty:
                work = self._worker.rest
            try:
                work()
            except Exception:
                log.exception("Unexpected error in the engine for %s", self.lane)

    def _send(self, event: protocol.Event) -> None:
        if not self._stopping.is_set():
            self._on_event(event)
