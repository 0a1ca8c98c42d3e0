"""REST: conversations with language models."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api import writing
from api.bodies import JsonObject
from api.principal import Who
from api.serving import disposition
from errors import StudioError
from jobs.views import Estimate
from library.conversations.options import Options
from library.conversations.presets import WritingPreset
from library.conversations.views import ConversationPage, ConversationView, Talk
from studio import Studio


class ConversationQuery(BaseModel):
    """Which conversations, and how many of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: str = Field("", max_length=200)
    project_id: str | None = None
    deleted: bool = False
    after: str | None = None
    limit: int = Field(50, ge=1, le=100)


class Kept(writing.Body):
    """A way to begin, to be kept under a name."""

    name: str
    system: str = Field("", max_length=100_000)
    options: Options = Options()


def add_to(router: APIRouter, studio: Studio) -> None:
    """Add the routes of conversations."""
    _add_reading(router, studio)
    _add_keeping(router, studio)
    _add_asking(router, studio)
    _add_presets(router, studio)


def _add_reading(router: APIRouter, studio: Studio) -> None:
    @router.get("/api/conversations")
    def conversations(who: Who, asked: Annotated[ConversationQuery, Query()]) -> ConversationPage:
        """Conversations, the one that went on last first; ``next`` of the answer goes into ``after``."""
        return studio.conversations.page(who, **asked.model_dump())

    @router.get("/api/conversations/{id}")
    def conversation(who: Who, id: str) -> Talk:
        """A conversation with the branch in sight."""
        return writing.talk(studio, who, id)

    @router.get("/api/conversations/{id}/export")
    def export_conversation(
        who: Who, id: str, form: Annotated[str, Query(alias="as")] = "md", message: str | None = None
    ) -> Response:
        """A conversation, or one message of it, as a file to save."""
        from library.conversations.export import export

        made = export(writing.talk(studio, who, id), form, message)
        headers = {"Content-Disposition": disposition(made.name)}
        return Response(made.data, media_type=made.mime, headers=headers)


def _add_keeping(router: APIRouter, studio: Studio) -> None:
    @router.patch("/api/conversations/{id}")
    def change_conversation(who: Who, id: str, body: JsonObject) -> Talk:
        """Change ``title``, ``project_id``, ``options`` or, by ``head_id``, the branch in sight."""
        asked = writing.read(writing.Changes, body)
        return studio.conversations.change(who, id, asked.model_dump(include=asked.model_fields_set))

    @router.delete("/api/conversations/{id}", status_code=204)
    def delete_conversation(who: Who, id: str) -> None:
        """Put one's own conversation into the bin, for 30 days; an answer under way is stopped."""
        for message in studio.conversations.get(who, id).messages:
            if message.state == "answering" and message.job_id:
                _stop(studio, who, message.job_id)
        studio.conversations.delete(who, id)

    @router.post("/api/conversations/{id}/restore")
    def restore_conversation(who: Who, id: str) -> ConversationView:
        """Take one's own conversation out of the bin."""
        return studio.conversations.restore(who, id)

    @router.post("/api/conversations/{id}/copy", status_code=201)
    def copy_conversation(who: Who, id: str) -> Talk:
        """A copy of the branch in sight, of one's own."""
        return studio.conversations.copy(who, id)


def _stop(studio: Studio, who: Who, job_id: str) -> None:
    try:
        studio.jobs.cancel(who, job_id)
    except StudioError:
        return  # it ended by itself


def _add_asking(router: APIRouter, studio: Studio) -> None:
    @router.post("/api/conversations", status_code=201)
    def begin_conversation(who: Who, body: JsonObject) -> Talk | writing.Asked:
        """A new conversation; with ``text`` its first question is asked in the same breath."""
        opening = writing.read(writing.Opening, body)
        if opening.asks:
            return writing.begin(studio, who, opening)
        made = studio.conversations.create(who, **opening.model_dump(exclude={"text", "attachments"}))
        return studio.conversations.get(who, made.id)

    @router.post("/api/conversations/{id}/messages", status_code=201)
    def ask(who: Who, id: str, body: JsonObject) -> writing.Asked:
        """Ask in a conversation: the question, the place of the answer and the job that writes it."""
        return writing.ask(studio, who, id, writing.read(writing.Question, body))

    @router.post("/api/messages/{id}/regenerate", status_code=201)
    def regenerate(who: Who, id: str, body: JsonObject) -> writing.Asked:
        """Another answer beside the one there is; ``options`` may name another model."""
        asked = writing.read(writing.Question, body)
        return writing.again(studio, who, id, asked.options)

    @router.post("/api/conversations/estimate")
    def estimate_first(who: Who, body: JsonObject) -> Estimate:
        """What the first question of a new conversation would take, and whether it fits."""
        return writing.estimate(studio, who, None, body)

    @router.post("/api/conversations/{id}/estimate")
    def estimate_question(who: Who, id: str, body: JsonObject) -> Estimate:
        """What a question would take, and whether it fits the model."""
        return writing.estimate(studio, who, id, body)


def _add_presets(router: APIRouter, studio: Studio) -> None:
    @router.get("/api/writing/presets")
    def writing_presets(who: Who) -> list[WritingPreset]:
        """Ways to begin: the studio's, then one's own."""
        return studio.conversations.presets.all(who)

    @router.post("/api/writing/presets", status_code=201)
    def keep_preset(who: Who, body: JsonObject) -> WritingPreset:
        """Keep ``{"name", "system", "options"}``; one's own of that name is replaced."""
        kept = writing.read(Kept, body)
        return studio.conversations.presets.keep(who, kept.name, kept.system, kept.options)

    @router.delete("/api/writing/presets/{id}", status_code=204)
    def forget_preset(who: Who, id: str) -> None:
        """Let one's own preset go."""
        studio.conversations.presets.forget(who, id)
