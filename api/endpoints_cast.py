"""The cast for ``gradio_client``."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from api import designing, writing
from api.designing import DesignStep
from api.principal import principal
from library.cast.views import CastChange, CastView, NewMember
from studio import Studio

Json = dict[str, Any]


def cast_endpoints(studio: Studio) -> list[Callable[..., Any]]:
    """The endpoints of the cast."""

    def list_cast(
        http: gr.Request, words: str = "", project_id: str | None = None, deleted: bool = False
    ) -> list[Json]:
        """The cast, by the alphabet: whom a prompt may name with @."""
        found = studio.library.cast.all(principal(http), words=words, project_id=project_id, deleted=deleted)
        return [_json(member) for member in found]

    def add_to_cast(
        name: str, http: gr.Request, look: str = "", kind: str = "character", options: Json | None = None
    ) -> Json:
        """A new member (kind: character, product, place, style); options: pictures, loras, voice, notes, project_id."""
        new = writing.read(NewMember, {**(options or {}), "name": name, "look": look, "kind": kind})
        return _json(studio.library.cast.create(principal(http), new))

    def change_cast(member_id: str, changes: Json, http: gr.Request) -> Json:
        """Change a member: name, kind, look, pictures, loras, voice, notes, project_id; what is left out stays."""
        return _json(studio.library.cast.change(principal(http), member_id, writing.read(CastChange, changes)))

    def delete_from_cast(member_id: str, http: gr.Request) -> None:
        """Put a member into the bin; its pictures and LoRAs stay in the library."""
        studio.library.cast.delete(principal(http), member_id)

    def restore_to_cast(member_id: str, http: gr.Request) -> Json:
        """Take a member out of the bin."""
        return _json(studio.library.cast.restore(principal(http), member_id))

    def design_cast(step: str, look: str, http: gr.Request, options: Json | None = None) -> Json:
        """A step of a design: drafts, change or sheet; options: kind, references, picture, change, project_id."""
        asked = writing.read(DesignStep, {**(options or {}), "step": step, "look": look})
        return designing.design(studio, principal(http), asked).model_dump(mode="json")

    return [list_cast, add_to_cast, change_cast, delete_from_cast, restore_to_cast, design_cast]


def _json(member: CastView) -> Json:
    return member.model_dump(mode="json")
