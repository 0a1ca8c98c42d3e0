"""Presets for pictures."""

from pydantic import Field

from api.bodies import Body, JsonObject, read
from api.operations.registry import Absent, Id, Operations
from api.principal import Who
from library import presets
from library.presets import SAMPLE_REF, ImagePreset, PresetFields
from studio import Studio

operations = Operations()


class ImagePresetBody(Body):
    """A preset to save under a name."""

    name: str
    fields: PresetFields = Field(default_factory=PresetFields)


@operations.add("GET /api/presets", Absent.PAGE)
def image_presets(studio: Studio, who: Who) -> list[ImagePreset]:
    """List the presets for pictures: built-in ones, then your own. ``sample`` is the first picture you made with it."""
    made = studio.jobs.made_as(who, SAMPLE_REF)
    samples = {ref.removeprefix(SAMPLE_REF).partition("/")[0]: asset for ref, asset in made.items()}
    known = presets.all_presets(studio.database, who)
    return [preset.model_copy(update={"sample": samples.get(preset.id)}) for preset in known]


@operations.add("POST /api/presets", Absent.PAGE, status=201)
def keep_image_preset(studio: Studio, who: Who, body: JsonObject) -> ImagePreset:
    """Save a preset: ``{"name", "fields": {"frame", "size", "quality", "model"}}``. Replaces yours of the same name."""
    preset = read(ImagePresetBody, body)
    return presets.keep(studio.database, who, preset.name, preset.fields)


@operations.add("DELETE /api/presets/{id}", Absent.PAGE, status=204)
def forget_image_preset(studio: Studio, who: Who, preset_id: Id) -> None:
    """Delete your preset."""
    presets.forget(studio.database, who, preset_id)
