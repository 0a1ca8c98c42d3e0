"""REST: ways to begin a picture."""

from fastapi import APIRouter
from pydantic import Field

from api import writing
from api.bodies import JsonObject
from api.principal import Who
from library import presets
from library.presets import ImagePreset, PresetFields
from studio import Studio

_SAMPLE = "preset-sample/"


class KeptPreset(writing.Body):
    """A way to begin, to be kept under a name."""

    name: str
    fields: PresetFields = Field(default_factory=PresetFields)


def add_to(router: APIRouter, studio: Studio) -> None:
    """Add the routes of presets."""

    @router.get("/api/presets")
    def image_presets(who: Who) -> list[ImagePreset]:
        """Ways to begin a picture: the studio's, then one's own; ``sample`` is a picture of one's own made with it."""
        made = studio.jobs.made_as(who, _SAMPLE)
        samples = {ref.removeprefix(_SAMPLE).partition("/")[0]: asset for ref, asset in made.items()}
        known = presets.every(studio.database, who)
        return [preset.model_copy(update={"sample": samples.get(preset.id)}) for preset in known]

    @router.post("/api/presets", status_code=201)
    def keep_image_preset(who: Who, body: JsonObject) -> ImagePreset:
        """Keep ``{"name", "fields": {"frame", "size", "quality", "model"}}``; one's own of that name is replaced."""
        kept = writing.read(KeptPreset, body)
        return presets.keep(studio.database, who, kept.name, kept.fields)

    @router.delete("/api/presets/{id}", status_code=204)
    def forget_image_preset(who: Who, id: str) -> None:
        """Let one's own preset go."""
        presets.forget(studio.database, who, id)
