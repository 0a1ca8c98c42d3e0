"""Reading what a script sends: a small JSON object, or a request wrapped in one."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from api.plain import has_reserved, is_plain
from engines import requests
from engines.requests import from_storage, parse
from errors import StudioError, reason

MOST_BYTES = 1024 * 1024
MOST_FIELDS = 20_000
MOST_FIELDS_OF_ONE = 1000
"""In one object. What checks a request complains of each field that it does not know."""


class Submission(BaseModel):
    """A request on its way into the queue, with the project it is for and the caller's own name for it."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    request: requests.Request
    project_id: str | None = None
    client_ref: str | None = Field(None, min_length=1, max_length=200)


def read_request(data: Mapping[str, Any]) -> requests.Request:
    """A request as a script sends it, or the record a file made here carries, of any version of the studio.

    Raises StudioError unknown_task, unknown_field, empty_field, bad_value.
    """
    inner = data.get("request")
    return from_storage(inner) if isinstance(inner, Mapping) and "studio" in data else parse(data, titled=False)


def read_submission(data: Mapping[str, Any]) -> Submission:
    """A request alone, a file's whole record, or ``{"request": …, "project_id": …, "client_ref": …}``."""
    inner = data.get("request")
    if not isinstance(inner, Mapping) or "studio" in data:
        return Submission(request=read_request(data))
    try:
        return Submission.model_validate({**data, "request": read_request(inner)})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise StudioError(
            "bad_value", f"“{str(first['loc'][0])[:60]}” cannot be that.", reason(first), status=422
        ) from error


class CheckedRequest(Request):
    """A request whose JSON is read as ``JsonObject``s are, so that FastAPI's own reading is no way around."""

    async def json(self) -> Any:
        """What the body holds, an object. Raises StudioError too_much (413), bad_json (422)."""
        return await _json_object(self)


async def _json_object(request: Request) -> dict[str, Any]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise StudioError("too_much", "That is too long.", f"At most {MOST_BYTES // 1024} KB are read.", status=413)
    return await run_in_threadpool(_parsed, bytes(body))  # a megabyte takes long enough for others to notice


def _parsed(body: bytes) -> dict[str, Any]:
    fields = 0

    def counted(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal fields
        fields += len(pairs)
        if fields > MOST_FIELDS or len(pairs) > MOST_FIELDS_OF_ONE:
            raise _bad_json(f"It has more than {MOST_FIELDS:,} fields, or {MOST_FIELDS_OF_ONE:,} in one object.")
        return dict(pairs)

    try:
        data = json.loads(body, object_pairs_hook=counted)
    except (ValueError, RecursionError) as error:
        raise _bad_json("The body cannot be read as JSON.") from error
    if not isinstance(data, dict):
        raise _bad_json("The body is JSON, but not an object.")
    if not is_plain(data):  # it could be stored, and then no list that holds it could be sent
        raise _bad_json("It is nested too deeply, or holds a number or a letter that is none.")
    if any(map(has_reserved, data.values())):
        raise _bad_json("A field of it holds a file, or what looks like one: files are brought in, then named by id.")
    return data


def _bad_json(why: str) -> StudioError:
    return StudioError("bad_json", "The request cannot be understood.", why, "Send a JSON object.", status=422)


JsonObject = Annotated[dict[str, Any], Depends(_json_object)]
"""A route's parameter: the JSON object in its body, at most 1 MB."""
