"""Components from the fields of a request: label, help, bounds, unit and choices come from the field alone."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

import gradio as gr
from pydantic.fields import FieldInfo

from engines.catalog import Catalog
from engines.requests import Request
from tabs.slot import slot

_FEW = 6  # as many choices lie open; more go into a list
_HIDDEN = {"task", "version"}


def control(catalog: Catalog, task: str, name: str, field: FieldInfo) -> gr.components.Component:
    """The component for one field of a task's request."""
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    label, help = _label(field, extra), field.description or ""
    if "asset" in extra:
        return slot(extra["asset"], field.title or name, help, main=field.is_required())  # type: ignore[arg-type]
    if isinstance(suggestions := extra.get("suggestions"), list):
        return gr.Dropdown(
            [(f"{value:g}", value) for value in suggestions],  # type: ignore[misc]
            value=field.default,
            label=label,
            info=help,
            allow_custom_value=True,
        )
    if choices := _choices(catalog, task, name, field, extra):
        return _pick(choices, label, help, field.default)
    kind = _plain(field.annotation)
    if kind is bool:
        return gr.Checkbox(field.default, label=label, info=help)
    if kind in (int, float):
        return _number(field, kind, label, help, extra)
    return gr.Textbox(
        value=None if field.is_required() else field.default,
        label=label,
        info=help,
        lines=int(extra.get("lines", 1)),  # type: ignore[arg-type]
        max_lines=max(12, int(extra.get("lines", 1))),  # type: ignore[arg-type]
        max_length=_bound(field, "max_length"),
    )


def shown_fields(catalog: Catalog, request: type[Request]) -> dict[str, FieldInfo]:
    """The fields a person decides about; the model is one of them only where there is a choice."""
    task = request.model_fields["task"].default
    hidden = _HIDDEN | ({"model"} if len(_models(catalog, task)) < 2 else set())
    return {name: field for name, field in request.model_fields.items() if name not in hidden}


def advanced(field: FieldInfo) -> bool:
    """Whether a field is folded away."""
    return isinstance(field.json_schema_extra, dict) and bool(field.json_schema_extra.get("advanced"))


def labels(catalog: Catalog, request: type[Request]) -> dict[str, Any]:
    """What a request's fields and values are called, to tell later how something was made."""
    task = request.model_fields["task"].default
    said: dict[str, Any] = {}
    for name, field in request.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        if name in _HIDDEN | {"model"} or "asset" in extra:
            continue
        choices = _choices(catalog, task, name, field, extra)
        unit = "" if choices else str(extra.get("unit", ""))
        said[name] = {"label": field.title or name, "unit": unit, "values": {value: text for text, value in choices}}
    return said


def _label(field: FieldInfo, extra: Mapping[str, Any]) -> str:
    unit = extra.get("unit", "x")
    return str(field.title) if unit == "x" else f"{field.title} ({unit})"


def _models(catalog: Catalog, task: str) -> list[tuple[str, str]]:
    return [(entry.name, entry.id) for entry in catalog.for_task(task) if catalog.installed(entry)]


def _choices(
    catalog: Catalog, task: str, name: str, field: FieldInfo, extra: Mapping[str, Any]
) -> list[tuple[str, Any]]:
    if name == "model":
        return [("The best one installed", None), *_models(catalog, task)]
    if "choices" in extra:
        choices = catalog.field_choices(task, name)
        return [(f"{choice.label}: {choice.help}" if choice.help else choice.label, choice.value) for choice in choices]
    if get_origin(field.annotation) is Literal:
        return [(_said(value, str(extra.get("unit", ""))), value) for value in get_args(field.annotation)]
    return []


def _said(value: Any, unit: str) -> str:
    text = f"{value}{unit}" if unit == "x" else f"{value} {unit}".strip()
    return text.upper() if text in {"wav", "mp3"} else text[:1].upper() + text[1:]


def _pick(choices: Sequence[tuple[str, Any]], label: str, help: str, default: Any) -> gr.components.Component:
    if len(choices) > _FEW:
        return gr.Dropdown(list(choices), value=default, label=label, info=help, filterable=len(choices) > 12)
    long = any(len(text) > 20 for text, _ in choices)
    return gr.Radio(list(choices), value=default, label=label, info=help, elem_classes=["lines" if long else "seg"])


def _number(
    field: FieldInfo, kind: type, label: str, help: str, extra: Mapping[str, Any]
) -> gr.components.Component:
    low, high = _bound(field, "ge"), _bound(field, "le")
    whole = kind is int
    step = _bound(field, "multiple_of") or extra.get("step") or (1 if whole else None)
    if low is None or high is None or step is None or (high - low) / step > 600:
        return gr.Number(
            field.default, label=label, info=help, minimum=low, maximum=high, precision=0 if whole else None
        )
    return gr.Slider(low, high, field.default, step=step, label=label, info=help, buttons=[])


def _bound(field: FieldInfo, name: str) -> Any:
    found = (getattr(part, name, None) for part in field.metadata)
    return next((value for value in found if value is not None), None)


def _plain(annotation: Any) -> Any:
    """``int | None`` is about an int."""
    return next((one for one in get_args(annotation) if one is not type(None)), annotation)
