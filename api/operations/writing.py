"""Conversations with language models."""

from typing import Annotated

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api import conversations as writing
from api.bodies import Body, JsonObject, read
from api.file_responses import disposition
from api.operations.registry import Absent, Id, Json, Operations
from api.principal import Who
from errors import StudioError
from jobs.views import Estimate
from library.conversations.options import Options
from library.conversations.presets import WritingPreset
from library.conversations.views import ConversationDetail, ConversationPage, ConversationView
from studio import Studio

operations = Operations()


class ConversationQuery(BaseModel):
    """Filters and paging for a list of conversations."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: str = Field("", max_length=200)
    project_id: str | None = None
    deleted: bool = False
    after: str | None = None
    limit: int = Field(50, ge=1, le=100)


class WritingPresetBody(Body):
    """A preset to save under a name."""

    name: str
    system: str = Field("", max_length=100_000)
    options: Options = Options()


def _conversation_query(
    words: str = "", project_id: str | None = None, after: str | None = None, limit: int = 50
) -> Json:
    return {"words": words, "project_id": project_id, "after": after, "limit": limit}


@operations.add("GET /api/conversations", arguments=_conversation_query)
def list_conversations(studio: Studio, who: Who, query: Annotated[ConversationQuery, Query()]) -> ConversationPage:
    """List conversations, last active first; words searches titles and messages."""
    return studio.conversations.page(who, **query.model_dump())


@operations.add("GET /api/conversations/{id}")
def read_conversation(studio: Studio, who: Who, conversation_id: Id) -> ConversationDetail:
    """Return a conversation with the messages of its current branch."""
    return writing.talk(studio, who, conversation_id)


@operations.add("GET /api/conversations/{id}/export", Absent.BYTES)
def export_conversation(
    studio: Studio,
    who: Who,
    conversation_id: Id,
    form: Annotated[str, Query(alias="as")] = "md",
    message: str | None = None,
) -> Response:
    """Export a conversation, or one of its messages, as a file."""
    from library.conversations.export import export

    file = export(writing.talk(studio, who, conversation_id), form, message)
    headers = {"Content-Disposition": disposition(file.name)}
    return Response(file.data, media_type=file.mime, headers=headers)


@operations.add("PATCH /api/conversations/{id}", Absent.PAGE)
def change_conversation(studio: Studio, who: Who, conversation_id: Id, body: JsonObject) -> ConversationDetail:
    """Change ``title``, ``project_id``, ``options`` or, with ``head_id``, the current branch."""
    changes = read(writing.Changes, body)
    return studio.conversations.change(who, conversation_id, changes.model_dump(include=changes.model_fields_set))


@operations.add("DELETE /api/conversations/{id}", Absent.PAGE, status=204)
def delete_conversation(studio: Studio, who: Who, conversation_id: Id) -> None:
    """Move your conversation to the bin, where it stays for 30 days; a running answer is canceled."""
    for message in studio.conversations.get(who, conversation_id).messages:
        if message.state == "answering" and message.job_id:
            _stop(studio, who, message.job_id)
    studio.conversations.delete(who, conversation_id)


def _stop(studio: Studio, who: Who, job_id: str) -> None:
    try:
        studio.jobs.cancel(who, job_id)
    except StudioError:
        return  # it has ended


@operations.add("POST /api/conversations/{id}/restore", Absent.PAGE)
def restore_conversation(studio: Studio, who: Who, conversation_id: Id) -> ConversationView:
    """Restore your conversation from the bin."""
    return studio.conversations.restore(who, conversation_id)


@operations.add("POST /api/conversations/{id}/copy", Absent.PAGE, status=201)
def copy_conversation(studio: Studio, who: Who, conversation_id: Id) -> ConversationDetail:
    """Create your own copy of the current branch."""
    return studio.conversations.copy(who, conversation_id)


@operations.add("POST /api/conversations", Absent.PAGE, status=201)
def begin_conversation(studio: Studio, who: Who, body: JsonObject) -> ConversationDetail | writing.AskedQuestion:
    """Start a conversation; with ``text``, its first question is asked at once."""
    opening = read(writing.Opening, body)
    if opening.has_question:
        return writing.begin(studio, who, opening)
    conversation = studio.conversations.create(who, **opening.model_dump(exclude={"text", "attachments"}))
    return studio.conversations.get(who, conversation.id)


@operations.add("POST /api/conversations/{id}/messages", Absent.PAGE, status=201)
def ask(studio: Studio, who: Who, conversation_id: Id, body: JsonObject) -> writing.AskedQuestion:
    """Ask in a conversation. Returns the conversation with the question, and the job that writes the answer."""
    return writing.ask(studio, who, conversation_id, read(writing.Question, body))


@operations.add(Absent.CLIENT)
def chat(
    studio: Studio,
    who: Who,
    text: str,
    conversation_id: str | None = None,
    options: Json | None = None,
    attachments: list[str] | None = None,
    project_id: str | None = None,
) -> Json:
    """Ask a language model, in a conversation or a new one. Returns the ids of the answer and its job, for wait_job."""
    message = {"text": text, "options": options or {}, "attachments": attachments or []}
    if conversation_id is None:
        submitted = writing.begin(studio, who, read(writing.Opening, {**message, "project_id": project_id}))
    else:
        submitted = writing.ask(studio, who, conversation_id, read(writing.Question, message))
    answer = submitted.conversation.messages[-1]
    return {
        "conversation_id": submitted.conversation.id,
        "question_id": answer.parent_id,
        "answer_id": answer.id,
        "job_id": submitted.job.id,
    }


@operations.add("POST /api/messages/{id}/regenerate", Absent.PAGE, status=201)
def regenerate(studio: Studio, who: Who, message_id: Id, body: JsonObject) -> writing.AskedQuestion:
    """Generate another answer in addition to the existing one; ``options`` may name another model."""
    return writing.again(studio, who, message_id, read(writing.Question, body).options)


@operations.add("POST /api/conversations/estimate", Absent.PAGE)
def estimate_first(studio: Studio, who: Who, body: JsonObject) -> Estimate:
    """Estimate the first question of a new conversation, and whether it fits."""
    return writing.estimate(studio, who, None, body)


@operations.add("POST /api/conversations/{id}/estimate", Absent.PAGE)
def estimate_question(studio: Studio, who: Who, conversation_id: Id, body: JsonObject) -> Estimate:
    """Estimate a question, and whether it fits the model."""
    return writing.estimate(studio, who, conversation_id, body)


@operations.add("GET /api/writing/presets", Absent.PAGE)
def writing_presets(studio: Studio, who: Who) -> list[WritingPreset]:
    """List the writing presets: built-in ones, then your own."""
    return studio.conversations.presets.all(who)


@operations.add("POST /api/writing/presets", Absent.PAGE, status=201)
def keep_preset(studio: Studio, who: Who, body: JsonObject) -> WritingPreset:
    """Save a preset: ``{"name", "system", "options"}``. Replaces yours of the same name."""
    preset = read(WritingPresetBody, body)
    return studio.conversations.presets.keep(who, preset.name, preset.system, preset.options)


@operations.add("DELETE /api/writing/presets/{id}", Absent.PAGE, status=204)
def forget_preset(studio: Studio, who: Who, preset_id: Id) -> None:
    """Delete your preset."""
    studio.conversations.presets.forget(who, preset_id)
