"""The REST routes: what is asked of them is counted, and what they are sent is checked."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from prometheus_client import Counter
from starlette.exceptions import HTTPException

from api.bodies import CheckedRequest
from errors import StudioError

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def router_counted_by(requests: Counter) -> APIRouter:
    """A router whose every answer is counted by method, path template and status."""

    class Counted(APIRoute):
        """A route that counts, and reads no JSON unchecked."""

        def get_route_handler(self) -> Handler:
            handle = super().get_route_handler()

            async def counted(request: Request) -> Response:
                status = 500
                try:
                    response = await handle(CheckedRequest(request.scope, request.receive))
                    status = response.status_code
                except Exception as error:
                    status = _status(error)
                    raise
                finally:
                    requests.labels(request.method, self.path, str(status)).inc()
                return response

            return counted

    return APIRouter(route_class=Counted)


def _status(error: Exception) -> int:
    """The status that an error will be answered with."""
    if isinstance(error, StudioError):
        return error.status
    if isinstance(error, HTTPException):
        return error.status_code
    return 422 if isinstance(error, RequestValidationError) else 500
