"""Language models. To download one, submit a ``fetch_model`` job with ``ollama:<name>``."""

from typing import Annotated

from fastapi import Query

from api.bodies import JsonObject, wrong_shape
from api.operations.registry import Absent, Operations
from api.principal import Who
from api.server_paths import owner_only
from engines.language.models import LanguageModel, LanguageModels
from studio import Studio

operations = Operations()


@operations.add("GET /api/language/models", Absent.PAGE)
def language_models(studio: Studio, _: Who, anew: bool = False) -> LanguageModels:
    """List the language models, built-in and on the Ollama server; ``anew`` skips the cache."""
    return studio.language.shelf(anew=anew)


@operations.add(Absent.CLIENT)
def list_language_models(studio: Studio, _: Who) -> list[LanguageModel]:
    """List the language models, built-in and on the Ollama server: context length, abilities, whether loaded."""
    return list(studio.language.shelf().models)


@operations.add("DELETE /api/language/models", Absent.OWNER, status=204)
def delete_language_model(studio: Studio, who: Who, id: Annotated[str, Query(max_length=200)]) -> None:
    """Delete the model ``ollama:<name>`` from the Ollama server (owner only)."""
    owner_only(who)
    studio.language.delete(id)


@operations.add("POST /api/language/models/unload", Absent.OWNER, status=204)
def unload_language_model(studio: Studio, who: Who, body: JsonObject) -> None:
    """Unload the model ``{"id": "ollama:<name>"}`` from the Ollama server's memory (owner only)."""
    owner_only(who)
    id = body.get("id")
    if not isinstance(id, str) or len(body) != 1:
        raise wrong_shape('{"id": "ollama:…"}')
    studio.language.unload(id)
