"""Writing with the models of an Ollama server, and bringing new ones onto it, by its own API."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any

from engines.context import Context, JobYielded
from engines.language.server import about, forget, is_secure, name_of, stopped, told

if TYPE_CHECKING:
    from engines.language.budget import Talk
    from engines.language.sight import Sight
    from engines.language.told import Telling
    from engines.requests.writing import Write

_LOOK_AGAIN = 0.05
_TELL_SECONDS = 0.5


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
    last = None
    async with _line(url) as client, aclosing(_stoppable(await client.chat(**asked, stream=True), context)) as pieces:
        async for said in pieces:
            if said.message.thinking:
                telling.thought(said.message.thinking)
            if said.message.content:
                telling.said(said.message.content)
            last = said
    if last is None or not last.done:
        raise stopped(asked["model"])
    telling.done("length" if last.done_reason == "length" else "stop", last.eval_count, last.prompt_eval_count)


@asynccontextmanager
async def _line(url: str) -> AsyncIterator[Any]:
    """A connection that waits as long as it takes: a model may be loaded for minutes before its first word."""
    from ollama import AsyncClient

    client: Any = AsyncClient(host=url, timeout=None, verify=is_secure(url))
    try:
        yield client
    finally:
        await client.close()


async def _stoppable(stream: Any, context: Context) -> AsyncGenerator[Any, None]:
    """The pieces of a stream. Raises JobCancelled as soon as the job is, also between two pieces."""
    pieces = aiter(stream)
    waiting: asyncio.Future[Any] | None = None
    try:
        while True:
            waiting = asyncio.ensure_future(anext(pieces, None))
            while not waiting.done():
                context.check()
                await asyncio.wait((waiting,), timeout=_LOOK_AGAIN)
            if (said := waiting.result()) is None:
                return
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
    url = context.catalog.ollama
    with told(url, name):
        asyncio.run(_pull(url, name, context))
    forget(url)
    about(url, name)


async def _pull(url: str, name: str, context: Context) -> None:
    began, last, said = time.monotonic(), 0.0, None
    layers: dict[str, tuple[int, int]] = {}
    async with _line(url) as client, aclosing(_stoppable(await client.pull(name, stream=True), context)) as pieces:
        async for said in pieces:
            if context.should_yield:
                raise JobYielded
            if said.digest and said.total:
                layers[said.digest] = said.completed or 0, said.total
            now = time.monotonic()
            if layers and now - last > _TELL_SECONDS:
                last = now
                done, total = (sum(numbers) for numbers in zip(*layers.values(), strict=True))
                context.tell(bytes=done, bytes_total=total, bytes_per_second=round(done / max(now - began, 1e-3)))
                context.progress(done, total, "byte")
    if said is None or said.status != "success":
        raise stopped("")
