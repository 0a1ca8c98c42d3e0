"""What a step of a recipe asks for: checked when it is kept, made whole when its turn comes."""

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
"""What a step asks for that no model here can do: a picture brought in."""


class Known(NamedTuple):
    """What came before a step: what each step made, and what it asked for."""

    results: Mapping[int, str]
    requests: Mapping[int, Mapping[str, Any]]
    inputs: Mapping[str, str]


class Ready(NamedTuple):
    """A step whose turn has come: its request, or what it still asks for; ``note`` says what was taken instead."""

    request: Request | None
    asks: tuple[str, ...]
    note: str


def check(steps: Sequence[Step]) -> None:
    """Raises StudioError (422) naming the first step that makes no sense, and why."""
    if not 0 < len(steps) <= MOST_STEPS:
        raise _wrong("bad_recipe", f"A recipe has 1 to {MOST_STEPS} steps.")
    for number, step in enumerate(steps, 1):
        for request in (step.request, *step.instead):
            try:
                _check(request, number, steps)
            except StudioError as error:
                told = error.problem
                raise _wrong(told.code, f"Step {number}: {told.what}", told.why, told.next) from error


def _check(request: Mapping[str, Any], number: int, steps: Sequence[Step]) -> None:
    task = _task(request)
    if TASKS[task].medium != "image":
        takes = "a clip" if TASKS[task].medium == "video" else "something else"
        raise _wrong("wrong_kind", "Recipes work on pictures.", f"“{TASKS[task].doing}” takes or makes {takes}.")
    for before in _mentioned(request):
        if before >= number:
            raise _wrong(
                "bad_order",
                f"It takes what step {before} makes.",
                "A step can only take what an earlier one made.",
                "Put it behind that one.",
            )
        _task(steps[before - 1].request)
    fields = REQUESTS[task].model_fields
    filled = {name: _stand_in(task, name, value) for name, value in request.items()}
    missing = {name: _anything(task, name, field) for name, field in fields.items() if _lacks(field, filled.get(name))}
    parse({**filled, **missing})


def ready(step: Step, known: Known, catalog: Catalog) -> Ready:
    """The step's request with everything in its place. Raises StudioError where it cannot be."""
    options = (step.request, *step.instead)
    chosen = next((option for option in options if _installed(catalog, _task(option))), None)
    if chosen is None:
        doing = TASKS[_task(step.request)].doing
        words = f"No model that is installed here can do this ({doing}): bring in a picture for it, or get a model."
        return Ready(None, (RESULT,), words)
    task = _task(chosen)
    model, note = _model(step, chosen, catalog)
    filled = {name: _filled(task, name, value, known) for name, value in chosen.items()}
    fields = REQUESTS[task].model_fields
    asks = tuple(name for name, field in fields.items() if _lacks(field, filled.get(name)))
    if asks:
        return Ready(None, asks, note)
    return Ready(
        parse({**{name: value for name, value in filled.items() if value is not None}, "model": model}), (), note
    )


def changed(step: Step, fields: Mapping[str, Any], stop: bool | None) -> Step:
    """The step with other values in its fields, wherever its requests have them; with a ``task``, another request.

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
    """The steps that a request speaks of."""
    for value in request.values():
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, str) and (match := RESULT_OF.fullmatch(one)):
                yield int(match[1])


def _lacks(field: FieldInfo, value: Any) -> bool:
    """Whether a field that cannot be left out has nothing in it."""
    return field.is_required() and value in (None, "")


def _anything(task: str, name: str, field: FieldInfo) -> Any:
    return _ANY if name in asset_fields(REQUESTS[task]) else "x"


def _stand_in(task: str, name: str, value: Any) -> Any:
    """A value as it could be once the run is there."""
    if isinstance(value, list | tuple):
        return tuple(_stand_in(task, name, one) for one in value)
    takes_file = name in asset_fields(REQUESTS[task])
    if isinstance(value, str) and (RESULT_OF.fullmatch(value) or (takes_file and _INPUT.fullmatch(value))):
        return _ANY if takes_file else "x"
    return value


def _filled(task: str, name: str, value: Any, known: Known) -> Any:
    """A value as it is now; None where what it stands for is not there."""
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


def _installed(catalog: Catalog, task: str) -> list[Entry]:
    return [entry for entry in catalog.for_task(task) if catalog.installed(entry)]


def _model(step: Step, chosen: Mapping[str, Any], catalog: Catalog) -> tuple[str, str]:
    """Which model does it, and a word about it where it is not the one that was meant."""
    if chosen.get("model"):
        return str(chosen["model"]), ""
    task = _task(chosen)
    here = _installed(catalog, task)
    wanted = [id for id in step.models if id in catalog.entries and task in catalog.entries[id].tasks]
    best = next((entry for id in wanted for entry in here if entry.id == id), here[0])
    note = ""
    if chosen is not step.request:
        meant = TASKS[_task(step.request)].doing
        note = f"No model here does “{meant}”: “{TASKS[task].doing}” by {best.name} instead."
    elif wanted and best.id not in wanted:
        note = f"{catalog.entries[wanted[0]].name} is not installed: {best.name} does it."
    if not best.licence.commercial:
        note = f"{note} {best.name} is not for commercial use.".strip()
    return best.id, note


def _wrong(code: str, what: str, why: str = "", next: str = "") -> StudioError:
    return StudioError(code, what, why, next, status=422)
