"""Client of an Ollama server: inspect, unload and delete its models."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engines.catalog.entry import OLLAMA_PREFIX
from engines.language.ollama_errors import ollama_errors
from engines.ollama_address import OllamaAddress
from errors import StudioError
from utf8 import valid

log = logging.getLogger(__name__)

_Known = TypeVar("_Known")

LOOK_SECONDS = 2.0
"""Seconds that a server has to list its models."""
_KEEP_SECONDS = 10.0
_UNKNOWN_CONTEXT = 4096
_UNLOAD_SECONDS = 5.0
_LOADED_PART = 1.2
"""Memory that a model takes, with a conversation, as a multiple of its file size."""


@dataclass(frozen=True)
class OllamaModelInfo:
    """What a server reports about a model. ``context`` is the most tokens that the model takes, ``family`` its
    architecture.
    """

    name: str
    parameters: str = ""
    quantization: str = ""
    family: str = ""
    context: int = _UNKNOWN_CONTEXT
    capabilities: tuple[str, ...] = ()
    license: str = ""

    @property
    def vision(self) -> bool:
        return "vision" in self.capabilities

    @property
    def thinking(self) -> bool:
        return "thinking" in self.capabilities


@dataclass(frozen=True)
class LoadedModel:
    """A model in a server's memory: its bytes, and its context window in tokens (0 if not reported)."""

    bytes: int
    context: int


def name_of(id: str) -> str:
    """Return the server's name for the model with a catalog id."""
    return id.removeprefix(OLLAMA_PREFIX)


# -- inspect


@dataclass
class _CachedLookups:
    at: float = 0.0
    about: dict[str, OllamaModelInfo] = field(default_factory=dict)


_looked: dict[str, _CachedLookups] = {}


def about(address: OllamaAddress, name: str) -> OllamaModelInfo:
    """Return what a server reports about a model, at most ten seconds old.

    Raises StudioError no_ollama, ollama_key, missing_model.
    """
    lookups = _looked.setdefault(address.url, _CachedLookups())
    now = time.monotonic()
    if now - lookups.at > _KEEP_SECONDS:
        lookups.at, lookups.about = now, {}
    if name not in lookups.about:
        with ollama_errors(address, name):
            lookups.about[name] = read(name, client(address).show(name))
    return lookups.about[name]


def forget(address: OllamaAddress) -> None:
    """Drop what is known about a server, so that the next call asks it again."""
    _looked.pop(address.url, None)


def read(name: str, shown: Any) -> OllamaModelInfo:
    """Parse the answer of ``/api/show``."""
    info = dict(shown.modelinfo or {})
    details = shown.details
    return OllamaModelInfo(
        name=name,
        parameters=valid((details and details.parameter_size) or ""),
        quantization=valid((details and details.quantization_level) or ""),
        family=valid(str(info.get("general.architecture") or (details and details.family) or "")),
        context=_context(info),
        capabilities=tuple(shown.capabilities or ()),
        license=valid(shown.license or "").strip(),
    )


def _context(info: Mapping[str, Any]) -> int:
    """Return the context length that the model's file states; a value that is not a number counts as missing."""
    value_found = next((value for key, value in info.items() if key.endswith(".context_length")), None)
    return int(value_found) if isinstance(value_found, int | float) and 1 < value_found < 2**31 else _UNKNOWN_CONTEXT


def by_name(models: Mapping[str, _Known], name: str) -> _Known | None:
    """Look a model up by its name on the server; a name without a tag means the tag ``latest``."""
    return models.get(name, models.get(f"{name}:latest"))


def loaded(address: OllamaAddress) -> dict[str, LoadedModel]:
    """Return the models in a server's memory. Raises StudioError."""
    with ollama_errors(address):
        models = client(address).ps().models
    return {model.model: LoadedModel(int(model.size or 0), model.context_length or 0) for model in models}


def bytes_to_load(address: OllamaAddress, name: str) -> int:
    """Estimate the bytes that a model will take on the server once it is loaded; 0 if unknown."""
    with ollama_errors(address):
        sizes = {model.model: int(model.size or 0) for model in client(address).list().models}
    return int((by_name(sizes, name) or 0) * _LOADED_PART)


# -- change


def client(address: OllamaAddress, seconds: float | None = LOOK_SECONDS) -> Any:
    """Return a client of a server, with a timeout of ``seconds``."""
    from ollama import Client

    return Client(**connection(address), timeout=seconds)


def connection(address: OllamaAddress) -> dict[str, Any]:
    """Return the arguments for a client of the ``ollama`` package."""
    headers = {"Authorization": f"Bearer {address.key}"} if address.key else {}
    return {"host": address.url, "auth": address.login, "headers": headers, "verify": address.is_secure}


def delete(address: OllamaAddress, name: str) -> None:
    """Delete a model from the server. Raises StudioError."""
    with ollama_errors(address, name):
        client(address, 30).delete(name)
    forget(address)


def unload(address: OllamaAddress, name: str) -> None:
    """Unload a model from the server's memory. Raises StudioError."""
    with ollama_errors(address, name):
        client(address, 30).generate(model=name, keep_alive=0)


def make_room(
    address: OllamaAddress, missing: int, available: Callable[[], int], check: Callable[[], None] = lambda: None
) -> bool:
    """Unload a server's models from the GPU, those that expire first, until ``missing`` more bytes are ``available``.

    Returns whether any memory was freed: a model in the middle of an answer stays. Only ``check`` may raise.
    """
    before = available()
    freed: list[str] = []
    for name in _in_a_card_or_none(address):
        if freed and available() - before >= missing:
            break
        try:
            unload(address, name)
            if _is_gone(address, name, check):
                freed.append(name)
        except StudioError as error:
            log.info("Ollama kept %s: %s", name, error)
            if error.problem.code == "no_ollama":  # waiting for the others would be useless
                break
    if freed:
        log.info("Ollama unloaded %s", ", ".join(freed))
    return bool(freed)


def _in_a_card(address: OllamaAddress) -> list[str]:
    with ollama_errors(address):
        models = [model for model in client(address).ps().models if model.size_vram and model.model]
    models.sort(key=lambda model: model.expires_at.timestamp() if model.expires_at else 0)
    return [model.model for model in models]


def _in_a_card_or_none(address: OllamaAddress) -> list[str]:
    """Return the same, or an empty list if the server is unreachable."""
    try:
        return _in_a_card(address)
    except StudioError:
        return []


def _is_gone(address: OllamaAddress, name: str, check: Callable[[], None]) -> bool:
    end = time.monotonic() + _UNLOAD_SECONDS
    while name in _in_a_card(address):
        if time.monotonic() > end:
            return False
        check()
        time.sleep(0.1)
    return True
