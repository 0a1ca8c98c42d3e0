"""Writes the TypeScript types of the REST views for the page's scripts: ``python -m api.page_types``."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from fastapi import FastAPI

from api.operations import rest
from studio import Studio

FILE = Path(__file__).parent.parent / "assets" / "js" / "types" / "api.d.ts"

_HEAD = """// Written by `python -m api.page_types` from the pydantic views of the REST routes: do not edit.
// An object without a declared shape is a `Json`; the code that reads it knows its content.

type Json = Record<string, any>;
"""
_METHODS = ("get", "post", "put", "patch", "delete")
_PREFIX = "/api/"
_REF = "#/components/schemas/"
_PRIMITIVES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}

Schema = dict[str, Any]


def text() -> str:
    """Return the content of the file."""
    app = FastAPI()
    services = SimpleNamespace(jobs=None, library=None, conversations=None, catalog=None)
    app.include_router(rest.router(cast(Studio, services)))  # its routes are only inspected
    openapi = app.openapi()
    schemas: dict[str, Schema] = openapi["components"]["schemas"]
    answers = {method: dict(_answers(openapi["paths"], method)) for method in _METHODS}
    used: dict[str, Schema] = {}
    for routes in answers.values():
        for schema in routes.values():
            _collect(schema, schemas, used)
    interfaces = [_interface(name, used[name]) for name in sorted(used, key=_name)]
    tables = [_table(method, routes) for method, routes in answers.items()]
    return "\n".join([_HEAD, *interfaces, *tables])


def write() -> None:
    """Write the file."""
    FILE.write_text(text(), encoding="utf-8")


def _answers(paths: dict[str, Schema], method: str) -> Iterator[tuple[str, Schema]]:
    """Yield the JSON routes of a method, relative to ``/api/`` and with ``{}`` for parameters, and their responses."""
    for path, operations in paths.items():
        if method not in operations or not path.startswith(_PREFIX):
            continue
        [(status, answer)] = [item for item in operations[method]["responses"].items() if item[0].startswith("2")]
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if schema or status == "204":
            yield re.sub(r"\{\w+\}", "{}", path.removeprefix(_PREFIX)), schema or {"type": "null"}


def _collect(schema: Any, schemas: dict[str, Schema], used: dict[str, Schema]) -> None:
    """Add every named schema reachable from ``schema`` to ``used``."""
    if isinstance(schema, list):
        for part in schema:
            _collect(part, schemas, used)
    elif isinstance(schema, dict):
        name = str(schema.get("$ref", "")).removeprefix(_REF)
        if name and name not in used:
            used[name] = schemas[name]
            _collect(schemas[name], schemas, used)
        for part in schema.values():
            _collect(part, schemas, used)


def _name(key: str) -> str:
    """Return the name of a schema. If two models share one, the key has the module: ``auth__people__DeviceView``."""
    *module, name = key.split("__")
    return f"{''.join(word.title() for word in module[-1].split('_'))}{name}" if module else name


def _interface(name: str, schema: Schema) -> str:
    if not schema.get("properties"):
        return f"export type {_name(name)} = {_type(schema)};\n"
    fields = "".join(f"  {field}: {_type(kind)};\n" for field, kind in schema["properties"].items())
    return f"export interface {_name(name)} {{\n{fields}}}\n"


def _table(method: str, routes: dict[str, Schema]) -> str:
    rows = "".join(f"  {json.dumps(path)}: {_type(schema)};\n" for path, schema in sorted(routes.items()))
    return (
        f"/** The responses of the {method.upper()} routes. */\nexport interface {method.title()}Routes {{\n{rows}}}\n"
    )


def _type(schema: Schema) -> str:
    """Return a JSON Schema as TypeScript. No field is optional, as pydantic writes defaults too."""
    if "$ref" in schema:
        return _name(schema["$ref"].removeprefix(_REF))
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(part) for part in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if schema.get("type") == "array":
        items = _type(schema["items"])
        return f"({items})[]" if " | " in items else f"{items}[]"
    if schema.get("type") == "object":
        values = schema.get("additionalProperties")
        return f"Record<string, {_type(values)}>" if isinstance(values, dict) else "Json"
    return _PRIMITIVES[schema["type"]]


if __name__ == "__main__":
    write()
