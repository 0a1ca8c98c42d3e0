"""What a person has typed and not sent yet: the values of each form, an unsent message. Nobody else can read it."""

import json
import time
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert

from auth.accounts.principal import Principal
from db import Database
from errors import StudioError
from library.rows import whole_rows
from library.tables import Draft

MAX_BYTES = 256 * 1024
"""Of one draft, as JSON in UTF-8. The longest text of a form has 50,000 characters of up to four bytes."""
MAX_DRAFTS = 100
"""Of one person. The page has about thirty forms."""


class DraftValue(BaseModel):
    """A draft by its name, such as ``form/create_image``. A null ``value`` removes it.

    ``person`` is the id of who typed it: a page may still be open when someone else signs in at the same browser.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9_/-]{1,60}$")
    value: Any
    person: str | None = None


def list_drafts(database: Database, who: Principal) -> dict[str, Any]:
    """Return all drafts of a person by name."""
    with database.session() as session:
        rows = whole_rows(session, Draft, select(Draft).where(Draft.owner_id == who.user_id))
        return {row.name: row.value for row in rows}


def save(database: Database, who: Principal, draft: DraftValue) -> None:
    """Save a draft, or remove it. The last one saved counts.

    Raises StudioError not_yours (409), draft_too_large, list_full (422).
    """
    if draft.person not in (None, who.user_id):
        raise StudioError("not_yours", "Someone else is signed in now.", next="Reload the page.", status=409)
    if len(json.dumps(draft.value, ensure_ascii=False).encode()) > MAX_BYTES:
        raise StudioError(
            "draft_too_large",
            "This draft is too large to be saved.",
            f"The limit is {MAX_BYTES // 1024} KB.",
            "Shorten the text.",
            status=422,
        )
    mine, this = Draft.owner_id == who.user_id, Draft.name == draft.name
    with database.session(immediate=True) as session:
        if draft.value is None:
            session.execute(delete(Draft).where(mine, this))
            return
        if (session.scalar(select(func.count()).where(mine, ~this)) or 0) >= MAX_DRAFTS:
            raise StudioError("list_full", f"There are already {MAX_DRAFTS} drafts.", next="Remove one.", status=422)
        values = {"value": draft.value, "saved_at": time.time()}
        row = insert(Draft).values(owner_id=who.user_id, name=draft.name, **values)
        session.execute(row.on_conflict_do_update(index_elements=["owner_id", "name"], set_=values))
