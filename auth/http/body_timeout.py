"""Ends requests whose body stalls, so that nobody can hold a connection by sending nothing."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth.http.responses import refusal
from errors import StudioError

SECONDS = 60.0


class BodyTimeout:
    """Limits the wait for each piece of a request's body; once the body is complete, there is no limit."""

    def __init__(self, app: ASGIApp, seconds: float = SECONDS) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        whole = answered = stalled = False

        async def piece() -> Message:
            nonlocal whole, stalled
            if whole:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), self._seconds)
            except TimeoutError:
                stalled = True
                return {"type": "http.disconnect"}  # to the app, the client has disconnected
            whole = not message.get("more_body")
            return message

        async def answer(message: Message) -> None:
            nonlocal answered
            if stalled and not answered:
                return  # drop the app's answer to the disconnect; ours is sent instead
            answered = True
            await send(message)

        try:
            await self._app(scope, piece, answer)
        except Exception:
            if not stalled:
                raise
        if stalled and not answered:
            response = refusal(self._too_slow(), scope)
            response.headers["Connection"] = "close"
            await response(scope, receive, send)

    def _too_slow(self) -> StudioError:
        return StudioError(
            "too_slow",
            "The upload stalled.",
            f"No data arrived for {self._seconds:g} seconds.",
            "Check the connection and try again.",
            status=408,
        )
