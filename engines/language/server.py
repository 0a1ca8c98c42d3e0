"""An Ollama server: what it holds, what it can be asked to do."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engines.catalog.entry import SERVED
from engines.language.ollama_errors import ollama_errors
from engines.ollama_address import OllamaAddress
from errors import StudioError
from utf8 import valid

log = logging.getLogger(__name__)

_Known = TypeVar("_Known")

LOOK_SECONDS = 2.0
"""How long a server has to say what it holds."""
_KEEP_SECONDS = 10.0
_UNKNOWN_CONTEXT = 4096
_UNLOAD_SECONDS = 5.0
_LOADED_PART = 1.2
"""How much memory a model takes, as a part of its file: weights and a conversation."""


@dataclass(frozen=True)
class About:
    """What a server says of one of its models. ``context`` is the most tokens the model was made for, ``family`` the
    name of its architecture.
    """

    name: str
    parameters: str = ""
    quantization: str = ""
    family: str = ""
    context: int = _UNKNOWN_CONTEXT
    capabilities: tuple[str, ...] = ()
    licence: str = ""

    @property
    def vision(self) -> bool:
        return "vision" in self.capabilities

    @property
    def thinking(self) -> bool:
        return "thinking" in self.capabilities


@dataclass(frozen=True)
class LoadedModel:
    """A model in a server's memory: all its bytes, and the tokens it sees at once (0: not said)."""

    bytes: int
    context: int


def name_of(id: str) -> str:
    """The server's name of the model with a catalog id."""
    return id.removeprefix(SERVED)


# -- looking


@dataclass
class _Looked:
    at: float = 0.0
    about: dict[str, About] = field(default_factory=dict)


_looked: dict[str, _Looked] = {}


def about(address: OllamaAddress, name: str) -> About:
    """What a server says of a model, not older than ten seconds.

    Raises StudioError no_ollama, ollama_key, missing_model.
    """
    seen = _looked.setdefault(address.url, _Looked())
    now = time.monotonic()
    if now - seen.at > _KEEP_SECONDS:
        seen.at, seen.about = now, {}
    if name not in seen.about:
        with ollama_errors(address, name):
            seen.about[name] = read(name, client(address).show(name))
    return seen.about[name]


def forget(address: OllamaAddress) -> None:
    """Look anew next time."""
    _looked.pop(address.url, None)


def read(name: str, shown: Any) -> About:
    """What ``/api/show`` answered."""
    info = dict(shown.modelinfo or {})
    details = shown.details
    return About(
        name=name,
        parameters=valid((details and details.parameter_size) or ""),
        quantization=valid((details and details.quantization_level) or ""),
        family=valid(str(info.get("general.architecture") or (details and details.family) or "")),
        context=_context(info),
        capabilities=tuple(shown.capabilities or ()),
        licence=valid(shown.license or "").strip(),
    )


def _context(info: Mapping[str, Any]) -> int:
    """The most tokens that a model's file says it sees; whatever is no number counts as not said."""
    said = next((value for key, value in info.items() if key.endswith(".context_length")), None)
    return int(said) if isinstance(said, int | float) and 1 < said < 2**31 else _UNKNOWN_CONTEXT


def by_name(models: Mapping[str, _Known], name: str) -> _Known | None:
    """What is known of a model, by its name on the server: one that is written without a tag is the latest."""
    return models.get(name, models.get(f"{name}:latest"))


def loaded(address: OllamaAddress) -> dict[str, LoadedModel]:
    """The models in a server's memory. Raises StudioError."""
    with ollama_errors(address):
        models = client(address).ps().models
    return {model.model: LoadedModel(int(model.size or 0), model.context_length or 0) for model in models}


def bytes_to_load(address: OllamaAddress, name: str) -> int:
    """About how much memory a model will take on the server once it is loaded; 0 where that is not known."""
    with ollama_errors(address):
        sizes = {model.model: int(model.size or 0) for model in client(address).list().models}
    return int((by_name(sizes, name) or 0) * _LOADED_PART)


# -- doing


def client(address: OllamaAddress, seconds: float | None = LOOK_SECONDS) -> Any:
    """A client of a server, which has ``seconds`` for each answer."""
    from ollama import Client

    return Client(**connection(address), timeout=seconds)


def connection(address: OllamaAddress) -> dict[str, Any]:
    """How a client of the ``ollama`` package reaches a server."""
    headers = {"Authorization": f"Bearer {address.key}"} if address.key else {}
    return {"host": address.url, "auth": address.login, "headers": headers, "verify": address.is_secure}


def delete(address: OllamaAddress, name: str) -> None:
    """Delete a model there. Raises StudioError."""
    with ollama_errors(address, name):
        client(address, 30).delete(name)
    forget(address)


def unload(address: OllamaAddress, name: str) -> None:
    """Let go of a model's memory there. Raises StudioError."""
    with ollama_errors(address, name):
        client(address, 30).generate(model=name, keep_alive=0)


def make_room(
    address: OllamaAddress, missing: int, available: Callable[[], int], check: Callable[[], None] = lambda: None
) -> bool:
    """Have a server let go of models in a graphics card, those first that it would let go of first, until ``missing``
    more bytes are ``available``.

    Whether memory came free: a model in the middle of an answer stays. ``check`` may raise; nothing else is raised.
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
            if error.problem.code == "no_ollama":  # the others would only be waited for in vain
                break
    if freed:
        log.info("Ollama let go of %s", ", ".join(freed))
    return bool(freed)


def _in_a_card(address: OllamaAddress) -> list[str]:
    with ollama_errors(address):
        models = [model for model in client(address).ps().models if model.size_vram and model.model]
    models.sort(key=lambda model: model.expires_at.timestamp() if model.expires_at else 0)
    return [model.model for model in models]


def _in_a_card_or_none(address: OllamaAddress) -> list[str]:
    """The same; none of a server that is not there, since it holds nothing."""
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
