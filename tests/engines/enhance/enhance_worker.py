"""Runs one request on files through a real worker and returns the result."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from engines import protocol
from engines.catalog import Catalog
from engines.host.config import EngineConfig
from engines.host.worker import Worker
from engines.media import intake
from engines.memory import Cpu, Swapper
from engines.requests import Request


def asset_id(number: int) -> str:
    """Return the id of the n-th input of a test."""
    return f"{number:032x}"


class Came(NamedTuple):
    """The outcome of a job."""

    events: list[protocol.Event]
    folder: Path

    @property
    def ended(self) -> protocol.Event:
        return next(e for e in reversed(self.events) if isinstance(e, protocol.EndEvent))

    @property
    def file(self) -> protocol.ResultFile:
        assert isinstance(self.ended, protocol.Result), self.ended
        return self.ended.files[0]

    @property
    def path(self) -> Path:
        return self.folder / self.file.file

    def of(self, kind: type[protocol.OfJob]) -> list[protocol.OfJob]:
        return [event for event in self.events if isinstance(event, kind)]


class Desk:
    """A worker with the starter models, shared by all tests of a module so that models load once."""

    def __init__(self, starter: Path, folder: Path) -> None:
        self.catalog = Catalog(starter, folder / "own")
        self.folder = folder
        self._config = EngineConfig(starter=starter, catalog=folder / "own")
        self._swapper = Swapper(Cpu())
        self._count = 0

    def do(
        self,
        request: Request,
        *inputs: Path,
        on_event: Callable[[Worker, protocol.Event], None] = lambda worker, event: None,
        checkpoint: Path | None = None,
    ) -> Came:
        """Run a request whose asset fields hold ``asset_id(0)``, ``asset_id(1)`` … for ``inputs``, in that order."""
        self._count += 1
        facts = {asset_id(n): intake.inspect(path, path.name).facts for n, path in enumerate(inputs)}
        ready = self.catalog.prepare(request, facts)
        out = self.folder / f"out-{self._count}"
        out.mkdir(parents=True, exist_ok=True)
        envelope = protocol.Envelope(
            job=f"job{self._count}",
            attempt=1,
            request=ready.model_dump(mode="json"),
            inputs={id: protocol.Input(path=str(inputs[int(id, 16)]), facts=known) for id, known in facts.items()},
            out_dir=str(out),
            checkpoint_dir=str(checkpoint or out / "checkpoint"),
        )
        events: list[protocol.Event] = []
        lock = threading.Lock()

        def send(event: protocol.Event) -> None:
            with lock:
                events.append(event)
            on_event(worker, event)

        worker = Worker(self.catalog.get(ready.model or "").lane, self._config, send, self._swapper, self.catalog)
        worker.run(envelope)
        return Came(events, out)
