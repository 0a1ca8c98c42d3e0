"""The models that write: those of the catalog here, and those of the Ollama server, as they are now."""

import threading
import time
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from engines.catalog import Catalog, Entry
from engines.catalog.entry import SERVED, Licence, is_model_name, served
from engines.language import server
from engines.language.ollama_errors import is_unreachable, ollama_errors
from engines.language.server import About
from engines.language.sight import sight
from errors import Problem, StudioError
from utf8 import valid

_KEEP_SECONDS = 10.0
_LOOK_SECONDS = 6.0
"""How long a look at the server's models takes at most, but for the question under way: those it is slow about wait."""
_FREE = ("Apache License", "MIT License")
"""How licences begin that allow commercial use of whatever is written."""


class View(BaseModel):
    """A frozen answer."""

    model_config = ConfigDict(frozen=True)


class LanguageModel(View):
    """A model that writes. ``context`` is the most tokens it sees at once, ``loaded_bytes`` what it holds of memory now
    on the server (0: not in memory, or one of the studio's own).
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
    loaded_bytes: int = 0
    parameters: str = ""
    quantization: str = ""
    licence: Licence


class Shelf(View):
    """What there is to write with; ``problem`` says why the server's models are missing, ``left_out`` which models
    cannot be used, and why.
    """

    ollama_url: str
    models: tuple[LanguageModel, ...]
    problem: Problem | None = None
    left_out: tuple[str, ...] = ()


class Language:
    """Looks at the models that write. Safe from any thread; a server is asked at most every ten seconds."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._address = catalog.ollama
        self._lock = threading.Lock()
        self._looked = 0.0
        self._served: tuple[LanguageModel, ...] = ()
        self._problem: Problem | None = None
        self._known: dict[tuple[str, str], About] = {}
        self._slow: set[str] = set()
        self._left_out: tuple[str, ...] = ()

    def shelf(self, *, anew: bool = False) -> Shelf:
        """Everything that writes: the studio's own first. ``anew`` asks the server whatever was asked before."""
        with self._lock:
            if anew or time.monotonic() - self._looked > _KEEP_SECONDS or not self._looked:
                self._look()
            own = [self._own(entry) for entry in self._catalog.for_task("write") if entry.runtime != "ollama"]
            return Shelf(
                ollama_url=self._address.url,
                models=(*(model for model, _ in own), *self._served),
                problem=self._problem,
                left_out=(*(why for _, why in own if why), *self._left_out),
            )

    def delete(self, id: str) -> None:
        """Delete a model from the server. Raises StudioError not_served, or what the server says."""
        server.delete(self._address, self._name(id))
        self._looked = 0.0

    def unload(self, id: str) -> None:
        """Free the memory a model holds on the server. Raises StudioError not_served, or what the server says."""
        server.unload(self._address, self._name(id))
        self._looked = 0.0

    def _name(self, id: str) -> str:
        if not id.startswith(SERVED) or id == SERVED:
            raise StudioError(
                "not_served",
                "That model is not Ollama's.",
                next="Models of the studio itself are on the Models page.",
                status=422,
            )
        return server.name_of(id)

    def _look(self) -> None:
        """Ask the server; where it is absent, its models go out of sight until it is back."""
        self._left_out = ()
        try:
            with ollama_errors(self._address):
                client = server.client(self._address)
                listed = client.list().models
                loaded = {model.model: int(model.size or 0) for model in client.ps().models}
            about, self._left_out = self._read(client, listed)
            self._served, self._problem = _models(listed, about, loaded), None
        except StudioError as error:
            self._served, self._problem = (), error.problem
        self._looked = time.monotonic()
        best = _best(self._served)
        self._catalog.serve(_entry(model, best=model.id == best) for model in self._served)

    def _read(self, client: Any, listed: Sequence[Any]) -> tuple[dict[str, About], tuple[str, ...]]:
        """What the server says of each of its models, by name; and of which it says nothing that can be used, and why.

        A model that it is slow about, or says nonsense of, costs no other; those it was slow about are asked for last.
        Raises StudioError where it is gone.
        """
        found: dict[str, About] = {}
        left_out: list[str] = []
        digests = {model.model: str(model.digest) for model in listed if model.model}
        end = time.monotonic() + _LOOK_SECONDS
        for name in sorted(digests, key=lambda name: name in self._slow):
            if not is_model_name(name):
                left_out.append(f"{valid(name)[:60]}: the studio cannot use a model of this name.")
                continue
            known = self._known.get((name, digests[name]))
            if known is None and time.monotonic() > end:
                left_out.append(f"{name}: Ollama is slow to answer.")
                continue
            try:
                with ollama_errors(self._address, name):
                    found[name] = known or server.read(name, client.show(name))
            except StudioError as error:
                if is_unreachable(error):
                    raise
                if error.problem.code == "no_ollama":
                    self._slow.add(name)
                left_out.append(f"{name}: {error.problem.why or error.problem.what}")
                continue
            self._known[name, digests[name]] = found[name]
        return found, tuple(left_out)

    def _own(self, entry: Entry) -> tuple[LanguageModel, str]:
        """One of the studio's own, and why its files cannot be read where they cannot."""
        installed, why = self._catalog.installed(entry), ""
        try:
            seen = sight(entry, self._catalog) if installed else None
        except StudioError as error:
            seen, why = None, f"{entry.name}: {error.problem.why or error.problem.what}"
        model = LanguageModel(
            id=entry.id,
            name=entry.name,
            use=entry.use,
            runtime=entry.runtime,
            installed=installed,
            bytes=entry.download_bytes,
            context=seen.limit if seen else entry.options.get("context", 0),
            vision=seen.vision if seen else bool(entry.options.get("vision")),
            thinking=seen.thinking if seen else bool(entry.options.get("thinking")),
            licence=entry.licence,
        )
        return model, why


def _models(listed: Any, about: dict[str, About], loaded: dict[str, int]) -> tuple[LanguageModel, ...]:
    """The server's models that can write, the newest first."""
    newest = sorted(listed, key=lambda model: str(model.modified_at or ""), reverse=True)
    found = ((model, about[model.model]) for model in newest if model.model in about)
    return tuple(
        LanguageModel(
            id=f"{SERVED}{model.model}",
            name=model.model,
            use=f"Writes, on your Ollama. {known.parameters}".strip(),
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
            licence=_licence(known.licence),
        )
        for model, known in found
        if not known.capabilities or "completion" in known.capabilities
    )


def _best(models: tuple[LanguageModel, ...]) -> str:
    """The model to write with where nobody chose one: in memory already, else the newest."""
    ready = sorted(models, key=lambda model: not model.loaded_bytes)
    return ready[0].id if ready else ""


def _entry(model: LanguageModel, *, best: bool) -> Entry:
    return served(
        model.id,
        use=model.use,
        best_for=("write",) if best else (),
        licence=model.licence,
        download_bytes=model.bytes,
    )


def _licence(text: str) -> Licence:
    """What a licence's first line says; whoever allows commercial use says it there."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "as its maker says")
    return Licence(name=first[:80], commercial=first.startswith(_FREE))
