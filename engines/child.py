"""An engine in a process of its own: ``python -m engines.child LANE FD CONFIG``, started by engines.process.

The main thread works; a second one reads commands. When the pipe closes the studio is gone, and this process ends at
once, whatever it is doing.
"""

import ctypes
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection

import logs
from engines import runtime, wire
from engines.catalog import Catalog
from engines.config import EngineConfig
from engines.host import relief
from engines.inprocess import REST_SECONDS
from engines.swapper import Swapper, choose
from engines.worker import Worker

_PR_SET_PDEATHSIG = 1


def main(lane: wire.Lane, pipe: Connection, config: EngineConfig) -> None:
    """Work until told to stop."""
    work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
    sending = threading.Lock()

    def send(event: wire.Event) -> None:
        try:
            with sending:
                pipe.send_bytes(event.model_dump_json().encode())
        except OSError:
            os._exit(0)

    runtime.use_threads(config.threads)
    device = choose(config)
    swapper = Swapper(device, config.memory_bytes, config.idle_seconds, relief(config, device))
    worker = Worker(lane, config, send, swapper, Catalog(config.starter, config.catalog, config.ollama))
    worker.tell()
    threading.Thread(target=_read, args=(pipe, worker, work), name="commands", daemon=True).start()
    while True:
        try:
            step = work.get(timeout=REST_SECONDS)
        except queue.Empty:
            step = worker.rest
        if step is None:
            return
        step()


def _read(pipe: Connection, worker: Worker, work: "queue.SimpleQueue[Callable[[], None] | None]") -> None:
    job = ""
    try:
        while True:
            command = wire.COMMAND.validate_json(pipe.recv_bytes())
            if isinstance(command, wire.Run):
                job = command.envelope.job
                worker.accept(command.envelope)
                work.put(lambda envelope=command.envelope: worker.run(envelope))  # type: ignore[misc]
            elif isinstance(command, wire.Cancel):
                worker.cancel(command.job)
            elif isinstance(command, wire.Yield):
                worker.make_way(command.job)
            elif isinstance(command, wire.Free):
                threading.Thread(target=_free, args=(worker, work), name="free", daemon=True).start()
            else:
                worker.cancel(job)
                work.put(None)
    except (EOFError, OSError):
        os._exit(0)


def _free(worker: Worker, work: "queue.SimpleQueue[Callable[[], None] | None]") -> None:
    """On a thread of its own: it waits for a model that is being loaded, and commands must not."""
    worker.free()
    work.put(worker.tell)


def _die_with_parent() -> None:
    """Some libraries hold the interpreter for the whole of a step: the kernel need not wait for them."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    _die_with_parent()
    logs.to_parent("info")
    told = EngineConfig.of_child(sys.argv[3])
    if told.logs:
        logs.to_file(told.logs / f"engine-{sys.argv[1]}.log")
    main(sys.argv[1], Connection(int(sys.argv[2])), told)  # type: ignore[arg-type]
    logging.shutdown()
    os._exit(0)  # the reading thread is still at its pipe
