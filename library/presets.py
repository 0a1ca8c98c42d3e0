"""Presets for pictures and clips: built-in ones and those that a person saves."""

import time
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter
from sqlalchemy import select

from auth.accounts.principal import Principal
from db import Database
from errors import StudioError, not_found
from library.rows import whole_rows, whole_views
from library.tables import Preset
from library.views import View
from yaml_files import read_yaml

_FOLDER = Path(__file__).parents[1] / "assets" / "presets"
BUILT_IN = {"create_image": _FOLDER / "image.yaml", "create_clip": _FOLDER / "clip.yaml"}
"""The file of each task's presets."""
IDEA = "{idea}"
SAMPLE_REF = "preset-sample/"
"""Beginning of the ``client_ref`` of a job whose result may become a preset's sample; the preset's id follows."""
NAME_LENGTH = 60
MOST = 200


class PresetFields(View):
    """The settings of a preset. ``frame`` is a prompt with ``{idea}`` in place of the person's idea; ``size`` a shape
    with megapixels; an empty ``model`` means Auto; ``seconds`` is the duration of a clip."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frame: str = Field(IDEA, max_length=2000)
    size: dict[str, str | float | None] = Field(default_factory=dict, max_length=8)
    quality: Literal["draft", "good", "best"] = "good"
    model: str = Field("", max_length=200)
    seconds: float | None = Field(None, gt=0, le=60)


class TaskPreset(PresetFields):
    """A preset of a task: its name, its use, and the asset that is its sample. A built-in one has a sample picture that
    comes with the studio, made from the idea ``example``."""

    id: str
    name: str
    use: str = ""
    example: str = ""
    sample: str | None = None
    mine: bool = False


@cache
def built_in(task: str) -> tuple[TaskPreset, ...]:
    """The presets of a task that come with the studio. Raises StudioError not_found."""
    if task not in BUILT_IN:
        raise not_found("task with presets")
    return TypeAdapter(tuple[TaskPreset, ...]).validate_python(read_yaml(BUILT_IN[task]))


def is_built_in(preset_id: str) -> bool:
    """Whether a preset comes with the studio."""
    return any(preset.id == preset_id for task in BUILT_IN for preset in built_in(task))


def all_presets(database: Database, who: Principal, task: str) -> list[TaskPreset]:
    """The built-in presets of a task, then the person's own, oldest first. Raises StudioError not_found."""
    shipped = built_in(task)
    with database.session() as session:
        query = _own(who).where(Preset.task == task).order_by(Preset.created_at)
        return [*shipped, *whole_views(whole_rows(session, Preset, query), _view)]


def keep(database: Database, who: Principal, task: str, name: str, fields: PresetFields) -> TaskPreset:
    """Save a preset of a task under a name, replacing the person's own of that name.

    Raises StudioError not_found, bad_name, bad_frame, too_many.
    """
    built_in(task)
    name = " ".join(name.split())
    if not name or len(name) > NAME_LENGTH:
        raise StudioError("bad_name", f"A preset's name has 1 to {NAME_LENGTH} characters.", status=422)
    if IDEA not in fields.frame:
        raise StudioError("bad_frame", f"A preset's prompt needs {IDEA} in the place for the idea.", status=422)
    with database.session(immediate=True) as session:
        mine = {row.name: row for row in session.scalars(_own(who).where(Preset.task == task))}
        row = mine.get(name)
        if row is None:
            if len(mine) >= MOST:
                raise StudioError("too_many", f"You have {MOST} presets.", next="Delete some first.", status=409)
            row = Preset(owner_id=who.user_id, task=task, name=name, fields={}, created_at=time.time())
            session.add(row)
        row.fields = fields.model_dump(mode="json", include=set(PresetFields.model_fields))
        session.flush()
        return _view(row)


def forget(database: Database, who: Principal, preset_id: str) -> None:
    """Delete one of the person's presets. Raises StudioError not_found."""
    with database.session() as session:
        row = session.scalar(_own(who).where(Preset.id == preset_id))
        if row is None:
            raise not_found("preset")
        session.delete(row)


def with_frame(prompt: str, frame: Any) -> str:
    """A prompt inside the frame of a preset."""
    if not isinstance(frame, str) or IDEA not in frame or not prompt.strip():
        return prompt
    return frame.replace(IDEA, prompt.strip().rstrip("."), 1)


def _own(who: Principal) -> Any:
    return select(Preset).where(Preset.owner_id == who.user_id, Preset.task.in_(BUILT_IN))


def _view(row: Preset) -> TaskPreset:
    return TaskPreset(id=row.id, name=row.name, use="Saved by you.", mine=True, **row.fields)
