"""Errors of the API as JSON: a code for programs, three sentences for people. Never a traceback."""

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

from auth.http.csrf import SAFE
from auth.http.gradio_guard import bad_form
from auth.http.responses import page, wants_page
from db import database_problem
from errors import Problem, StudioError, not_found, reason
from jobs.queue.problems import disk_full, is_disk_full

log = logging.getLogger(__name__)


def install_pages(app: FastAPI) -> None:
    """Make Gradio's app show an HTML page for a missing page; other errors keep its own responses."""

    async def missing(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if _asks_for_a_page(request, error):
            return _no_page()
        return await http_exception_handler(request, error)

    app.add_exception_handler(HTTPException, missing)


def install(app: FastAPI) -> None:
    """Make an app respond to errors with problems."""
    app.add_exception_handler(StudioError, _refused)
    app.add_exception_handler(RequestValidationError, _wrong_shape)
    app.add_exception_handler(HTTPException, _turned_away)
    app.add_exception_handler(ClientDisconnect, _left)
    # Registered one by one, so that the server does not log a second traceback in addition to ours.
    for kind in (SQLAlchemyError, OSError, Exception):
        app.add_exception_handler(kind, _broken)


def gradio_handlers() -> dict[type[Exception], Any]:
    """Return handlers that make Gradio's own routes respond with problems."""
    from gradio.route_utils import FnIndexInferError

    missing = dict.fromkeys((KeyError, FnIndexInferError), _no_such_function)
    return {**missing, FormParserError: _broken_form, ClientDisconnect: _left, Exception: _broken}


async def _no_such_function(request: Request, _: Exception) -> JSONResponse:
    log.info("%s %s: no such function", request.method, request.url.path)
    missing = not_found("function")
    return answer(missing.problem, missing.status)


async def _broken_form(_: Request, __: Exception) -> JSONResponse:
    broken = bad_form()
    return answer(broken.problem, broken.status)


def answer(problem: Problem, status: int) -> JSONResponse:
    """Return a problem as a response."""
    return JSONResponse(problem.model_dump(), status_code=status)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StudioError)
    return answer(error.problem, error.status)


async def _wrong_shape(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:]) or "request"
    problem = Problem(
        code="bad_value",
        what=f"Invalid value for “{field[:60]}”.",
        why=reason(first),
        next="Change it and try again.",
    )
    return answer(problem, 422)


async def _turned_away(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if _asks_for_a_page(request, error):
        return _no_page()
    if isinstance(error.__cause__, StudioError):  # FastAPI wraps what reading a body raised
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
        why="The address is wrong, or what it showed was deleted.",
    )
    return page("problem.html", 404, title="Not found", problem=problem)


async def _left(request: Request, _: Exception) -> Response:
    """Respond to a client that disconnected while sending a body; nobody receives it."""
    log.info("%s %s: client disconnected", request.method, request.url.path)
    return Response(status_code=400)


async def _broken(request: Request, error: Exception) -> JSONResponse:
    if known := disk_full() if is_disk_full(error) else database_problem(error):
        log.warning("%s %s: %s", request.method, request.url.path, error)
        return answer(known.problem, known.status)
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    problem = Problem(
        code="unexpected",
        what="Unexpected error in the studio.",
        why="The log has the details.",
        next="Try again. If it happens again, show the log to the owner of the studio.",
    )
    return answer(problem, 500)
