"""Checks the values a script sends to an endpoint against its signature, and reports errors in a sentence."""

import inspect
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import gradio as gr
from pydantic import ConfigDict, ValidationError, create_model

from api.plain_json import has_reserved, is_plain
from db import database_problem
from errors import StudioError, reason
from jobs.queue.problems import disk_full, is_disk_full

FILE = "file"
"""The only argument that takes a file from gradio_client."""

log = logging.getLogger(__name__)


def checker(name: str, parameters: Sequence[inspect.Parameter]) -> Callable[[tuple[Any, ...]], dict[str, Any]]:
    """Return a function that checks a script's values, which Gradio does not, against ``parameters`` and names them.

    Only the parameter ``file`` takes a file. The function raises StudioError bad_value or pydantic's ValidationError.
    """
    signature = inspect.Signature(list(parameters))
    fields: dict[str, Any] = {
        one.name: (one.annotation, ... if one.default is one.empty else one.default) for one in parameters
    }
    accepted = create_model(name, __config__=ConfigDict(frozen=True, allow_inf_nan=False), **fields)

    def check(given: tuple[Any, ...]) -> dict[str, Any]:
        sent = signature.bind(*given).arguments
        values = accepted.model_validate(sent)
        for name in fields.keys() & sent.keys():
            if not is_plain(sent[name]):
                why = "It is nested too deeply, or contains an invalid number or character."
                raise StudioError("bad_value", f"Invalid value for “{name}”.", why)
            if name != FILE and has_reserved(sent[name]):
                raise StudioError(
                    "bad_value", f"Invalid value for “{name}”.", "It contains a file, or an object like one."
                )
        return {name: getattr(values, name) for name in fields}

    return check


def explain_missing_arguments(blocks: gr.Blocks) -> None:
    """Refuse calls with too few arguments in a sentence: Gradio's own error repeats all values in the log."""

    def validate(function: Any, values: list[Any]) -> None:
        needed = len(function.inputs)
        if len(values) < needed:
            what = f"/{function.api_name} takes {needed} values, but got {len(values)}."
            raise _problem_of(
                StudioError("bad_value", what, "A call over HTTP must send every value; use null for omitted ones.")
            )

    blocks.validate_inputs = validate  # type: ignore[method-assign, assignment]


@contextmanager
def plainly() -> Iterator[None]:
    """Raise every error as Gradio's, which has one text and shows no internals."""
    try:
        yield
    except StudioError as error:
        raise _problem_of(error) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0])
        raise _problem_of(StudioError("bad_value", f"Invalid value for “{name}”.", reason(first))) from error
    except Exception as error:
        if known := disk_full() if is_disk_full(error) else database_problem(error):
            raise _problem_of(known) from error
        log.exception("An endpoint failed")
        raise _problem_of(
            StudioError("unexpected", "Unexpected error in the studio.", "See the log for details.")
        ) from error


def _problem_of(error: StudioError) -> gr.Error:
    return gr.Error(error.problem.sentence, print_exception=False)
