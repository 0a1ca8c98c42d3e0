"""The REST routes of the operations, for programs and for the parts of the page that poll."""

from collections.abc import Callable
from functools import partial
from inspect import cleandoc
from typing import Any, get_type_hints

from fastapi import APIRouter, Response

from api.metrics import CONTENT_TYPE, Metrics
from api.operations import OPERATIONS
from api.operations.registry import Operation, Route
from api.operations.routes import router_counted_by
from studio import Studio


def router(studio: Studio) -> APIRouter:
    """Return all our routes except those for signing in."""
    metrics = Metrics(studio)
    routes = router_counted_by(metrics.requests)
    services: dict[type, Any] = {Studio: studio}
    for operation in OPERATIONS:
        if isinstance(operation.rest, Route):
            _add(routes, operation.rest, operation.call, _service(operation, services))
    _add_health(routes, metrics)
    return routes


def _add(router: APIRouter, route: Route, call: Callable[..., Any], service: Any) -> None:
    for method in route.methods:
        router.add_api_route(
            route.path,
            partial(call, service),
            methods=[method],
            status_code=route.status,
            name=call.__name__,
            description=cleandoc(call.__doc__ or ""),
            include_in_schema=method != "HEAD",
            **route.options,
        )


def _service(operation: Operation, services: dict[type, Any]) -> Any:
    """Return the operation's first argument: the studio, or an object created once from the studio."""
    kind = next(iter(get_type_hints(operation.call).values()))
    if kind not in services:
        services[kind] = kind(services[Studio])
    return services[kind]


def _add_health(router: APIRouter, metrics: Metrics) -> None:
    @router.get("/healthz")
    async def health() -> Response:
        """Return “ok” while the studio is running."""
        return Response("ok", media_type="text/plain")

    @router.get("/metrics")
    def figures() -> Response:
        """Return metrics for Prometheus; the gate limits who may read them."""
        return Response(metrics.text(), headers={"Content-Type": CONTENT_TYPE})
