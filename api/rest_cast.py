"""REST: the cast, and the steps of designing somebody new for it."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api import designing, writing
from api.bodies import JsonObject
from api.designing import Designed, DesignStep, DesignWay
from api.principal import Who
from library.cast.views import CastChange, CastView, NewMember
from studio import Studio


class CastQuery(BaseModel):
    """Whom of the cast."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: str = Field("", max_length=200)
    project_id: str | None = None
    deleted: bool = False


def add_to(router: APIRouter, studio: Studio) -> None:
    """Add the routes of the cast."""
    _add_design(router, studio)  # before single members: “design” is no id
    _add_members(router, studio)


def _add_design(router: APIRouter, studio: Studio) -> None:
    @router.get("/api/cast/design")
    def design_ways(_: Who) -> list[DesignWay]:
        """In which way the installed models can make drafts, a change and a sheet."""
        return designing.ways(studio)

    @router.post("/api/cast/design", status_code=201)
    def design(who: Who, body: JsonObject) -> Designed:
        """A step of a design: ``{"step", "kind", "look", "references"?, "picture"?, "change"?, "project_id"?}``."""
        return designing.design(studio, who, writing.read(DesignStep, body))


def _add_members(router: APIRouter, studio: Studio) -> None:
    @router.get("/api/cast")
    def cast(who: Who, asked: Annotated[CastQuery, Query()]) -> list[CastView]:
        """The cast, by the alphabet."""
        return studio.library.cast.all(who, **asked.model_dump())

    @router.post("/api/cast", status_code=201)
    def create_member(who: Who, body: JsonObject) -> CastView:
        """A new member: ``{"name", "kind"?, "look"?, "pictures"?, "loras"?, "voice"?, "notes"?, "project_id"?}``."""
        return studio.library.cast.create(who, writing.read(NewMember, body))

    @router.get("/api/cast/{id}")
    def member(who: Who, id: str) -> CastView:
        """A member of the cast."""
        return studio.library.cast.get(who, id)

    @router.patch("/api/cast/{id}")
    def change_member(who: Who, id: str, body: JsonObject) -> CastView:
        """Change what is given of one's own member."""
        return studio.library.cast.change(who, id, writing.read(CastChange, body))

    @router.delete("/api/cast/{id}", status_code=204)
    def delete_member(who: Who, id: str) -> None:
        """Put one's own member into the bin, for 30 days; its pictures and LoRAs stay in the library."""
        studio.library.cast.delete(who, id)

    @router.post("/api/cast/{id}/restore")
    def restore_member(who: Who, id: str) -> CastView:
        """Take one's own member out of the bin."""
        return studio.library.cast.restore(who, id)
