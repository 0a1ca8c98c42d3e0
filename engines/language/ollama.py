"""Language models on an Ollama server, by its own API."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engines.context import Context
from errors import StudioError

if TYPE_CHECKING:
    from engines.language.budget import Talk
    from engines.language.sight import Sight
    from engines.language.told import Telling
    from engines.requests.writing import Write

PREFIX = "ollama:"
LOOK_SECONDS = 2.0
"""How long a server has to say what it holds."""
_KEEP_SECONDS = 10.0
_LOOK_AGAIN = 0.05
_UNKNOWN_CONTEXT = 4096


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
    return id.removeprefix(PREFIX)


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
            seen.about[name] = _read(name, _client(url, LOOK_SECONDS).show(name))
    return seen.about[name]


def forget(url: str) -> None:
    """Look anew next time."""
    _looked.pop(url, None)


def _read(name: str, shown: Any) -> About:
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


def _client(url: str, seconds: float | None) -> Any:
    from ollama import Client

    return Client(host=url, timeout=seconds)


# -- writing


def write(request: "Write", talk: "Talk", sight: "Sight", context: Context, telling: "Telling") -> None:
    """Write with a model of the server; stopped here, it stops there."""
    name, url = name_of(context.entry.id), context.catalog.ollama
    asked = {
        "model": name,
        "messages": [_message(turn) for turn in talk.turns],
        "keep_alive": context.config.ollama_keep_alive,
        "options": {
            "num_ctx": talk.window,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "seed": (request.seed or 0) & 0x7FFFFFFF,
            "num_predict": talk.answer,
        },
        **({"think": request.thinking} if sight.thinking else {}),
    }
    telling.began()
    with told(url, name):
        asyncio.run(_chat(url, asked, context, telling))


def _message(turn: Any) -> dict[str, Any]:
    pictures = {"images": list(turn.pictures)} if turn.pictures else {}
    return {"role": turn.role, "content": turn.text, **pictures}


async def _chat(url: str, asked: dict[str, Any], context: Context, telling: "Telling") -> None:
    from ollama import AsyncClient

    client = AsyncClient(host=url, timeout=None)
    last = None
    async for said in _stoppable(await client.chat(**asked, stream=True), context):
        if said.message.thinking:
            telling.thought(said.message.thinking)
        if said.message.content:
            telling.said(said.message.content)
        last = said
    if last is None or not last.done:
        raise _stopped(name_of(asked["model"]))
    telling.done("length" if last.done_reason == "length" else "stop", last.eval_count, last.prompt_eval_count)


async def _stoppable(stream: Any, context: Context) -> AsyncIterator[Any]:
    """The pieces of a stream. Raises JobCancelled as soon as the job is, also between two pieces."""
    pieces = aiter(stream)
    while True:
        piece = asyncio.ensure_future(anext(pieces, None))
        try:
            while not piece.done():
                context.check()
                await asyncio.wait((piece,), timeout=_LOOK_AGAIN)
        finally:
            piece.cancel()
        if (said := piece.result()) is None:
            return
        yield said


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
        raise _stopped(name) from error
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


def _stopped(name: str) -> StudioError:
    return StudioError(
        "model_stopped",
        f"Ollama stopped in the middle of {name}'s answer." if name else "Ollama stopped in the middle.",
        next="What it wrote is kept. Ask it to go on, or try again.",
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
