"""An engine in a separate process: ``python -m engines.host.child LANE FD CONFIG``, started by process_host.

The main thread works; a second thread reads commands. When the pipe closes, the studio is gone, and this process ends
immediately.
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
from engines import protocol, torch_setup
from engines.catalog import Catalog
from engines.host.config import EngineConfig
from engines.host.hosts import relief
from engines.host.thread_host import REST_SECONDS
from engines.host.worker import Worker
from engines.memory import Swapper, choose

_PR_SET_PDEATHSIG = 1


def main(lane: protocol.Lane, pipe: Connection, config: EngineConfig) -> None:
    """Work until the stop command arrives."""
    work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
    sending = threading.Lock()

    def send(event: protocol.Event) -> None:
        try:
            with sending:
                pipe.send_bytes(event.model_dump_json().encode())
        except OSError:
            os._exit(0)

    torch_setup.use_threads(config.threads)
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
            command = protocol.COMMAND.validate_json(pipe.recv_bytes())
            if isinstance(command, protocol.Run):
                job = command.envelope.job
                worker.accept(command.envelope)
                work.put(lambda envelope=command.envelope: worker.run(envelope))  # type: ignore[misc]
            elif isinstance(command, protocol.Cancel):
                worker.cancel(command.job)
            elif isinstance(command, protocol.Yield):
                worker.request_yield(command.job)
            elif isinstance(command, protocol.Free):
                threading.Thread(target=_free, args=(worker, work), name="free", daemon=True).start()
            else:
                worker.cancel(job)
                work.put(None)
    except (EOFError, OSError):
        os._exit(0)


def _free(worker: Worker, work: "queue.SimpleQueue[Callable[[], None] | None]") -> None:
    """Free memory in a separate thread: it waits for a model that is being loaded, and commands must not wait."""
    worker.free()
    work.put(worker.tell)


def _die_with_parent() -> None:
    """Have the kernel end this process with its parent: some libraries block the interpreter for a whole step."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    _die_with_parent()
    logs.to_parent("info")
    config = EngineConfig.of_child(sys.argv[3])
    if config.logs:
        logs.to_file(config.logs / f"engine-{sys.argv[1]}.log")
    main(sys.argv[1], Connection(int(sys.argv[2])), config)  # type: ignore[arg-type]
    logging.shutdown()
    os._exit(0)  # the reading thread is still waiting at its pipe
