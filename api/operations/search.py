"""One search over everything."""

from typing import Annotated

from fastapi import Query

from api.operations.registry import Operations
from api.principal import Who
from api.search import SearchAnswer
from api.search import search as search_all
from studio import Studio

operations = Operations()


@operations.add("GET /api/search")
def search(
    studio: Studio,
    who: Who,
    q: Annotated[str, Query(max_length=200)],
    limit: Annotated[int, Query(ge=1, le=20)] = 5,
) -> SearchAnswer:
    """Search projects, conversations, cast, recipes, files and LoRAs; up to limit results of each kind."""
    return search_all(studio, who, q[:200], max(1, min(limit, 20)))
