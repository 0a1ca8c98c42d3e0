"""The cast, and the steps of designing a new member."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from api import cast_design
from api.bodies import JsonObject, read
from api.cast_design import DesignMethod, DesignStarted, DesignStep
from api.operations.registry import Absent, Id, Json, Operations
from api.principal import Who
from library.cast.views import CastChange, CastView, NewMember
from studio import Studio

operations = Operations()


class CastQuery(BaseModel):
    """Filters for a list of the cast."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: str = Field("", max_length=200)
    project_id: str | None = None
    deleted: bool = False


def _cast_query(words: str = "", project_id: str | None = None, deleted: bool = False) -> Json:
    return {"words": words, "project_id": project_id, "deleted": deleted}


def _member_body(name: str, look: str = "", kind: str = "character", options: Json | None = None) -> Json:
    return {**(options or {}), "name": name, "look": look, "kind": kind}


def _step_body(step: str, look: str, options: Json | None = None) -> Json:
    return {**(options or {}), "step": step, "look": look}


@operations.add("GET /api/cast/design", Absent.PAGE)  # before single members: “design” is not an id
def design_ways(studio: Studio, _: Who) -> list[DesignMethod]:
    """Return how the installed models can make drafts, a change and a sheet."""
    return cast_design.methods(studio)


@operations.add("POST /api/cast/design", arguments=_step_body, status=201)
def design_cast(studio: Studio, who: Who, body: JsonObject) -> DesignStarted:
    """Run a design step: drafts, change or sheet; options: kind, references, picture, change, project_id."""
    return cast_design.design(studio, who, read(DesignStep, body))


@operations.add("GET /api/cast", arguments=_cast_query)
def list_cast(studio: Studio, who: Who, query: Annotated[CastQuery, Query()]) -> list[CastView]:
    """List the cast alphabetically: everyone a prompt can mention with @."""
    return studio.library.cast.all(who, **query.model_dump())


@operations.add("POST /api/cast", arguments=_member_body, status=201)
def add_to_cast(studio: Studio, who: Who, body: JsonObject) -> CastView:
    """Add a cast member (kind: character, product, place, style).

    options: pictures, loras, voice, notes, project_id.
    """
    return studio.library.cast.create(who, read(NewMember, body))


@operations.add("GET /api/cast/{id}", Absent.PAGE)
def cast_member(studio: Studio, who: Who, member_id: Id) -> CastView:
    """Return a cast member."""
    return studio.library.cast.get(who, member_id)


@operations.add("PATCH /api/cast/{id}")
def change_cast(studio: Studio, who: Who, member_id: Id, changes: JsonObject) -> CastView:
    """Change a cast member: name, kind, look, pictures, loras, voice, notes, project_id. Omitted fields stay."""
    return studio.library.cast.change(who, member_id, read(CastChange, changes))


@operations.add("DELETE /api/cast/{id}", status=204)
def delete_from_cast(studio: Studio, who: Who, member_id: Id) -> None:
    """Move a cast member to the bin; its pictures and LoRAs stay in the library."""
    studio.library.cast.delete(who, member_id)


@operations.add("POST /api/cast/{id}/restore")
def restore_to_cast(studio: Studio, who: Who, member_id: Id) -> CastView:
    """Restore a cast member from the bin."""
    return studio.library.cast.restore(who, member_id)
