"""An operation of the studio: one function that becomes both a REST route and a gradio_client endpoint."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from fastapi import Path

Json = dict[str, Any]
Function = TypeVar("Function", bound=Callable[..., Any])

Id = Annotated[str, Path(alias="id")]
"""An operation's parameter: ``{id}`` in its route; its endpoint uses the parameter's own name."""


class Absent(StrEnum):
    """Why an operation has no REST route or no endpoint."""

    PAGE = "It serves the pages and programs that poll."
    OWNER = "It is for the owner, mostly in a browser only."
    BYTES = "It streams bytes in or out, which endpoints cannot do."
    SHORT = "It is a shortcut to an operation that has a route."
    CLIENT = "It is gradio_client's form of an operation with a different route."


@dataclass(frozen=True)
class Route:
    """A REST route; ``options`` are FastAPI's."""

    methods: tuple[str, ...]
    path: str
    status: int
    options: Json


@dataclass(frozen=True, eq=False)
class Operation:
    """A function ``(studio, who, …)`` that returns a pydantic model, JSON or a response, with its route and endpoint.

    Instead of the studio it may take an instance of a class whose only argument is the studio; it is created once.
    """

    call: Callable[..., Any]
    rest: Route | Absent
    gradio: Absent | None = None
    arguments: Callable[..., Json] | None = None


class Operations(list[Operation]):
    """The operations of a noun, in the order their routes are matched."""

    def add(
        self,
        rest: str | Absent,
        gradio: Absent | None = None,
        *,
        arguments: Callable[..., Json] | None = None,
        status: int = 200,
        **options: Any,
    ) -> Callable[[Function], Function]:
        """Register the decorated function: its route is ``rest``, like ``"POST /api/jobs"``; its endpoint has its name.

        At the endpoint, a body or query is one object, or the parameters of ``arguments``, which builds the object.
        """

        def register(call: Function) -> Function:
            route = rest if isinstance(rest, Absent) else _route(rest, status, options)
            self.append(Operation(call, route, gradio, arguments))
            return call

        return register


def _route(written: str, status: int, options: Json) -> Route:
    *methods, path = written.split()
    return Route(tuple(methods), path, status, options)
