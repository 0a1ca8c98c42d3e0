"""The tasks: each request's JSON Schema with the choices of this studio, and the models for it."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from engines.catalog import Catalog
from engines.catalog.entry import License
from engines.requests import REQUESTS
from errors import StudioError


class TaskView(BaseModel):
    """A task in brief; its schema is at ``/api/schema/<task>``."""

    model_config = ConfigDict(frozen=True)

    task: str
    use: str
    models: tuple[str, ...]


class ModelView(BaseModel):
    """A model in brief. ``memory`` is bytes by precision; ``verified`` is how it was tested."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    use: str
    tasks: tuple[str, ...]
    installed: bool
    starter: bool
    gated: bool
    lane: str
    download_bytes: int
    memory: dict[str, int]
    license: License
    verified: str


def tasks(catalog: Catalog) -> list[TaskView]:
    """Return every task with its models, best first."""
    return [
        TaskView(task=task, use=_use(task), models=tuple(entry.id for entry in catalog.for_task(task)))
        for task in REQUESTS
    ]


def request_schema(catalog: Catalog, task: str) -> dict[str, Any]:
    """Return the JSON Schema of a task's request; ``choices`` of a field explain its values.

    Raises StudioError unknown_task.
    """
    if task not in REQUESTS:
        raise StudioError(
            "unknown_task",
            f"There is no task “{task[:60]}”.",
            next=f"Known tasks: {', '.join(REQUESTS)}.",
            status=404,
        )
    schema = REQUESTS[task].model_json_schema()
    for name, field in schema["properties"].items():
        if "choices" in field:
            choices = catalog.field_choices(task, field.pop("choices"))
            field["enum"] = [choice.value for choice in choices]
            field["choices"] = [choice.model_dump() for choice in choices]
        if name == "model":
            models = catalog.for_task(task)
            field["choices"] = [{"value": model.id, "label": model.name, "help": model.use} for model in models]
    return schema


def _use(task: str) -> str:
    return (REQUESTS[task].__doc__ or "").strip().splitlines()[0]
