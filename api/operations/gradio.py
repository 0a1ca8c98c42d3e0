"""The operations as endpoints for ``gradio_client``: named, typed, and checked against their signature."""

from collections.abc import AsyncIterator, Callable
from functools import cache
from inspect import Parameter, Signature, isasyncgenfunction, signature
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import gradio as gr
from gradio.events import api as gradio_api
from pydantic import BaseModel, TypeAdapter

from api.bodies import JsonObject
from api.operations import OPERATIONS
from api.operations.registry import Json, Operation
from api.operations.script_values import checker, plainly
from api.plain_json import answerable
from api.principal import Who, principal
from studio import Studio


def install(studio: Studio) -> None:
    """Add the endpoints to the Blocks being built, without limits on concurrency."""
    for operation in OPERATIONS:
        if operation.gradio is None:
            gradio_api(_endpoint(operation, studio), api_name=operation.call.__name__, concurrency_limit=None)


def _endpoint(operation: Operation, studio: Studio) -> Callable[..., Any]:
    """Wrap an operation as Gradio calls it: with the HTTP request and the values a script sent."""
    parameters, arguments_of = _reader(operation)
    call = operation.call

    async def follow(http: gr.Request, *values: Any) -> AsyncIterator[Any]:
        with plainly():
            async for item in call(studio, principal(http), **arguments_of(values)):
                yield answerable(_json(item))

    def answer(http: gr.Request, *values: Any) -> Any:
        with plainly():
            return answerable(_json(call(studio, principal(http), **arguments_of(values))))

    endpoint: Any = follow if isasyncgenfunction(call) else answer
    http = Parameter("http", Parameter.POSITIONAL_OR_KEYWORD, annotation=gr.Request)
    endpoint.__signature__ = Signature([http, *parameters], return_annotation=_answers(call))
    endpoint.__annotations__ = {one.name: one.annotation for one in (http, *parameters)}
    endpoint.__doc__ = call.__doc__
    return endpoint  # type: ignore[no-any-return]


@cache
def _reader(operation: Operation) -> tuple[list[Parameter], Callable[[tuple[Any, ...]], Json]]:
    """Return the parameters for scripts, and a function from their values to the operation's arguments."""
    _studio, who, *own = _parameters(operation.call)
    if who.annotation != Who:
        raise TypeError(f"{operation.call.__name__} is not open to everyone, and only its route would check that")
    body = next((one for one in own if _is_body(one.annotation)), None)
    gather, parts = operation.arguments, list[Parameter]()
    if body is not None:
        own.remove(body)
        whole = Parameter(body.name, Parameter.POSITIONAL_OR_KEYWORD, annotation=Json)
        parts = _parameters(gather) if gather else [whole]
    parameters = [one.replace(annotation=_bare(one.annotation)) for one in (*own, *parts)]
    parameters.sort(key=lambda one: one.default is not one.empty)
    check = checker(operation.call.__name__, parameters)
    accepted = TypeAdapter(_bare(body.annotation) if body else None)

    def arguments(given: tuple[Any, ...]) -> Json:
        values = check(given)
        if body is not None:
            sent = {one.name: values.pop(one.name) for one in parts}
            fields = gather(**sent) if gather else sent[body.name]
            values[body.name] = accepted.validate_python(fields)
        return values

    return parameters, arguments


def _parameters(function: Callable[..., Any]) -> list[Parameter]:
    hints = get_type_hints(function, include_extras=True)
    return [one.replace(annotation=hints[one.name]) for one in signature(function).parameters.values()]


def _is_body(annotation: Any) -> bool:
    """Return whether a parameter takes a body or a whole query."""
    bare = _bare(annotation)
    return annotation == JsonObject or (isinstance(bare, type) and issubclass(bare, BaseModel))


def _bare(annotation: Any) -> Any:
    """Return a type without its Annotated metadata."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _answers(call: Callable[..., Any]) -> Any:
    """Return the type of an endpoint's response; for a generator, of one item."""
    kind = get_type_hints(call)["return"]
    if get_origin(kind) is list:
        return list[Json]
    return None if kind is NoneType else Json


def _json(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return [_json(one) for one in value] if isinstance(value, list) else value
