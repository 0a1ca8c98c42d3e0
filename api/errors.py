"""Every refusal of the API as JSON: a code for programs, three sentences for people. Never a traceback."""

import logging
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from python_multipart.exceptions import FormParserError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from auth.answers import page, wants_page
from auth.crosssite import SAFE
from auth.gradio_guard import bad_form
from db import database_trouble
from errors import Problem, StudioError, not_found, reason
from jobs.trouble import disk_full, is_disk_full

log = logging.getLogger(__name__)


def install_pages(app: FastAPI) -> None:
    """Make an app that has its own answers (Gradio's) show a page where a browser asks for what is not there."""

    async def missing(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if _asks_for_a_page(request, error):
            return _no_page()
        return await http_exception_handler(request, error)

    app.add_exception_handler(HTTPException, missing)


def install(app: FastAPI) -> None:
    """Make an app answer with problems."""
    app.add_exception_handler(StudioError, _refused)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(HTTPException, _turned_away)
    app.add_exception_handler(ClientDisconnect, _left)
    # What is answered here needs no traceback of the server's beside ours, as it writes for every other exception.
    for kind in (SQLAlchemyError, OSError, Exception):
        app.add_exception_handler(kind, _broken)


def gradio_handlers() -> dict[type[Exception], Any]:
    """How Gradio's own routes answer what they stumble over: with problems, too."""
    from gradio.route_utils import FnIndexInferError

    missing = dict.fromkeys((KeyError, FnIndexInferError), _no_such_function)
    return {**missing, FormParserError: _broken_form, ClientDisconnect: _left, Exception: _broken}


async def _no_such_function(request: Request, _: Exception) -> JSONResponse:
    log.info("%s %s names nothing that is here", request.method, request.url.path)
    missing = not_found("function")
    return answer(missing.problem, missing.status)


async def _broken_form(_: Request, __: Exception) -> JSONResponse:
    broken = bad_form()
    return answer(broken.problem, broken.status)


def answer(problem: Problem, status: int) -> JSONResponse:
    """A problem as a response."""
    return JSONResponse(problem.model_dump(), status_code=status)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StudioError)
    return answer(error.problem, error.status)


async def _misread(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:]) or "request"
    problem = Problem(
        code="bad_value",
        what=f"“{field[:60]}” cannot be that.",
        why=reason(first),
        next="Change it and try again.",
    )
    return answer(problem, 422)


async def _turned_away(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if _asks_for_a_page(request, error):
        return _no_page()
    if isinstance(error.__cause__, StudioError):  # FastAPI's word for whatever reading a body raised
        return await _refused(request, error.__cause__)
    response = answer(Problem(code=f"http_{error.status_code}", what=f"{error.detail}."), error.status_code)
    response.headers.update(error.headers or {})
    return response


def _asks_for_a_page(request: Request, error: HTTPException) -> bool:
    return error.status_code == 404 and request.method in SAFE and wants_page(request.headers)


def _no_page() -> Response:
    problem = Problem(
        code="not_found",
        what="There is no such page.",
        why="The address is mistyped, or belongs to something that was removed.",
    )
    return page("problem.html", 404, title="Not found", problem=problem)


async def _left(request: Request, _: Exception) -> Response:
    """For somebody who hung up in the middle of a body: nobody hears it."""
    log.info("%s %s was broken off", request.method, request.url.path)
    return Response(status_code=400)


async def _broken(request: Request, error: Exception) -> JSONResponse:
    if known := disk_full() if is_disk_full(error) else database_trouble(error):
        log.warning("%s %s: %s", request.method, request.url.path, error)
        return answer(known.problem, known.status)
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    problem = Problem(
        code="unexpected",
        what="Something went wrong inside the studio.",
        why="The reason is in its log.",
        next="Try again; if it happens again, show the log to whoever looks after the studio.",
    )
    return answer(problem, 500)
