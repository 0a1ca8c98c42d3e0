"""Nobody may hold a connection by sending nothing: a body that stalls is given up."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth.answers import refusal
from errors import StudioError

SECONDS = 60.0


class Patience:
    """Waits for each piece of a request's body for so long and no longer; once it is whole, for ever."""

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
                return {"type": "http.disconnect"}  # to the app it is as if they had left
            whole = not message.get("more_body")
            return message

        async def answer(message: Message) -> None:
            nonlocal answered
            if stalled and not answered:
                return  # what the app says to somebody who left; ours comes instead
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
            "The upload stopped on its way.",
            f"Nothing arrived for {self._seconds:g} seconds.",
            "Try again, with a better connection if there is one.",
            status=408,
        )
