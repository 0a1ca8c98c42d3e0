"""REST: the models that write."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.bodies import JsonObject
from api.principal import Who
from api.server_paths import owner_only
from engines.language.shelf import Shelf
from errors import StudioError
from studio import Studio


def add_to(router: APIRouter, studio: Studio) -> None:
    """Add the routes of language models. To download one, ask for a job ``fetch_model`` with ``ollama:<name>``."""

    @router.get("/api/language/models")
    def language_models(_: Who, anew: bool = False) -> Shelf:
        """The models that write, here and on the Ollama server; ``anew`` asks the server even if it was just asked."""
        return studio.language.shelf(anew=anew)

    @router.delete("/api/language/models", status_code=204)
    def delete_language_model(who: Who, id: Annotated[str, Query(max_length=200)]) -> None:
        """Delete a model, ``ollama:<name>``, from the Ollama server. The owner alone."""
        owner_only(who)
        studio.language.delete(id)

    @router.post("/api/language/models/unload", status_code=204)
    def unload_language_model(who: Who, body: JsonObject) -> None:
        """Free the memory that the model ``{"id": "ollama:<name>"}`` holds on the Ollama server. The owner alone."""
        owner_only(who)
        id = body.get("id")
        if not isinstance(id, str) or len(body) != 1:
            raise StudioError(
                "bad_value", "The request cannot be understood.", next='Send {"id": "ollama:…"}.', status=422
            )
        studio.language.unload(id)
