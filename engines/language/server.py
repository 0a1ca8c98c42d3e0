"""An Ollama server: what it holds, and one sentence for whatever goes wrong between us and it."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from engines.catalog.entry import SERVED
from errors import StudioError

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How long a server has to say what it holds."""
_KEEP_SECONDS = 10.0
_UNKNOWN_CONTEXT = 4096
_UNLOAD_SECONDS = 5.0


@dataclass(frozen=True)
class About:
    """What a server says of one of its models. ``context`` is the most tokens the model was made for."""

    name: str
    bytes: int = 0
    parameters: str = ""
    quantization: str = ""
    context: int = _UNKNOWN_CONTEXT
    capabilities: tuple[str, ...] = ()
    licence: str = ""

    @property
    def vision(self) -> bool:
        return "vision" in self.capabilities

    @property
    def thinking(self) -> bool:
        return "thinking" in self.capabilities


def name_of(id: str) -> str:
    """The server's name of the model with a catalog id."""
    return id.removeprefix(SERVED)


# -- looking


@dataclass
class _Looked:
    at: float = 0.0
    about: dict[str, About] = field(default_factory=dict)


_looked: dict[str, _Looked] = {}


def about(url: str, name: str) -> About:
    """What a server says of a model, not older than ten seconds. Raises StudioError no_ollama, missing_model."""
    seen = _looked.setdefault(url, _Looked())
    now = time.monotonic()
    if now - seen.at > _KEEP_SECONDS:
        seen.at, seen.about = now, {}
    if name not in seen.about:
        with told(url, name):
            seen.about[name] = read(name, client(url).show(name))
    return seen.about[name]


def forget(url: str) -> None:
    """Look anew next time."""
    _looked.pop(url, None)


def read(name: str, shown: Any) -> About:
    """What ``/api/show`` answered."""
    info = dict(shown.modelinfo or {})
    context = next((int(value) for key, value in info.items() if key.endswith(".context_length")), _UNKNOWN_CONTEXT)
    details = shown.details
    return About(
        name=name,
        parameters=(details and details.parameter_size) or "",
        quantization=(details and details.quantization_level) or "",
        context=context,
        capabilities=tuple(shown.capabilities or ()),
        licence=(shown.license or "").strip(),
    )


# -- doing


def client(url: str, seconds: float | None = LOOK_SECONDS) -> Any:
    """A client of the server at an address, which has ``seconds`` for each answer."""
    from ollama import Client

    return Client(host=url, timeout=seconds, verify=is_secure(url))


def is_secure(url: str) -> bool:
    """Whether certificates matter: reading those of the system takes longer than most answers."""
    return url.startswith("https:")


def delete(url: str, name: str) -> None:
    """Delete a model there. Raises StudioError."""
    with told(url, name):
        client(url, 30).delete(name)
    forget(url)


def unload(url: str, name: str) -> None:
    """Let go of a model's memory there. Raises StudioError."""
    with told(url, name):
        client(url, 30).generate(model=name, keep_alive=0)


def make_room(url: str) -> bool:
    """Have the server let go of every model in a graphics card; whether it did. Never raises."""
    try:
        with told(url):
            models = [model.model for model in client(url).ps().models if model.size_vram and model.model]
            for name in models:
                unload(url, name)
            end = time.monotonic() + _UNLOAD_SECONDS
            while models and any(model.size_vram for model in client(url).ps().models) and time.monotonic() < end:
                time.sleep(0.1)
    except StudioError:
        return False
    if models:
        log.info("Ollama let go of %s", ", ".join(models))
    return bool(models)


# -- trouble


@contextmanager
def told(url: str, name: str = "") -> Iterator[None]:
    """Turn whatever goes wrong between us and a server into one sentence."""
    import httpx
    from ollama import ResponseError

    try:
        yield
    except ResponseError as error:
        raise _refused(name, error.status_code, str(error.error)) from error
    except httpx.TimeoutException as error:
        raise absent(url, "It does not answer.") from error
    except (httpx.ConnectError, ConnectionError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise absent(url) from error
    except httpx.HTTPError as error:
        raise stopped(name) from error
    except ValueError as error:  # JSON that is none, or of another shape
        raise StudioError(
            "no_ollama",
            f"What answers at {url} is no Ollama.",
            "It speaks something else.",
            "Correct the address in the settings (C41_OLLAMA_URL).",
            status=502,
        ) from error


def absent(url: str, why: str = "Nothing answers there.") -> StudioError:
    """The sentence for a server that is not there."""
    return StudioError(
        "no_ollama",
        f"There is no Ollama at {url}.",
        why,
        "Start it, or take a model of the studio itself.",
        status=503,
    )


def stopped(name: str) -> StudioError:
    """The sentence for an answer, or a download, that ended before its end."""
    return StudioError(
        "model_stopped",
        f"Ollama stopped in the middle of {name}'s answer." if name else "Ollama stopped in the middle.",
        next="What came is kept. Try again.",
        status=502,
    )


def _refused(name: str, status: int, said: str) -> StudioError:
    if status == 404:
        return StudioError(
            "missing_model",
            f"Ollama has no model “{name}”.",
            "It was deleted there, or its name is another.",
            "Get it again, or take another model.",
            status=422,
        )
    if "memory" in said.lower():
        return StudioError(
            "out_of_memory",
            f"There is not enough memory for {name}.",
            f"Ollama says: {said.strip().rstrip('.')[:200]}.",
            "Take a smaller model, shorten the conversation, or close other programs.",
            status=503,
        )
    return StudioError(
        "model_refused",
        f"{name} did not answer." if name else "Ollama did not do that.",
        f"Ollama says: {said.strip().rstrip('.')[:200] or status}.",
        "Try again, or take another model.",
        status=502,
    )
