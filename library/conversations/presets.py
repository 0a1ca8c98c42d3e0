"""Presets for conversations: built-in ones and those that a person saves."""

import time
from functools import cache
from pathlib import Path

from pydantic import Field, TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from db import Database
from errors import StudioError, not_found
from library.conversations.options import Options, stored_options
from library.rows import whole_rows, whole_views
from library.tables import Preset
from library.views import View
from yaml_files import read_yaml

BUILT_IN = Path(__file__).parents[2] / "assets" / "presets" / "writing.yaml"
NAME_LENGTH = 60
MOST = 200
_TASK = "write"


class PresetField(View):
    """A field to fill in for the first message."""

    name: str
    label: str
    hint: str = ""
    lines: int = 1


class WritingPreset(View):
    """A preset for a conversation. ``system`` are the instructions to the model, ``options`` values for the request.

    ``ask`` is the start of the first message: small models follow the last message better than the instructions.
    ``example`` fills in the fields, or ``text``, the message itself; ``attach`` means that it needs a file.
    """

    id: str
    name: str
    use: str = ""
    verb: str = "Ask"
    ask: str = ""
    system: str
    options: Options = Options()
    fields: tuple[PresetField, ...] = ()
    example: dict[str, str] = Field(default_factory=dict)
    attach: bool = False
    mine: bool = False


@cache
def built_in() -> tuple[WritingPreset, ...]:
    """The presets that come with the studio."""
    return TypeAdapter(tuple[WritingPreset, ...]).validate_python(read_yaml(BUILT_IN))


class Presets:
    """The presets of one person at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, who: Principal) -> list[WritingPreset]:
        """The built-in presets, then the person's own, oldest first."""
        query = select(Preset).where(Preset.owner_id == who.user_id, Preset.task == _TASK)
        with self._database.session() as session:
            return [*built_in(), *whole_views(whole_rows(session, Preset, query.order_by(Preset.created_at)), _view)]

    def keep(self, who: Principal, name: str, system: str, options: Options) -> WritingPreset:
        """Save a preset under a name, replacing one of the same name. Raises StudioError bad_name, too_many."""
        name = " ".join(name.split())
        if not name or len(name) > NAME_LENGTH:
            raise StudioError("bad_name", f"A format's name has 1 to {NAME_LENGTH} characters.", status=422)
        fields = {"system": system, "options": options.model_dump()}
        with self._database.session(immediate=True) as session:
            mine = select(Preset).where(Preset.owner_id == who.user_id, Preset.task == _TASK)
            rows = {row.name: row for row in session.scalars(mine)}
            row = rows.get(name) or _new(session, who, name, len(rows))
            row.fields = fields
            session.flush()
            return _view(row)

    def forget(self, who: Principal, preset_id: str) -> None:
        """Delete one of the person's presets. Raises StudioError not_found."""
        with self._database.session() as session:
            row = session.get(Preset, preset_id)
            if row is None or row.owner_id != who.user_id or row.task != _TASK:
                raise not_found("preset")
            session.delete(row)


def check_preset(session: Session, who: Principal, preset_id: str | None) -> None:
    """Check that a preset is built in or the person's own. Raises StudioError not_found."""
    if preset_id is None or any(preset.id == preset_id for preset in built_in()):
        return
    row = session.get(Preset, preset_id)
    if row is None or row.owner_id != who.user_id or row.task != _TASK:
        raise not_found("preset")


def _new(session: Session, who: Principal, name: str, known: int) -> Preset:
    if known >= MOST:
        raise StudioError("too_many", f"You have {MOST} formats.", next="Delete some first.", status=409)
    row = Preset(owner_id=who.user_id, task=_TASK, name=name, fields={}, created_at=time.time())
    session.add(row)
    return row


def _view(row: Preset) -> WritingPreset:
    return WritingPreset(
        id=row.id,
        name=row.name,
        use="Saved by you.",
        system=str(row.fields.get("system", "")),
        options=stored_options(row.fields.get("options")),
        mine=True,
    )
