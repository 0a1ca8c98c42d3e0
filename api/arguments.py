"""Calling an endpoint with what a script sent: only with what its signature says, and with one sentence otherwise."""

import functools
import inspect
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any, get_type_hints

import gradio as gr
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from api.plain import answerable, has_reserved, is_plain
from db import database_trouble
from errors import StudioError, reason
from jobs.trouble import disk_full, is_disk_full

FILE = "file"
"""The one argument that takes a file of gradio_client's."""

log = logging.getLogger(__name__)


def checked(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """The endpoint with its arguments checked against its signature, which Gradio only describes.

    A file may stand in the argument ``file`` alone, and an answer holds no file but those that the studio hands out.
    Whatever goes wrong is raised as Gradio's error, which carries one text, and never our insides.
    """
    signature = inspect.signature(endpoint)
    accepted = _accepted(endpoint, signature)

    def arguments(given: tuple[Any, ...]) -> dict[str, Any]:
        bound = signature.bind(*given).arguments
        values = accepted.model_validate({name: bound[name] for name in bound if name in accepted.model_fields})
        for name in accepted.model_fields.keys() & bound.keys():
            if not is_plain(bound[name]):
                why = "It is nested too deeply, or holds a number or a letter that is none."
                raise StudioError("bad_value", f"“{name}” cannot be that.", why)
            if name != FILE and has_reserved(bound[name]):
                raise StudioError("bad_value", f"“{name}” cannot be that.", "It holds a file, or what looks like one.")
        return bound | {name: getattr(values, name) for name in accepted.model_fields}

    if inspect.isasyncgenfunction(endpoint):

        @functools.wraps(endpoint)
        async def follow(*given: Any) -> AsyncIterator[Any]:
            with _plainly():
                async for item in endpoint(**arguments(given)):
                    yield answerable(item)

        return follow

    @functools.wraps(endpoint)
    def call(*given: Any) -> Any:
        with _plainly():
            return answerable(endpoint(**arguments(given)))

    return call


def tell_too_few(blocks: gr.Blocks) -> None:
    """Have a call with too few arguments refused in a sentence: Gradio's own repeats all that was sent, in the log."""

    def validate(function: Any, given: list[Any]) -> None:
        needed = len(function.inputs)
        if len(given) < needed:
            what = f"/{function.api_name} takes {needed} values, and {len(given)} came."
            raise _told(StudioError("bad_value", what, "A call over HTTP sends every value, with null for none."))

    blocks.validate_inputs = validate  # type: ignore[method-assign, assignment]


def _accepted(endpoint: Callable[..., Any], signature: inspect.Signature) -> type[BaseModel]:
    """What a script may send, as a model; the request comes from Gradio itself."""
    hints = get_type_hints(endpoint)
    fields: dict[str, Any] = {
        name: (hints[name], ... if parameter.default is parameter.empty else parameter.default)
        for name, parameter in signature.parameters.items()
        if hints[name] is not gr.Request
    }
    return create_model(endpoint.__name__, __config__=ConfigDict(frozen=True, allow_inf_nan=False), **fields)


@contextmanager
def _plainly() -> Iterator[None]:
    try:
        yield
    except StudioError as error:
        raise _told(error) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0])
        raise _told(StudioError("bad_value", f"“{name}” cannot be that.", reason(first))) from error
    except Exception as error:
        if known := disk_full() if is_disk_full(error) else database_trouble(error):
            raise _told(known) from error
        log.exception("An endpoint failed")
        raise _told(
            StudioError("unexpected", "Something went wrong inside the studio.", "Its log says why.")
        ) from error


def _told(error: StudioError) -> gr.Error:
    return gr.Error(error.problem.sentence, print_exception=False)
