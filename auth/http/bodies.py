"""Request and response bodies in the gate: read up to a limit, replayed, observed."""

import json
import math
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from errors import StudioError

EVENT_LIMIT = 2 << 20
"""Bytes; enough for the longest text of a request. Pictures, masks and documents are uploaded instead."""
FORM_LIMIT = 64 << 10
MOST_FIELDS = 1000
"""In one object. Validation reports every unknown field."""
MOST_VALUES = 20_000
"""In one body. Gradio loops over all values several times while everyone else waits."""


async def read(receive: Receive, limit: int) -> bytes:
    """Return the whole body. Raises StudioError (413) if it is longer than ``limit`` bytes."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise StudioError("broken_off", "The request ended before it was complete.", status=400)
        body += message.get("body", b"")
        if len(body) > limit:
            raise StudioError(
                "body_too_large",
                "The request is too large.",
                f"The limit is {limit >> 10:,} KB.",
                "Send large files as uploads.",
                status=413,
            )
        if not message.get("more_body"):
            return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that delivers the body in one piece, then continues with the original."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again


def parse(body: bytes) -> Any:
    """Parse a JSON body. Raises StudioError: 400 for anything else; 422 for numbers that not every parser can read, for
    more than MOST_VALUES values, and for more than MOST_FIELDS fields in one object."""
    try:
        value = json.loads(body, object_hook=_object, parse_int=_whole, parse_float=_decimal, parse_constant=_decimal)
    except (ValueError, RecursionError) as error:
        raise _unreadable() from error
    _count(value)
    return value


def dump(value: Any) -> bytes:
    """Return the value as a JSON body. Raises StudioError (400) for text with a lone surrogate."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise _unreadable() from error


def with_body(scope: Scope, body: bytes) -> Scope:
    """Return the scope of a request with its body replaced by ``body``, as JSON."""
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if name not in (b"content-length", b"content-type", b"content-encoding")
    ]
    headers += [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]
    return {**scope, "headers": headers}


def without_compression(scope: Scope) -> Scope:
    """Return the scope without Accept-Encoding, so that the gate can read the response."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]}


def observe_response(send: Send, listen: Callable[[Any], Awaitable[None]]) -> Send:
    """Return a ``send`` for a small JSON response that passes a successful one to ``listen`` before sending it."""
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
    return StudioError("too_much", f"The request has too many {what}.", f"The limit is {most:,}.", status=422)


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
    return StudioError(
        "bad_number", f"“{text[:30]}” cannot be used as a number.", "It is too large or not finite.", status=422
    )


def _unreadable() -> StudioError:
    return StudioError("bad_json", "The request is not valid JSON.", status=400)
