"""Components for the fields of a request: label, help, bounds, unit and choices all come from the field."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal, get_args, get_origin

import gradio as gr
from pydantic.fields import FieldInfo

from engines.catalog import Catalog
from engines.catalog.entry import Choice
from engines.requests import Request
from engines.requests.prompt import MOST_LORAS
from tabs.loras import loras
from tabs.mask import mask
from tabs.model_picker import model_picker
from tabs.number import count, number
from tabs.slot import slot
from tabs.slots import slots
from tabs.style_picker import style_picker
from tabs.voice_picker import voice_picker

EDITORS: dict[str, Callable[[str, str, Mapping[str, Any]], gr.components.Component]] = {
    "loras": lambda label, help, extra: loras(label, help, MOST_LORAS),
    "mask": lambda label, help, extra: mask(label, help, str(extra["paints"])),
}
"""Fields with their own editor: (label, help, the field's ``json_schema_extra``) -> control."""

PICKERS: dict[str, Callable[[Sequence[Choice], str, str, Any], gr.components.Component]] = {
    "style": style_picker,
    "voice": voice_picker,
}
"""Choices with their own picker: (choices, label, help, the default) -> control."""

_FEW = 6  # up to this many choices are shown side by side; more go into a dropdown
_COUNTED = 16  # a range up to this wide gets a counter instead of a slider
_HIDDEN = {"task", "version"}


def control(catalog: Catalog, task: str, name: str, field: FieldInfo) -> gr.components.Component:
    """Return the component for one field of a task's request."""
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
        offered = list(extra["suggestions"].items())
        chosen = next((value for _, value in offered if Fraction(value) == default), default)
        return gr.Dropdown(offered, value=chosen, label=label, info=help, allow_custom_value=True)
    if name == "model":
        return model_picker(task, label, catalog.for_task(task))
    if name == "voice":
        help = ""  # the list explains itself
    if choices := _choices(catalog, task, name, field, extra):
        pick = PICKERS.get(extra.get("choices", ""), _pick)
        return pick(choices, label, help, default)
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
        placeholder=label if name == "prompt" else None,  # shown where the label is not: on a phone
    )


def shown_fields(catalog: Catalog, request: type[Request]) -> dict[str, FieldInfo]:
    """Return the fields shown in the form; the model only if there is more than one to choose from."""
    task = request.model_fields["task"].default
    hidden = _HIDDEN | ({"model"} if _count_models(catalog, task) < 2 else set())
    shown = {
        name: field
        for name, field in request.model_fields.items()
        if name not in hidden and not _extra(field).get("hidden") and _extra(field).get("editor", "mask") in EDITORS
    }
    if "model" in shown:
        shown["model"] = shown.pop("model")  # comes last
    return shown


def advanced(field: FieldInfo) -> bool:
    """Return whether a field belongs under Advanced."""
    return bool(_extra(field).get("advanced"))


def labels(catalog: Catalog, request: type[Request]) -> dict[str, Any]:
    """Return the labels of a request's fields and values, to show later how something was made."""
    task = request.model_fields["task"].default
    settings: dict[str, Any] = {}
    for name, field in request.model_fields.items():
        extra = _extra(field)
        if name in _HIDDEN | {"model"} or "asset" in extra or "hidden" in extra:
            continue
        choices = _choices(catalog, task, name, field, extra)
        unit = "" if choices else str(extra.get("unit", "")).removeprefix("×")
        values = {choice.value: choice.label for choice in choices}
        values |= {value: shown for shown, value in extra.get("suggestions", {}).items()}
        settings[name] = {"label": field.title or name, "unit": unit, "values": values}
    return settings


def _extra(field: FieldInfo) -> dict[str, Any]:
    return dict(field.json_schema_extra) if isinstance(field.json_schema_extra, dict) else {}


def _label(field: FieldInfo, extra: Mapping[str, Any]) -> str:
    unit = extra.get("unit", "×")
    return str(field.title) if unit == "×" else f"{field.title} ({unit})"


def _default(catalog: Catalog, task: str, name: str, field: FieldInfo) -> Any:
    """Return the best installed model's default, else the field's; a required field starts empty."""
    if field.is_required():
        return None
    best = next(iter(catalog.installed_for_task(task)), None)
    own = {**best.defaults, **best.task_defaults.get(task, {})} if best else {}
    return own.get(name, field.default)


def _count_models(catalog: Catalog, task: str) -> int:
    """Return how many models can be chosen: those installed, and those the form offers to download."""
    return sum(catalog.installed(entry) or catalog.fetchable(entry) for entry in catalog.for_task(task))


def _choices(catalog: Catalog, task: str, name: str, field: FieldInfo, extra: Mapping[str, Any]) -> list[Choice]:
    if "choices" in extra:
        return catalog.field_choices(task, name)
    if get_origin(field.annotation) is Literal:
        unit = str(extra.get("unit", ""))
        return [Choice(value=value, label=_with_unit(value, unit)) for value in get_args(field.annotation)]
    return []


def _with_unit(value: Any, unit: str) -> str:
    text = f"{value}{unit}" if unit == "×" else f"{value} {unit}".strip()
    return text.upper() if text in {"wav", "mp3"} else text[:1].upper() + text[1:]


def _pick(choices: Sequence[Choice], label: str, help: str, default: Any) -> gr.components.Component:
    """Show a few short choices side by side, a few explained ones below each other, and more in a dropdown."""
    if len(choices) > _FEW:
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
    bounds = (getattr(part, name, None) for part in field.metadata)
    return next((value for value in bounds if value is not None), None)


def _plain(annotation: Any) -> Any:
    """Return the type without None: int for ``int | None``."""
    return next((one for one in get_args(annotation) if one is not type(None)), annotation)
