"""The published contract does not change, and each operation has a route and an endpoint, or says why not."""

from collections.abc import Iterator
from inspect import signature
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest
from fastapi import FastAPI

from api.operations import OPERATIONS
from api.operations.gradio import install
from api.operations.registry import Absent, Operation, Route
from api.operations.rest import router
from api.principal import Owner
from studio import Studio

PUBLISHED = Path(__file__).with_name("published.txt")
"""Return the contract with scripts: a line per route, with its query and status, and a line per endpoint."""

NOTHING = cast(Studio, SimpleNamespace(jobs=None, library=None, conversations=None, catalog=None))


def routes() -> Iterator[str]:
    app = FastAPI()
    app.include_router(router(NOTHING))
    for path, methods in app.openapi()["paths"].items():
        for method, route in methods.items():
            query = [f"?{one['name']}" for one in route.get("parameters", []) if one["in"] == "query"]
            [status] = route["responses"].keys() - {"422"}
            yield " ".join([method.upper(), path, *query, "->", status])


def endpoints() -> Iterator[str]:
    with gr.Blocks() as blocks:
        install(NOTHING)
    named: Any = blocks.get_api_info()["named_endpoints"]
    for name, endpoint in named.items():
        values = (
            f"{one['parameter_name']}: {one['python_type']['type']}"
            + (f" = {one['parameter_default']!r}" if one["parameter_has_default"] else "")
            for one in endpoint["parameters"]
        )
        answers = ", ".join(one["python_type"]["type"] for one in endpoint["returns"])
        yield f"{name}({', '.join(values)}) -> {answers or 'None'}"


def test_the_published_contract_does_not_change() -> None:
    assert sorted(PUBLISHED.read_text(encoding="utf-8").splitlines()) == sorted([*routes(), *endpoints()])


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.call.__name__)
def test_an_operation_has_a_route_and_an_endpoint_or_says_why_not(operation: Operation) -> None:
    assert operation.call.__doc__
    if isinstance(operation.rest, Absent):
        assert operation.rest in (Absent.SHORT, Absent.CLIENT)
        assert operation.gradio is None
    else:
        assert operation.gradio in (None, Absent.PAGE, Absent.OWNER, Absent.BYTES)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.call.__name__)
def test_an_operation_takes_its_service_and_the_caller_first(operation: Operation) -> None:
    _, who, *_ = signature(operation.call).parameters
    assert who in ("who", "_")


def test_restricted_operations_get_no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    def sweep(studio: Studio, _: Owner) -> None:
        """An operation for the owner."""

    monkeypatch.setattr("api.operations.gradio.OPERATIONS", [Operation(sweep, Absent.CLIENT)])
    with gr.Blocks(), pytest.raises(TypeError, match="not open to everyone"):
        install(NOTHING)


def test_routes_and_endpoints_are_unique() -> None:
    found = [operation.rest for operation in OPERATIONS if isinstance(operation.rest, Route)]
    ways = [(method, route.path) for route in found for method in route.methods]
    names = [operation.call.__name__ for operation in OPERATIONS]
    assert (len(set(ways)), len(set(names))) == (len(ways), len(names))
