"""Bodies on their way through the gate: read whole up to a limit, handed on, listened to."""

import json
import math
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from errors import StudioError

EVENT_LIMIT = 2 << 20
"""The longest text of a request fits, of plain letters. Pictures, masks and documents come in as uploads."""
FORM_LIMIT = 64 << 10
MOST_FIELDS = 1000
"""In one object. What reads a request complains of each field that it does not know."""
MOST_VALUES = 20_000
"""In one body. Gradio goes through them one by one, several times, while everybody else waits."""


async def read(receive: Receive, limit: int) -> bytes:
    """The whole body. Raises StudioError (413) when it is longer than ``limit`` bytes."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise StudioError("broken_off", "The request ended early.", status=400)
        body += message.get("body", b"")
        if len(body) > limit:
            raise StudioError(
                "body_too_large",
                "That is too much at once.",
                f"This may be {limit >> 10:,} KB at most.",
                "Bring large files in as uploads.",
                status=413,
            )
        if not message.get("more_body"):
            return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that hands the body over in one piece, then goes on as before."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again


def parse(body: bytes) -> Any:
    """A JSON body. Raises StudioError (400) for anything else, (422) for numbers that not every reader can take and for
    more than MOST_VALUES, or MOST_FIELDS in one object."""
    try:
        value = json.loads(body, object_hook=_object, parse_int=_whole, parse_float=_decimal, parse_constant=_decimal)
    except (ValueError, RecursionError) as error:
        raise _unreadable() from error
    _count(value)
    return value


def dump(value: Any) -> bytes:
    """The value as a JSON body. Raises StudioError (400) for text that no answer could repeat (half a surrogate)."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise _unreadable() from error


def with_body(scope: Scope, body: bytes) -> Scope:
    """The scope of a request whose body was written anew, as JSON."""
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if name not in (b"content-length", b"content-type", b"content-encoding")
    ]
    headers += [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]
    return {**scope, "headers": headers}


def without_compression(scope: Scope) -> Scope:
    """The scope of a request whose answer the gate has to read."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]}


def overheard(send: Send, listen: Callable[[Any], Awaitable[None]]) -> Send:
    """``send`` for a small JSON response: a good one is told to ``listen`` before anything of it leaves."""
    start: Message = {}
    body = bytearray()

    async def hold(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        if start["status"] == 200:
            await listen(json.loads(body))
        await send(start)
        await send({"type": "http.response.body", "body": bytes(body), "more_body": False})

    return hold


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    if len(fields) > MOST_FIELDS:
        raise _too_many("fields", MOST_FIELDS)
    return fields


def _count(value: Any) -> None:
    count, open_ = 0, [value]
    while open_:
        inner = open_.pop()
        if isinstance(inner, dict | list):
            count += len(inner)
            if count > MOST_VALUES:
                raise _too_many("values", MOST_VALUES)
            open_ += inner.values() if isinstance(inner, dict) else inner


def _too_many(what: str, most: int) -> StudioError:
    return StudioError("too_much", f"That has too many {what}.", f"{most:,} are the most.", status=422)


def _whole(text: str) -> int:
    if len(text) > 20 or not -(2**63) < int(text) < 2**63:
        raise _no_number(text)
    return int(text)


def _decimal(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _no_number(text)
    return value


def _no_number(text: str) -> StudioError:
    return StudioError("bad_number", f"“{text[:30]}” cannot be used as a number.", "It is too large.", status=422)


def _unreadable() -> StudioError:
    return StudioError("bad_json", "This is not readable JSON.", status=400)
