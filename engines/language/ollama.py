"""Writing with the models of an Ollama server, and bringing new ones onto it, by its own API."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any

from engines.context import Context, JobYielded
from engines.language import server
from engines.language.ollama_errors import ollama_errors, stalled, stopped
from engines.language.pictures import jpeg_for_model
from engines.ollama_address import OllamaAddress

if TYPE_CHECKING:
    from engines.language.budget import Talk
    from engines.language.sight import Sight
    from engines.language.told import Telling
    from engines.requests.writing import Write

_LOOK_AGAIN = 0.05
_TELL_SECONDS = 0.5
_SILENT_SECONDS = 5.0
"""Seconds without a word after which the page says how long nothing came."""
_FIRST_SECONDS = 1800.0
"""How long the first word may take: a large model is read from a slow disk, behind other people's answers."""
_PULL_SECONDS = 900.0
"""How long nothing may come of a download: the server sums up files of 40 GB without a word."""
_CONNECT_SECONDS = 10.0


def write(request: "Write", talk: "Talk", sight: "Sight", context: Context, telling: "Telling") -> None:
    """Write with a model of the server; stopped here, it stops there."""
    name, address = server.name_of(context.entry.id), context.catalog.ollama
    loaded = server.by_name(server.loaded(address), name)
    if loaded is None and context.config.ollama_shares_memory:
        context.make_room(server.bytes_to_load(address, name))
    window = talk.window
    if loaded and not request.context:  # another window would have the server load the model again
        window = min(max(window, loaded.context), sight.limit)
    asked = {
        "model": name,
        "messages": [_message(turn) for turn in talk.turns],
        "keep_alive": keep_alive(context.config.ollama_keep_alive),
        "options": {
            "num_ctx": window,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "seed": (request.seed or 0) & 0x7FFFFFFF,
            "num_predict": talk.answer,
        },
        **({"think": _think(request.thinking, server.about(address, name).family)} if sight.thinking else {}),
    }
    telling.began(window)
    with ollama_errors(address, name):
        asyncio.run(_chat(address, asked, context, telling))


def keep_alive(text: str) -> str | int:
    """The setting as Ollama reads it: seconds are a number, and so is -1 (for ever); texts need a unit."""
    return int(text) if re.fullmatch(r"-?\d+", text) else text


def _think(wanted: bool, family: str) -> bool | str:
    """gpt-oss cannot be kept from thinking, only be told how much."""
    if family.replace("-", "") == "gptoss":
        return "high" if wanted else "low"
    return wanted


def _message(turn: Any) -> dict[str, Any]:
    pictures = {"images": [jpeg_for_model(path) for path in turn.pictures]} if turn.pictures else {}
    return {"role": turn.role, "content": turn.text, **pictures}


async def _chat(address: OllamaAddress, asked: dict[str, Any], context: Context, telling: "Telling") -> None:
    last, tool = None, False
    stall = context.config.ollama_stall_seconds
    async with _line(address) as client:
        stream = await client.chat(**asked, stream=True)
        limits = (_FIRST_SECONDS, stall)
        async with aclosing(
            _stoppable(stream, context, f"{asked['model']}'s answer", limits, telling.silent)
        ) as pieces:
            async for said in pieces:
                if said.message.thinking:
                    telling.thought(said.message.thinking)
                if said.message.content:
                    telling.said(said.message.content)
                tool |= bool(said.message.tool_calls)
                last = said
    if last is None or not last.done:
        raise stopped(asked["model"])
    finish = "length" if last.done_reason == "length" else "stop"
    telling.done(finish, last.eval_count, last.prompt_eval_count, tool=tool)  # type: ignore[arg-type]


@asynccontextmanager
async def _line(address: OllamaAddress) -> AsyncIterator[Any]:
    """A connection without limits of its own: ``_stoppable`` has them."""
    import httpx
    from ollama import AsyncClient

    client: Any = AsyncClient(**server.connection(address), timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS))
    try:
        yield client
    finally:
        await client.close()


async def _stoppable(
    stream: Any,
    context: Context,
    what: str,
    limits: tuple[float, float],
    silent: Callable[[int], None] = lambda seconds: None,
) -> AsyncGenerator[Any, None]:
    """The pieces of a stream. Raises JobCancelled as soon as the job is, also between two pieces.

    ``limits`` are the seconds until the first piece and between two; beyond them StudioError ``model_stopped`` is
    raised. ``silent`` is called about once a second with the seconds in which nothing came.
    """
    pieces = aiter(stream)
    waiting: asyncio.Future[Any] | None = None
    limit, between = limits
    try:
        while True:
            waiting, since, told = asyncio.ensure_future(anext(pieces, None)), time.monotonic(), _SILENT_SECONDS
            while not waiting.done():
                context.check()
                await asyncio.wait((waiting,), timeout=_LOOK_AGAIN)
                quiet = time.monotonic() - since
                if quiet > limit and not waiting.done():
                    raise stalled(what, limit)
                if quiet > told:
                    silent(int(quiet))
                    told = quiet + 1
            if (said := waiting.result()) is None:
                return
            limit = between
            yield said
            context.check()
    finally:
        if waiting and not waiting.done():
            waiting.cancel()
            await asyncio.wait((waiting,))
        await stream.aclose()  # the server hears that nobody listens any more


def pull(name: str, context: Context) -> None:
    """Have the server download a model. Stopped or paused, what it has is kept there for the next time.

    Raises StudioError where it cannot, JobYielded when asked to pause.
    """
    address = context.catalog.ollama
    with ollama_errors(address, name):
        asyncio.run(_pull(address, name, context))
    server.forget(address)


async def _pull(address: OllamaAddress, name: str, context: Context) -> None:
    began, last, said = time.monotonic(), 0.0, None
    layers: dict[str, tuple[int, int]] = {}
    async with _line(address) as client:
        stream = await client.pull(name, stream=True)
        limits = (_PULL_SECONDS, _PULL_SECONDS)
        async with aclosing(_stoppable(stream, context, f"the download of {name}", limits)) as pieces:
            async for said in pieces:
                if context.should_yield:
                    raise JobYielded
                if said.digest and said.total:
                    layers[said.digest] = said.completed or 0, said.total
                now = time.monotonic()
                if layers and now - last > _TELL_SECONDS:
                    last = now
                    done, total = (sum(numbers) for numbers in zip(*layers.values(), strict=True))
                    rate = round(done / max(now - began, 1e-3))
                    context.tell(bytes=done, bytes_total=total, bytes_per_second=rate)
                    context.progress(done, total, "byte")
    if said is None or said.status != "success":
        raise stopped("")
