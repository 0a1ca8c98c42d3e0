"""What you typed into a form and have not sent."""

from typing import Any

from api.bodies import JsonObject, read
from api.operations.registry import Absent, Operations
from api.principal import Who
from library import drafts
from library.drafts import DraftValue
from studio import Studio

operations = Operations()


@operations.add("GET /api/drafts", Absent.PAGE)
def list_drafts(studio: Studio, who: Who) -> dict[str, Any]:
    """Your drafts by name: ``form/<task>`` has the values of a form."""
    return drafts.list_drafts(studio.database, who)


@operations.add("PUT /api/drafts", Absent.PAGE, status=204)
def save_draft(studio: Studio, who: Who, body: JsonObject) -> None:
    """Save a draft: ``{"name", "value"}``. It replaces yours of the same name; ``null`` removes it."""
    drafts.save(studio.database, who, read(DraftValue, body))
