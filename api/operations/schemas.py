"""The tasks and the JSON Schemas of their requests."""

from typing import Any

from api import schema
from api.operations.registry import Absent, Operations
from api.principal import Who
from studio import Studio

operations = Operations()


@operations.add("GET /api/schema", Absent.PAGE)
def tasks(studio: Studio, _: Who) -> list[schema.TaskView]:
    """List the tasks."""
    return schema.tasks(studio.catalog)


@operations.add("GET /api/schema/{task}", Absent.PAGE)
def request_schema(studio: Studio, _: Who, task: str) -> dict[str, Any]:
    """Return the JSON Schema of a task's request, with the choices this computer offers."""
    return schema.request_schema(studio.catalog, task)
