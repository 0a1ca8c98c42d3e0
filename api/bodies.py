"""Reads request bodies: a small JSON object, its fields, or a request wrapped in one."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from api.plain_json import has_reserved, is_plain
from engines import requests
from engines.requests import from_storage, parse
from errors import StudioError, reason
from library.conversations.options import Options

MOST_BYTES = 1024 * 1024
MOST_FIELDS = 20_000
MOST_FIELDS_OF_ONE = 1000
"""In one object. Validation reports every unknown field."""

T = TypeVar("T", bound=BaseModel)


class Body(BaseModel):
    """Base of bodies sent by scripts or the page."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Submission(BaseModel):
    """A request for the queue, with its project and the caller's own reference."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    request: requests.Request
    project_id: str | None = None
    client_ref: str | None = Field(None, min_length=1, max_length=200)


def read_request(data: Mapping[str, Any]) -> requests.Request:
    """Parse a request from a script, or the record in a file made by any version of the studio.

    Raises StudioError unknown_task, unknown_field, empty_field, bad_value.
    """
    inner = data.get("request")
    return from_storage(inner) if isinstance(inner, Mapping) and "studio" in data else parse(data, titled=False)


def read_submission(data: Mapping[str, Any]) -> Submission:
    """Parse a bare request, a file's whole record, or ``{"request": …, "project_id": …, "client_ref": …}``."""
    inner = data.get("request")
    if not isinstance(inner, Mapping) or "studio" in data:
        return Submission(request=read_request(data))
    return validate(Submission, {**data, "request": read_request(inner)})


def validate(kind: type[T], body: Mapping[str, Any]) -> T:
    """Return the body as ``kind``. Raises StudioError bad_value naming the first invalid field."""
    try:
        return kind.model_validate(dict(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _bad_value(str((first["loc"] or ("request",))[0]), first) from error


def read(kind: type[T], body: Mapping[str, Any]) -> T:
    """Like ``validate``, but names the innermost field. Raises StudioError bad_value, unknown_field."""
    try:
        return kind.model_validate(dict(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        *within, name = [str(part) for part in first["loc"]] or ["request"]
        if first["type"] != "extra_forbidden":
            raise _bad_value(name, first) from error
        noun, known = ("option", Options) if within == ["options"] else ("field", kind)
        next = f"{noun.capitalize()}s: {', '.join(known.model_fields)}."
        raise StudioError("unknown_field", f"There is no {noun} “{name[:60]}”.", next=next, status=422) from error


def wrong_shape(shape: str) -> StudioError:
    """Return the error for a body without the expected shape."""
    return StudioError("bad_value", "The request body is invalid.", next=f"Send {shape}.", status=422)


def _bad_value(name: str, invalid: Mapping[str, Any]) -> StudioError:
    return StudioError("bad_value", f"Invalid value for “{name[:60]}”.", reason(invalid), status=422)


class CheckedRequest(Request):
    """A request whose JSON gets the same checks as ``JsonObject``, also when FastAPI reads it."""

    async def json(self) -> Any:
        """Return the body, a JSON object. Raises StudioError too_much (413), bad_json (422)."""
        return await _json_object(self)


async def _json_object(request: Request) -> dict[str, Any]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise StudioError(
                "too_much", "The request body is too large.", f"The limit is {MOST_BYTES // 1024} KB.", status=413
            )
    return await run_in_threadpool(_parse, bytes(body))  # 1 MB would block other requests noticeably


def _parse(body: bytes) -> dict[str, Any]:
    fields = 0

    def counted(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal fields
        fields += len(pairs)
        if fields > MOST_FIELDS or len(pairs) > MOST_FIELDS_OF_ONE:
            raise _bad_json(
                f"It has more than {MOST_FIELDS:,} fields, or more than {MOST_FIELDS_OF_ONE:,} in one object."
            )
        return dict(pairs)

    try:
        data = json.loads(body, object_pairs_hook=counted)
    except (ValueError, RecursionError) as error:
        raise _bad_json("The body is not valid JSON.") from error
    if not isinstance(data, dict):
        raise _bad_json("The body is JSON, but not an object.")
    if not is_plain(data):  # once stored, it would break every list that contains it
        raise _bad_json("It is nested too deeply, or contains an invalid number or character.")
    if any(map(has_reserved, data.values())):
        raise _bad_json("A field contains a file, or an object like one. Upload the file first and send its id.")
    return data


def _bad_json(why: str) -> StudioError:
    return StudioError("bad_json", "The request body is invalid.", why, "Send a JSON object.", status=422)


JsonObject = Annotated[dict[str, Any], Depends(_json_object)]
"""A route's parameter: the JSON object in the body, at most 1 MB."""
