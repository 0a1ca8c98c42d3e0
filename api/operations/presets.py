"""Presets for pictures and clips."""

from pydantic import Field

from api.bodies import Body, JsonObject, read
from api.operations.registry import Absent, Id, Operations
from api.principal import Who
from library import presets
from library.presets import SAMPLE_REF, PresetFields, TaskPreset
from studio import Studio

operations = Operations()

_IMAGE = "create_image"


class PresetBody(Body):
    """A preset to save under a name."""

    name: str
    task: str = _IMAGE
    fields: PresetFields = Field(default_factory=PresetFields)


@operations.add("GET /api/presets", Absent.PAGE)
def task_presets(studio: Studio, who: Who, task: str = _IMAGE) -> list[TaskPreset]:
    """List the presets of a task (``create_image``, ``create_clip``): built-in ones, then your own. ``sample`` is the
    first result you made with it."""
    made = studio.jobs.made_as(who, SAMPLE_REF)
    samples = {ref.removeprefix(SAMPLE_REF).partition("/")[0]: asset for ref, asset in made.items()}
    known = presets.all_presets(studio.database, who, task)
    return [preset.model_copy(update={"sample": samples.get(preset.id)}) for preset in known]


@operations.add("POST /api/presets", Absent.PAGE, status=201)
def keep_task_preset(studio: Studio, who: Who, body: JsonObject) -> TaskPreset:
    """Save a preset: ``{"name", "task", "fields": {"frame", "size", "quality", "model", "seconds"}}``. Replaces yours
    of the same name."""
    preset = read(PresetBody, body)
    return presets.keep(studio.database, who, preset.task, preset.name, preset.fields)


@operations.add("DELETE /api/presets/{id}", Absent.PAGE, status=204)
def forget_task_preset(studio: Studio, who: Who, preset_id: Id) -> None:
    """Delete your preset."""
    presets.forget(studio.database, who, preset_id)
