"""Components from the fields of a request: label, help, bounds, unit and choices come from the field alone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

import gradio as gr
from pydantic.fields import FieldInfo

from engines.catalog import Catalog
from engines.catalog.entry import Choice
from engines.catalog.fitting import size_of
from engines.requests import Request
from engines.requests.drawing import MOST_LORAS
from tabs.loras import loras
from tabs.mask import mask
from tabs.number import count, number
from tabs.slot import slot
from tabs.slots import slots

EDITORS: dict[str, Callable[[str, str, Mapping[str, Any]], gr.components.Component]] = {
    "loras": lambda label, help, extra: loras(label, help, MOST_LORAS),
    "mask": lambda label, help, extra: mask(label, help, str(extra["paints"])),
}
"""Fields that are filled in by a tool of their own: (label, help, what the field says of itself) -> its control."""

_FEW = 6  # as many choices lie open; more go into a list
_COUNTED = 16  # as many more than the least are counted, not slid
_HIDDEN = {"task", "version"}


def control(catalog: Catalog, task: str, name: str, field: FieldInfo) -> gr.components.Component:
    """The component for one field of a task's request."""
    extra = _extra(field)
    label, help = _label(field, extra), field.description or ""
    if "editor" in extra:
        return EDITORS[extra["editor"]](field.title or name, help, extra)
    if "most" in extra:
        return slots(extra["asset"], field.title or name, help, extra["most"])
    if "asset" in extra:
        return slot(extra["asset"], field.title or name, help, main=field.is_required())
    default = _default(catalog, task, name, field)
    if "suggestions" in extra:
        offered = [(f"{value:g}", value) for value in extra["suggestions"]]
        return gr.Dropdown(offered, value=default, label=label, info=help, allow_custom_value=True)
    if name == "model":
        help = f"{help.partition('.')[0]}."  # the list itself says what leaving it open means
    if choices := _choices(catalog, task, name, field, extra):
        return _pick(choices, label, help, default)
    kind = _plain(field.annotation)
    if kind is bool:
        return gr.Checkbox(default, label=label, info=help)
    if kind in (int, float):
        return _number(field, kind, label, help, default)
    lines = extra.get("lines", 1)
    return gr.Textbox(
        value=default,
        label=label,
        info=help,
        lines=lines,
        max_lines=max(12, lines),
        max_length=_bound(field, "max_length"),
    )


def shown_fields(catalog: Catalog, request: type[Request]) -> dict[str, FieldInfo]:
    """The fields a person decides about; the model is one of them only where there is a choice."""
    task = request.model_fields["task"].default
    hidden = _HIDDEN | ({"model"} if len(_models(catalog, task)) + len(_absent(catalog, task)) < 2 else set())
    shown = {
        name: field
        for name, field in request.model_fields.items()
        if name not in hidden and not _extra(field).get("hidden") and _extra(field).get("editor", "mask") in EDITORS
    }
    if "model" in shown:
        shown["model"] = shown.pop("model")  # the last thing to decide
    return shown


def advanced(field: FieldInfo) -> bool:
    """Whether a field is folded away."""
    return bool(_extra(field).get("advanced"))


def labels(catalog: Catalog, request: type[Request]) -> dict[str, Any]:
    """What a request's fields and values are called, to tell later how something was made."""
    task = request.model_fields["task"].default
    said: dict[str, Any] = {}
    for name, field in request.model_fields.items():
        extra = _extra(field)
        if name in _HIDDEN | {"model"} or "asset" in extra or "hidden" in extra:
            continue
        choices = _choices(catalog, task, name, field, extra)
        unit = "" if choices else str(extra.get("unit", "")).removeprefix("x")
        values = {choice.value: choice.label for choice in choices}
        said[name] = {"label": field.title or name, "unit": unit, "values": values}
    return said


def _extra(field: FieldInfo) -> dict[str, Any]:
    return dict(field.json_schema_extra) if isinstance(field.json_schema_extra, dict) else {}


def _label(field: FieldInfo, extra: Mapping[str, Any]) -> str:
    unit = extra.get("unit", "x")
    return str(field.title) if unit == "x" else f"{field.title} ({unit})"


def _default(catalog: Catalog, task: str, name: str, field: FieldInfo) -> Any:
    """What the best model starts from, else what the field does; a required field starts empty."""
    if name == "model":
        return ""
    if field.is_required():
        return None
    best = next((entry for entry in catalog.for_task(task) if catalog.installed(entry)), None)
    return best.defaults.get(name, field.default) if best else field.default


def _models(catalog: Catalog, task: str) -> list[Choice]:
    return [Choice(value=entry.id, label=entry.name) for entry in catalog.for_task(task) if catalog.installed(entry)]


def _absent(catalog: Catalog, task: str) -> list[Choice]:
    """Models that could be got: the form offers to get one, then make."""
    entries = (entry for entry in catalog.for_task(task) if not catalog.installed(entry) and catalog.fetchable(entry))
    return [
        Choice(value=entry.id, label=f"{entry.name} · to get, {size_of(entry.download_bytes)}") for entry in entries
    ]


def _choices(catalog: Catalog, task: str, name: str, field: FieldInfo, extra: Mapping[str, Any]) -> list[Choice]:
    if name == "model":
        return [Choice(value="", label="Auto"), *_models(catalog, task), *_absent(catalog, task)]
    if "choices" in extra:
        return catalog.field_choices(task, name)
    if get_origin(field.annotation) is Literal:
        unit = str(extra.get("unit", ""))
        return [Choice(value=value, label=_said(value, unit)) for value in get_args(field.annotation)]
    return []


def _said(value: Any, unit: str) -> str:
    text = f"{value}{unit}" if unit == "x" else f"{value} {unit}".strip()
    return text.upper() if text in {"wav", "mp3"} else text[:1].upper() + text[1:]


def _pick(choices: Sequence[Choice], label: str, help: str, default: Any) -> gr.components.Component:
    """A few short choices lie side by side, a few that need explaining one under the other, more in a list."""
    if len(choices) > _FEW or choices[0].value == "":
        names = [(choice.label, choice.value) for choice in choices]
        return gr.Dropdown(names, value=default, label=label, info=help, filterable=len(choices) > 2 * _FEW)
    explained = any(choice.help for choice in choices)
    names = [(f"{choice.label}: {choice.help}" if choice.help else choice.label, choice.value) for choice in choices]
    return gr.Radio(names, value=default, label=label, info=help, elem_classes=["lines" if explained else "seg"])


def _number(field: FieldInfo, kind: type, label: str, help: str, default: Any) -> gr.components.Component:
    extra = _extra(field)
    low, high = _bound(field, "ge"), _bound(field, "le")
    whole = kind is int
    if not field.is_required() and field.default is None:
        return number(label, help, low=low, high=high, step=1 if whole else None)
    step = _bound(field, "multiple_of") or extra.get("step") or (1 if whole else None)
    if whole and None not in (low, high, default) and high - low <= _COUNTED:
        return count(label, help, low=low, high=high, default=default)
    if low is None or high is None or step is None or (high - low) / step > 600:
        return gr.Number(default, label=label, info=help, minimum=low, maximum=high, precision=0 if whole else None)
    return gr.Slider(low, high, default, step=step, label=label, info=help, buttons=[])


def _bound(field: FieldInfo, name: str) -> Any:
    found = (getattr(part, name, None) for part in field.metadata)
    return next((value for value in found if value is not None), None)


def _plain(annotation: Any) -> Any:
    """``int | None`` is about an int."""
    return next((one for one in get_args(annotation) if one is not type(None)), annotation)
