"""The request of a recipe step: checked when the recipe is saved, completed when the step runs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo

from engines.catalog import Catalog, Entry
from engines.requests import REQUESTS, Request, asset_fields, parse
from engines.tasks import TASKS
from errors import StudioError
from library.recipes.views import MOST_STEPS, RESULT_OF, Step

_INPUT = re.compile(r"input:(.{1,40})")
_ANY = "0" * 32
RESULT = "result"
"""What a step asks for if no installed model can do it: an uploaded picture."""


class EarlierSteps(NamedTuple):
    """The results and requests of earlier steps by number, and the run's input files by name."""

    results: Mapping[int, str]
    requests: Mapping[int, Mapping[str, Any]]
    inputs: Mapping[str, str]


class PreparedStep(NamedTuple):
    """The next step: its request, or the fields it still needs; ``note`` names what is used instead of the original."""

    request: Request | None
    asks: tuple[str, ...]
    note: str


def check(steps: Sequence[Step]) -> None:
    """Raise StudioError (422) naming the first invalid step, and why."""
    if not 0 < len(steps) <= MOST_STEPS:
        raise _wrong("bad_recipe", f"A recipe has 1 to {MOST_STEPS} steps.")
    for number, step in enumerate(steps, 1):
        for request in (step.request, *step.instead):
            try:
                _check(request, number, steps)
            except StudioError as error:
                problem = error.problem
                raise _wrong(problem.code, f"Step {number}: {problem.what}", problem.why, problem.next) from error


def _check(request: Mapping[str, Any], number: int, steps: Sequence[Step]) -> None:
    task = _task(request)
    if TASKS[task].medium != "image":
        takes = "a clip" if TASKS[task].medium == "video" else "something else"
        raise _wrong("wrong_kind", "Recipes only work with pictures.", f"“{TASKS[task].doing}” takes or makes {takes}.")
    for before in _mentioned(request):
        if before >= number:
            raise _wrong(
                "bad_order",
                f"It uses the result of step {before}.",
                "A step can only use the result of an earlier step.",
                "Move it after that step.",
            )
        _task(steps[before - 1].request)
    fields = REQUESTS[task].model_fields
    filled = {name: _stand_in(task, name, value) for name, value in request.items()}
    missing = {name: _anything(task, name, field) for name, field in fields.items() if _lacks(field, filled.get(name))}
    parse({**filled, **missing})


def prepare(step: Step, known: EarlierSteps, catalog: Catalog) -> PreparedStep:
    """The step's request with all values filled in. Raises StudioError if it is invalid."""
    options = (step.request, *step.instead)
    chosen = next((option for option in options if _installed(_task(option), catalog)), None)
    if chosen is None:
        doing = TASKS[_task(step.request)].doing
        words = f"No installed model can do this ({doing}). Use your own picture, or download a model."
        return PreparedStep(None, (RESULT,), words)
    task = _task(chosen)
    model, note = _model(step, chosen, catalog)
    filled = {name: _filled(task, name, value, known) for name, value in chosen.items()}
    fields = REQUESTS[task].model_fields
    asks = tuple(name for name, field in fields.items() if _lacks(field, filled.get(name)))
    if asks:
        return PreparedStep(None, asks, note)
    return PreparedStep(
        parse({**{name: value for name, value in filled.items() if value is not None}, "model": model}), (), note
    )


def change_step(step: Step, fields: Mapping[str, Any], stop: bool | None) -> Step:
    """The step with new values for its requests' fields; with a ``task``, ``fields`` is a new request.

    Raises StudioError unknown_field, unknown_task.
    """
    values: dict[str, Any] = {} if stop is None else {"stop": stop}
    if "task" in fields:
        return step.model_copy(update=values | {"request": dict(fields), "instead": (), "models": ()})
    requests = [_with(dict(request), fields) for request in (step.request, *step.instead)]
    takers = [REQUESTS[_task(request)].model_fields for request in requests]
    for name in fields:
        if not any(name in taker for taker in takers):
            raise _wrong("unknown_field", f"There is no field “{name[:60]}”.", next=f"Fields: {', '.join(takers[0])}.")
    return step.model_copy(update=values | {"request": requests[0], "instead": tuple(requests[1:])})


def _with(request: dict[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    own = REQUESTS[_task(request)].model_fields
    return request | {name: value for name, value in fields.items() if name in own}


def _task(request: Mapping[str, Any]) -> str:
    task = request.get("task")
    if not isinstance(task, str) or task not in REQUESTS:
        raise _wrong(
            "unknown_task", f"There is no task “{str(task)[:60]}”.", next=f"Known tasks: {', '.join(REQUESTS)}."
        )
    return task


def _mentioned(request: Mapping[str, Any]) -> Iterator[int]:
    """The numbers of the steps that a request refers to."""
    for value in request.values():
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, str) and (match := RESULT_OF.fullmatch(one)):
                yield int(match[1])


def _lacks(field: FieldInfo, value: Any) -> bool:
    """Whether a required field is empty."""
    return field.is_required() and value in (None, "")


def _anything(task: str, name: str, field: FieldInfo) -> Any:
    return _ANY if name in asset_fields(REQUESTS[task]) else "x"


def _stand_in(task: str, name: str, value: Any) -> Any:
    """A placeholder value, as it could be when the step runs."""
    if isinstance(value, list | tuple):
        return tuple(_stand_in(task, name, one) for one in value)
    takes_file = name in asset_fields(REQUESTS[task])
    if isinstance(value, str) and (RESULT_OF.fullmatch(value) or (takes_file and _INPUT.fullmatch(value))):
        return _ANY if takes_file else "x"
    return value


def _filled(task: str, name: str, value: Any, known: EarlierSteps) -> Any:
    """The current value; None if the result or file it refers to does not exist."""
    if isinstance(value, list | tuple):
        every = (_filled(task, name, one, known) for one in value)
        return tuple(one for one in every if one is not None)
    if not isinstance(value, str):
        return value
    takes_file = name in asset_fields(REQUESTS[task])
    if match := RESULT_OF.fullmatch(value):
        before = int(match[1])
        return known.results.get(before) if takes_file else known.requests.get(before, {}).get(name)
    if takes_file and (match := _INPUT.fullmatch(value)):
        return known.inputs.get(match[1])
    return value


def _model(step: Step, chosen: Mapping[str, Any], catalog: Catalog) -> tuple[str, str]:
    """The step's model id, and a note if it is not the intended model."""
    if chosen.get("model"):
        return str(chosen["model"]), ""
    task = _task(chosen)
    here = _installed(task, catalog)
    wanted = [id for id in step.models if id in catalog.entries and task in catalog.entries[id].tasks]
    best = next((entry for id in wanted for entry in here if entry.id == id), here[0])
    note = ""
    if chosen is not step.request:
        meant = TASKS[_task(step.request)].doing
        note = f"No installed model does “{meant}”; using “{TASKS[task].doing}” with {best.name} instead."
    elif wanted and best.id not in wanted:
        note = f"{catalog.entries[wanted[0]].name} is not installed; using {best.name} instead."
    if not best.license.commercial:
        note = f"{note} {best.name} is not for client work.".strip()
    return best.id, note


def _installed(task: str, catalog: Catalog) -> list[Entry]:
    """The installed models for a task whose licenses are valid here, best first."""
    return [entry for entry in catalog.installed_for_task(task) if catalog.licensed_here(entry)]


def _wrong(code: str, what: str, why: str = "", next: str = "") -> StudioError:
    return StudioError(code, what, why, next, status=422)
