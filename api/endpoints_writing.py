"""Conversations for ``gradio_client``."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from api import writing
from api.principal import principal
from studio import Studio

Json = dict[str, Any]


def writing_endpoints(studio: Studio) -> list[Callable[..., Any]]:
    """The endpoints of conversations."""

    def list_conversations(
        http: gr.Request, words: str = "", project_id: str | None = None, after: str | None = None, limit: int = 50
    ) -> Json:
        """Conversations, the one that went on last first; words searches titles and messages."""
        wanted = {"words": words, "project_id": project_id, "after": after, "limit": limit}
        return studio.conversations.page(principal(http), **wanted).model_dump(mode="json")

    def chat(
        text: str,
        http: gr.Request,
        conversation_id: str | None = None,
        options: Json | None = None,
        attachments: list[str] | None = None,
        project_id: str | None = None,
    ) -> Json:
        """Ask a language model, in a conversation or a new one; the answer's job and message. wait_job waits for it."""
        who = principal(http)
        said = {"text": text, "options": options or {}, "attachments": attachments or []}
        if conversation_id is None:
            asked = writing.begin(studio, who, writing.read(writing.Opening, {**said, "project_id": project_id}))
        else:
            asked = writing.ask(studio, who, conversation_id, writing.read(writing.Question, said))
        answer = asked.conversation.messages[-1]
        return {
            "conversation_id": asked.conversation.id,
            "question_id": answer.parent_id,
            "answer_id": answer.id,
            "job_id": asked.job.id,
        }

    def read_conversation(conversation_id: str, http: gr.Request) -> Json:
        """A conversation with the messages of the branch in sight."""
        return writing.talk(studio, principal(http), conversation_id).model_dump(mode="json")

    return [list_conversations, chat, read_conversation]
