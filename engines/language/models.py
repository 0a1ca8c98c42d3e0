"""Language models: those of the catalog and those of the Ollama server, in their current state."""

import threading
import time
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from engines.catalog import Catalog, Entry
from engines.catalog.entry import OLLAMA_PREFIX, License, is_model_name, ollama_entry
from engines.language import ollama_server
from engines.language.context_length import context_length
from engines.language.ollama_errors import is_unreachable, ollama_errors
from engines.language.ollama_server import OllamaModelInfo
from errors import Problem, StudioError
from utf8 import valid

_KEEP_SECONDS = 10.0
_LOOK_SECONDS = 6.0
"""Seconds after which the server is asked about no further models; the request in progress may still finish."""
_FREE = ("Apache License", "MIT License")
"""First words of licenses that allow commercial use of the text."""


class View(BaseModel):
    """A frozen response model."""

    model_config = ConfigDict(frozen=True)


class LanguageModel(View):
    """A language model. ``context`` is the most tokens it takes at once; ``loaded_bytes`` is the memory it uses on the
    Ollama server (0 if it is not loaded, or a model of the studio). ``sketch`` means that it is too small for more than
    a line.
    """

    id: str
    name: str
    use: str
    runtime: str
    installed: bool
    bytes: int
    context: int
    vision: bool = False
    thinking: bool = False
    tools: bool = False
    sketch: bool = False
    loaded_bytes: int = 0
    parameters: str = ""
    quantization: str = ""
    license: License


class LanguageModels(View):
    """All language models. ``problem`` says why the server's models are missing; ``left_out`` lists models that cannot
    be used, and why. ``suggested`` is the id of a better model to download for this computer's CPU, if one is missing.
    """

    ollama_url: str
    models: tuple[LanguageModel, ...]
    problem: Problem | None = None
    left_out: tuple[str, ...] = ()
    suggested: str = ""


class LanguageService:
    """Lists the language models. Thread-safe; asks the server at most every ten seconds."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._address = catalog.ollama
        self._lock = threading.Lock()
        self._looked = 0.0
        self._served: tuple[LanguageModel, ...] = ()
        self._problem: Problem | None = None
        self._known: dict[tuple[str, str], OllamaModelInfo] = {}
        self._slow: set[str] = set()
        self._left_out: tuple[str, ...] = ()

    def shelf(self, *, anew: bool = False) -> LanguageModels:
        """Return all language models, the studio's own first. ``anew`` asks the server again right away."""
        with self._lock:
            if anew or time.monotonic() - self._looked > _KEEP_SECONDS or not self._looked:
                self._look()
            own = [self._own(entry) for entry in self._catalog.for_task("write") if entry.runtime != "ollama"]
            return LanguageModels(
                ollama_url=self._address.url,
                models=(*(model for model, _ in own), *self._served),
                problem=self._problem,
                left_out=(*(why for _, why in own if why), *self._left_out),
                suggested=self._suggested(),
            )

    def _suggested(self) -> str:
        """Return the best model for the CPU that can be downloaded."""
        known = (entry for entry in self._catalog.for_task("write") if entry.runtime == "llama")
        absent = (entry for entry in known if not self._catalog.installed(entry) and self._catalog.fetchable(entry))
        return next((entry.id for entry in absent), "")

    def delete(self, id: str) -> None:
        """Delete a model from the server. Raises StudioError not_served, or the server's error."""
        ollama_server.delete(self._address, self._name(id))
        self._looked = 0.0

    def unload(self, id: str) -> None:
        """Unload a model from the server's memory. Raises StudioError not_served, or the server's error."""
        ollama_server.unload(self._address, self._name(id))
        self._looked = 0.0

    def _name(self, id: str) -> str:
        if not id.startswith(OLLAMA_PREFIX) or id == OLLAMA_PREFIX:
            raise StudioError(
                "not_served",
                "This is not a model of your Ollama server.",
                next="Manage the studio's own models on the Models page.",
                status=422,
            )
        return ollama_server.name_of(id)

    def _look(self) -> None:
        """Ask the server for its models; if it is unreachable, hide them until it is back."""
        self._left_out = ()
        try:
            with ollama_errors(self._address):
                client = ollama_server.client(self._address)
                listed = client.list().models
                loaded = {model.model: int(model.size or 0) for model in client.ps().models}
            about, self._left_out = self._read(client, listed)
            self._served, self._problem = _models(listed, about, loaded), None
        except StudioError as error:
            self._served, self._problem = (), error.problem
        self._looked = time.monotonic()
        best = _best(self._served)
        self._catalog.serve(_entry(model, best=model.id == best) for model in self._served)

    def _read(self, client: Any, listed: Sequence[Any]) -> tuple[dict[str, OllamaModelInfo], tuple[str, ...]]:
        """Return what the server knows about each model, by name, and the reasons for models that cannot be used.

        A slow or invalid answer about one model does not affect the others; models with slow answers come last. Raises
        StudioError if the server is unreachable.
        """
        infos: dict[str, OllamaModelInfo] = {}
        left_out: list[str] = []
        digests = {model.model: str(model.digest) for model in listed if model.model}
        end = time.monotonic() + _LOOK_SECONDS
        for name in sorted(digests, key=lambda name: name in self._slow):
            if not is_model_name(name):
                left_out.append(f"{valid(name)[:60]}: the studio cannot use a model with this name.")
                continue
            known = self._known.get((name, digests[name]))
            if known is None and time.monotonic() > end:
                left_out.append(f"{name}: Ollama is slow to answer.")
                continue
            try:
                with ollama_errors(self._address, name):
                    infos[name] = known or ollama_server.read(name, client.show(name))
            except StudioError as error:
                if is_unreachable(error):
                    raise
                if error.problem.code == "no_ollama":
                    self._slow.add(name)
                left_out.append(f"{name}: {error.problem.why or error.problem.what}")
                continue
            self._known[name, digests[name]] = infos[name]
        return infos, tuple(left_out)

    def _own(self, entry: Entry) -> tuple[LanguageModel, str]:
        """Return one of the studio's models, and why its files cannot be read, if so."""
        installed, why = self._catalog.installed(entry), ""
        try:
            limits = context_length(entry, self._catalog) if installed else None
        except StudioError as error:
            limits, why = None, f"{entry.name}: {error.problem.why or error.problem.what}"
        model = LanguageModel(
            id=entry.id,
            name=entry.name,
            use=entry.use,
            runtime=entry.runtime,
            installed=installed,
            bytes=entry.download_bytes,
            context=limits.limit if limits else entry.options.get("context", 0),
            vision=limits.vision if limits else bool(entry.options.get("vision")),
            thinking=limits.thinking if limits else bool(entry.options.get("thinking")),
            sketch=entry.sketch,
            license=entry.license,
        )
        return model, why


def _models(listed: Any, about: dict[str, OllamaModelInfo], loaded: dict[str, int]) -> tuple[LanguageModel, ...]:
    """Return the server's models that can write text, newest first."""
    newest = sorted(listed, key=lambda model: str(model.modified_at or ""), reverse=True)
    listed_infos = ((model, about[model.model]) for model in newest if model.model in about)
    return tuple(
        LanguageModel(
            id=f"{OLLAMA_PREFIX}{model.model}",
            name=model.model,
            use=f"Writes text, on your Ollama server. {known.parameters}".strip(),
            runtime="ollama",
            installed=True,
            bytes=int(model.size or 0),
            context=known.context,
            vision=known.vision,
            thinking=known.thinking,
            tools="tools" in known.capabilities,
            loaded_bytes=loaded.get(model.model, 0),
            parameters=known.parameters,
            quantization=known.quantization,
            license=_license(known.license),
        )
        for model, known in listed_infos
        if not known.capabilities or "completion" in known.capabilities
    )


def _best(models: tuple[LanguageModel, ...]) -> str:
    """Return the default model: one that is loaded, else the newest."""
    ready = sorted(models, key=lambda model: not model.loaded_bytes)
    return ready[0].id if ready else ""


def _entry(model: LanguageModel, *, best: bool) -> Entry:
    return ollama_entry(
        model.id,
        use=model.use,
        best_for=("write",) if best else (),
        license=model.license,
        download_bytes=model.bytes,
    )


def _license(text: str) -> License:
    """Return the license that its first line names; licenses that allow commercial use are recognized by it."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "Not stated")
    return License(name=first[:80], commercial=first.startswith(_FREE))
