"""A lane in this process: a thread that does its jobs."""

import logging
import queue
import threading
from collections.abc import Callable

from engines import wire
from engines.catalog import Catalog
from engines.config import EngineConfig
from engines.swapper import Swapper
from engines.worker import Worker

log = logging.getLogger(__name__)

REST_SECONDS = 10.0
"""How often an idle lane looks for models to let go of."""


class ThreadHost:
    """Runs a lane's jobs in a thread of its own; lanes of one process share a swapper."""

    def __init__(self, lane: wire.Lane, config: EngineConfig, swapper: Swapper, catalog: Catalog) -> None:
        self.lane = lane
        self._worker = Worker(lane, config, self._send, swapper, catalog)
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._on_event: Callable[[wire.Event], None] = lambda event: None
        self._stopping = threading.Event()
        self._job = ""
        self._thread = threading.Thread(target=self._loop, name=f"engine-{lane}", daemon=True)

    def start(self, on_event: Callable[[wire.Event], None]) -> None:
        """Begin; ``on_event`` is called on the host's own thread."""
        self._on_event = on_event
        self._work.put(self._worker.tell)
        self._thread.start()

    def run(self, envelope: wire.Envelope) -> None:
        """Hand in a job. Returns at once."""
        self._job = envelope.job
        self._worker.accept(envelope)
        self._work.put(lambda: self._worker.run(envelope))

    def cancel(self, job: str) -> None:
        """Stop the job at its next step."""
        self._worker.cancel(job)

    def make_way(self, job: str) -> None:
        """Ask the job to checkpoint and yield."""
        self._worker.make_way(job)

    def free(self) -> None:
        """Drop every model that no job holds. Returns at once: a model that is being loaded is waited for."""

        def drop() -> None:
            self._worker.free()
            self._work.put(self._worker.tell)

        threading.Thread(target=drop, name="free", daemon=True).start()

    def stop(self) -> None:
        """Send no more events, cancel what runs and wait for it for a moment."""
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
                log.exception("The engine for %s stumbled", self.lane)

    def _send(self, event: wire.Event) -> None:
        if not self._stopping.is_set():
            self._on_event(event)
