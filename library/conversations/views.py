"""Views of conversations and their messages, for pages and scripts."""

from typing import Any, Literal

from pydantic import Field, field_validator

from errors import Problem
from library.conversations.options import Options, stored_options
from library.views import View

MessageState = Literal["done", "answering", "stopped"]


class MessageView(View):
    """One turn. ``siblings`` are the ids of the turns with the same parent on all branches, including itself.

    While ``state`` is answering, its text grows at ``/api/jobs/<job_id>/text``; stopped is an incomplete answer.
    """

    id: str
    parent_id: str | None = None
    role: Literal["user", "assistant"]
    text: str
    thinking: str = ""
    attachments: tuple[str, ...] = ()
    state: MessageState
    model: str | None = None
    job_id: str | None = None
    facts: dict[str, Any] = Field(default_factory=dict)
    error: Problem | None = None
    created_at: float
    siblings: tuple[str, ...] = ()


class ConversationView(View):
    """A conversation in a list. ``found`` is the text around a match in a message."""

    id: str
    title: str
    named: bool
    preset: str | None = None
    options: Options = Options()
    project_id: str | None = None
    mine: bool
    owner: str
    created_at: float
    updated_at: float
    deleted_at: float | None = None
    answering: bool = False
    found: str = ""

    @field_validator("options", mode="before")
    @classmethod
    def _as_stored(cls, values: Any) -> Options:
        return values if isinstance(values, Options) else stored_options(values)


class ConversationDetail(ConversationView):
    """A conversation with the messages of its current branch, oldest first."""

    messages: tuple[MessageView, ...] = ()


class ConversationPage(View):
    """Conversations, most recent first. ``next`` continues the list; None at its end."""

    conversations: tuple[ConversationView, ...]
    next: str | None = None
