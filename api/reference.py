"""Writes the reference pages of docs/ from the code: ``python -m api.reference``."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from inspect import cleandoc
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from engines.catalog import shipped
from engines.catalog.entry import Entry
from engines.catalog.territory import region_names
from engines.requests import REQUESTS, LoraUse, Mention
from engines.requests.frame_rate import shown_rate
from settings import Settings

DOCS = Path(__file__).parent.parent / "docs"

_SETTINGS = """# Settings

Every setting is a flag of `python app.py` and an environment variable. A flag wins over the environment.

| flag | variable | value | default | meaning |
|---|---|---|---|---|
"""
_MODELS = """# Models

The models in the catalog. *Starter* models come with the starter pack and work offline on a CPU. Your own entries are
YAML files of the same form in `DATA/catalog/`. `GET /api/models` lists what is installed.
"""
_REQUESTS = """# Requests

The fields of each task: for the body of `POST /api/jobs`, the argument of `/submit`, and the `request` in every file
made here. Unknown fields are refused. Media are ids of assets. `GET /api/schema/<task>` returns the same as JSON
Schema, with the choices of your studio.
"""
_PARTS = (LoraUse, Mention)
"""Parts of requests that have their own table."""

_VERIFIED = {
    "weights": "tested with the real model",
    "starter": "tested with the starter pack",
    "twin": "tested with a tiny model of the same architecture",
    "import": "only loading the code is tested",
}


def pages() -> dict[str, str]:
    """Return the reference pages by file name."""
    makers: dict[str, Callable[[], Iterator[str]]] = {
        "settings.md": _settings,
        "models.md": _models,
        "requests.md": _requests,
    }
    return {name: "".join(make()).rstrip() + "\n" for name, make in makers.items()}


def write() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")


def _settings() -> Iterator[str]:
    yield _SETTINGS
    for name, field in Settings.model_fields.items():
        flag, variable = f"`--{name.replace('_', '-')}`", f"`C41_{name.upper()}`"
        yield _row(flag, variable, _kind(field.annotation), _default(field.default), field.description or "")


def _models() -> Iterator[str]:
    yield _MODELS
    for entry in shipped.entries():
        yield from _model(entry)


def _model(entry: Entry) -> Iterator[str]:
    license = f"[{entry.license.name}]({entry.license.url})" if entry.license.url else entry.license.name
    size = f", {_size(entry.download_bytes)} download" if entry.download_bytes else ""
    yield f"\n## {entry.name}\n`{entry.id}`{' · starter' if entry.starter else ''}\n\n{entry.use}\n\n"
    if entry.tasks:
        yield f"- Tasks: {', '.join(f'`{task}`' for task in entry.tasks)}\n"
    yield f"- Runs on: {entry.runtime}{size}\n"
    where = region_names(entry.license.territory)
    yield f"- License: {license}, {'' if entry.license.commercial else 'not '}for commercial use"
    yield f", not valid in {where}\n" if where else "\n"
    yield f"- Status: {_VERIFIED[entry.verified]}\n"
    for field, choices in entry.choices.items():
        named = ", ".join(f"`{choice.value}` ({choice.label})" for choice in choices)
        yield f"- `{field}`: {named}\n"
    for field, (low, high, multiple) in entry.bounds.items():
        yield f"- `{field}`: {low:g} to {high:g}{f', a multiple of {multiple:g}' if multiple > 1 else ''}\n"


def _requests() -> Iterator[str]:
    yield _REQUESTS
    for task, request in REQUESTS.items():
        yield f"\n## {task}\n{cleandoc(request.__doc__ or '')}\n\n"
        yield "| field | value | default | meaning |\n|---|---|---|---|\n"
        yield from _fields(request)
    for part in _PARTS:
        yield f"\n## {part.__name__}\n{cleandoc(part.__doc__ or '')}\n\n"
        yield "| field | value | default | meaning |\n|---|---|---|---|\n"
        yield from _fields(part)


def _fields(request: type[BaseModel]) -> Iterator[str]:
    schema = request.model_json_schema()["properties"]
    for name, field in request.model_fields.items():
        known = schema[name]
        kind = _field_rows(known) if "asset" in known else _kind(field.annotation)
        limits = _limits(known)
        value = f"{kind}{f', {limits}' if limits else ''}{f' ({unit})' if (unit := known.get('unit')) else ''}"
        required = field.is_required() or name == "task"
        default = "required" if required else _default(field.get_default(call_default_factory=True))
        yield _row(f"`{name}`", value, default, field.description or "The task.")


def _field_rows(known: dict[str, Any]) -> str:
    """Return the value of a field for assets."""
    return f"up to {known['most']} ids of {known['asset']}s" if "most" in known else f"id of {_article(known['asset'])}"


def _limits(schema: dict[str, Any]) -> str:
    """Return the bounds of a field in words; those of an optional field are one level deeper."""
    schema = {**schema, **next((part for part in schema.get("anyOf", []) if part.get("type") != "null"), {})}
    words = []
    if "minimum" in schema:
        low = f"{schema['minimum']:,}"
        words.append(f"{low} to {schema['maximum']:,}" if "maximum" in schema else f"at least {low}")
    if "multipleOf" in schema:
        words.append(f"a multiple of {schema['multipleOf']}")
    if "maxLength" in schema:
        words.append(f"at most {schema['maxLength']:,} characters")
    return ", ".join(words)


def _default(value: Any) -> str:
    """Return a default as it would be typed; empty if there is none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Fraction):
        return f"`{shown_rate(value)}`"
    return f"`{value}`" if value not in (None, "", (), {}) else ""


def _kind(annotation: Any) -> str:
    """Return a type in words."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return _kind(next(part for part in get_args(annotation) if part is not type(None)))
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    if origin is tuple:
        return f"list of {_several(get_args(annotation)[0])}"
    if origin is dict:
        return f"{_kind(get_args(annotation)[0])} to {_kind(get_args(annotation)[1])}"
    known: dict[Any, str] = {int: "whole number", float: "number", str: "text", bool: "yes or no", Path: "path"}
    known[Fraction] = "number, or a fraction as text"
    return known[annotation]


def _several(annotation: Any) -> str:
    """Return the type of a list's items in words."""
    if get_origin(annotation) is Annotated:
        return _several(get_args(annotation)[0])
    if annotation in _PARTS:
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return "texts" if annotation is str else f"{annotation.__name__.lower()}s"


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"


def _row(*cells: str) -> str:
    escaped = (cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(escaped)} |\n"


if __name__ == "__main__":
    write()
