"""Every entry to the whole app: its routes and the events of its page."""

import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def inside(app: ASGIApp) -> FastAPI:
    """Return the app inside its protection."""
    while not isinstance(app, FastAPI):
        layers = vars(app)
        app = layers.get("_app") or layers["app"]
    return app


def routes(app: ASGIApp) -> set[str]:
    """Return the path templates of all routes, ours and Gradio's, like ``/api/assets/{id}/file``."""
    return set(_paths(inside(app).routes, ""))


def _paths(found: Any, prefix: str) -> Iterator[str]:
    for route in found:
        if hasattr(route, "original_router"):
            yield from _paths(route.original_router.routes, prefix)
        elif getattr(route, "methods", None):
            yield prefix + route.path
        else:
            yield from _paths(getattr(route.app, "routes", ()), prefix + route.path)
            yield f"{prefix}{route.path}/"


def reading(app: ASGIApp) -> set[tuple[str, str]]:
    """Return the method and path of each of our routes whose body is read completely for it."""
    routers = [found.original_router for found in inside(app).routes if hasattr(found, "original_router")]
    own = [one for router in routers for one in router.routes]
    return {(method, one.path) for one in own if getattr(one, "body_field", None) for method in one.methods}


def filled(path: str, value: str) -> str:
    """Return the path with ``value`` for each parameter."""
    return re.sub(r"\{[^}]*\}", value, path)


def events(app: ASGIApp) -> dict[str, Any]:
    """Return the functions of the page's events and of the endpoints, by name."""
    mounted = [getattr(route, "app", None) for route in inside(app).routes]
    [blocks] = filter(None, (getattr(found, "blocks", None) for found in mounted))
    return {function.api_name: function for function in blocks.fns.values()}
