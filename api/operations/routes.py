"""Router for the REST routes: counts requests and checks their JSON."""

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
    """Return a router that counts responses by method, path template and status."""

    class Counted(APIRoute):
        """A route that counts requests and checks all JSON it reads."""

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
    """Return the HTTP status of an error."""
    if isinstance(error, StudioError):
        return error.status
    if isinstance(error, HTTPException):
        return error.status_code
    return 422 if isinstance(error, RequestValidationError) else 500
