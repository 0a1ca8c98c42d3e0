"""Write with the models of an Ollama server, and download new ones to it, through its API."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any

from engines.host.context import Context, JobYielded
from engines.language import ollama_server
from engines.language.images import jpeg_for_model
from engines.language.ollama_errors import ollama_errors, stalled, stopped
from engines.ollama_address import OllamaAddress

if TYPE_CHECKING:
    from engines.language.context_length import ContextLength
    from engines.language.context_window import FittedConversation
    from engines.language.stream_reporter import StreamReporter
    from engines.requests.writing import Write

_LOOK_AGAIN = 0.05
_TELL_SECONDS = 0.5
_SILENT_SECONDS = 5.0
"""Seconds of silence after which the page shows how long nothing has arrived."""
_FIRST_SECONDS = 1800.0
"""Seconds that the first word may take: a large model loads from a slow disk, after other people's answers."""
_PULL_SECONDS = 900.0
"""Seconds of silence allowed in a download: the server verifies files of 40 GB without any message."""
_CONNECT_SECONDS = 10.0


def write(
    request: "Write",
    conversation: "FittedConversation",
    limits: "ContextLength",
    context: Context,
    reporter: "StreamReporter",
) -> None:
    """Write an answer with a model of the server. Canceling the job also stops the server."""
    name, address = ollama_server.name_of(context.entry.id), context.catalog.ollama
    loaded = ollama_server.by_name(ollama_server.loaded(address), name)
    if loaded is None and context.config.ollama_shares_memory:
        context.make_room(ollama_server.bytes_to_load(address, name))
    window = conversation.window
    if loaded and not request.context:  # another window would make the server reload the model
        window = min(max(window, loaded.context), limits.limit)
    parameters = {
        "model": name,
        "messages": [_message(turn) for turn in conversation.turns],
        "keep_alive": keep_alive(context.config.ollama_keep_alive),
        "options": {
            "num_ctx": window,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "seed": (request.seed or 0) & 0x7FFFFFFF,
            "num_predict": conversation.answer,
        },
        **({"think": _think(request.thinking, ollama_server.about(address, name).family)} if limits.thinking else {}),
    }
    reporter.started(window)
    with ollama_errors(address, name):
        asyncio.run(_chat(address, parameters, context, reporter))


def keep_alive(text: str) -> str | int:
    """Return the setting in Ollama's form: a number of seconds, or -1 for ever, or a text with a unit."""
    return int(text) if re.fullmatch(r"-?\d+", text) else text


def _think(wanted: bool, family: str) -> bool | str:
    """Return the value of ``think``. gpt-oss always thinks; only the amount can be set."""
    if family.replace("-", "") == "gptoss":
        return "high" if wanted else "low"
    return wanted


def _message(turn: Any) -> dict[str, Any]:
    pictures = {"images": [jpeg_for_model(path) for path in turn.pictures]} if turn.pictures else {}
    return {"role": turn.role, "content": turn.text, **pictures}


async def _chat(address: OllamaAddress, request: dict[str, Any], context: Context, reporter: "StreamReporter") -> None:
    last, tool = None, False
    stall = context.config.ollama_stall_seconds
    async with _line(address) as client:
        stream = await client.chat(**request, stream=True)
        limits = (_FIRST_SECONDS, stall)
        async with aclosing(
            _cancellable(stream, context, f"{request['model']}'s answer", limits, reporter.silent)
        ) as pieces:
            async for chunk in pieces:
                if chunk.message.thinking:
                    reporter.thinking_delta(chunk.message.thinking)
                if chunk.message.content:
                    reporter.answer_delta(chunk.message.content)
                tool |= bool(chunk.message.tool_calls)
                last = chunk
                if reporter.looping:  # leaving the loop closes the stream, which stops the server
                    break
    if reporter.looping:
        reporter.done("repetition")
        return
    if last is None or not last.done:
        raise stopped(request["model"])
    finish = "length" if last.done_reason == "length" else "stop"
    reporter.done(finish, last.eval_count, last.prompt_eval_count, tool=tool)  # type: ignore[arg-type]


@asynccontextmanager
async def _line(address: OllamaAddress) -> AsyncIterator[Any]:
    """Open a connection without read timeouts; ``_cancellable`` applies them."""
    import httpx
    from ollama import AsyncClient

    client: Any = AsyncClient(
        **ollama_server.connection(address), timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS)
    )
    try:
        yield client
    finally:
        await client.close()


async def _cancellable(
    stream: Any,
    context: Context,
    what: str,
    limits: tuple[float, float],
    silent: Callable[[int], None] = lambda seconds: None,
) -> AsyncGenerator[Any, None]:
    """Yield the pieces of a stream. Raises JobCancelled as soon as the job is canceled, also between two pieces.

    ``limits`` are the seconds allowed before the first piece and between two pieces; after that, StudioError
    ``model_stopped`` is raised. ``silent`` is called about once a second with the seconds of silence so far.
    """
    pieces = aiter(stream)
    waiting: asyncio.Future[Any] | None = None
    limit, between = limits
    try:
        while True:
            waiting, since, reported_at = asyncio.ensure_future(anext(pieces, None)), time.monotonic(), _SILENT_SECONDS
            while not waiting.done():
                context.check()
                await asyncio.wait((waiting,), timeout=_LOOK_AGAIN)
                quiet = time.monotonic() - since
                if quiet > limit and not waiting.done():
                    raise stalled(what, limit)
                if quiet > reported_at:
                    silent(int(quiet))
                    reported_at = quiet + 1
            if (chunk := waiting.result()) is None:
                return
            limit = between
            yield chunk
            context.check()
    finally:
        if waiting and not waiting.done():
            waiting.cancel()
            await asyncio.wait((waiting,))
        await stream.aclose()  # tells the server to stop


def pull(name: str, context: Context) -> None:
    """Have the server download a model. If the job is canceled or paused, the server keeps the partial download.

    Raises StudioError if the download fails, JobYielded if the job is paused.
    """
    address = context.catalog.ollama
    with ollama_errors(address, name):
        asyncio.run(_pull(address, name, context))
    ollama_server.forget(address)


async def _pull(address: OllamaAddress, name: str, context: Context) -> None:
    began, last, chunk = time.monotonic(), 0.0, None
    layers: dict[str, tuple[int, int]] = {}
    async with _line(address) as client:
        stream = await client.pull(name, stream=True)
        limits = (_PULL_SECONDS, _PULL_SECONDS)
        async with aclosing(_cancellable(stream, context, f"the download of {name}", limits)) as pieces:
            async for chunk in pieces:
                if context.should_yield:
                    raise JobYielded
                if chunk.digest and chunk.total:
                    layers[chunk.digest] = chunk.completed or 0, chunk.total
                now = time.monotonic()
                if layers and now - last > _TELL_SECONDS:
                    last = now
                    done, total = (sum(numbers) for numbers in zip(*layers.values(), strict=True))
                    rate = round(done / max(now - began, 1e-3))
                    context.report_facts(bytes=done, bytes_total=total, bytes_per_second=rate)
                    context.progress(done, total, "byte")
    if chunk is None or chunk.status != "success":
        raise stopped("")
