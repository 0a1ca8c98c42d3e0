"""Ends long responses when the caller loses access."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth.http.responses import not_signed_in, refusal

LOOK_SECONDS = 1.0
"""How often access is checked."""


async def serve_while(
    admitted: Callable[[], Awaitable[bool]], app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    """Serve a request until ``admitted`` returns False: then a stream ends, and a response not yet started is a 401."""
    started = streaming = False

    async def noting(message: Message) -> None:
        nonlocal started, streaming
        if message["type"] == "http.response.start":
            started = True
            streaming = not any(name.lower() == b"content-length" for name, _ in message["headers"])
        await send(message)

    work = asyncio.ensure_future(app(scope, receive, noting))
    try:
        while not (await asyncio.wait({work}, timeout=LOOK_SECONDS))[0]:
            if not await admitted():
                break
    finally:
        if not work.done():
            work.cancel()
            await asyncio.wait({work})
    if not work.cancelled():
        work.result()
    elif streaming:
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    elif not started:
        await refusal(not_signed_in(), scope)(scope, receive, send)
