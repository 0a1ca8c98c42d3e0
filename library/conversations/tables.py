"""Tables of conversations. A conversation is a tree: a new answer or an edited message starts a branch."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db import Base, new_id


class Conversation(Base):
    """A conversation with a language model. ``head_id`` is the last message of the current branch.

    ``options`` are the settings for the next request (model, temperature, …).
    """

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="SET NULL"))
    title: Mapped[str]
    named: Mapped[bool] = mapped_column(default=False)
    preset: Mapped[str | None]
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    head_id: Mapped[str | None]
    created_at: Mapped[float]
    updated_at: Mapped[float]
    deleted_at: Mapped[float | None]

    __table_args__ = (Index("conversations_by_owner", "owner_id", "updated_at"),)


class Message(Base):
    """One turn. ``state`` is done, answering (its job is unfinished) or stopped; ``attachments`` are asset ids."""

    __tablename__ = "messages"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    parent_id: Mapped[str | None]
    role: Mapped[str]
    text: Mapped[str] = mapped_column(default="")
    thinking: Mapped[str] = mapped_column(default="")
    attachments: Mapped[list[str]] = mapped_column(JSON, default=list)
    state: Mapped[str]
    model: Mapped[str | None]
    job_id: Mapped[str | None] = mapped_column(index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[float]
