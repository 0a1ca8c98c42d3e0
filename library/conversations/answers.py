"""The end of an answer, written in the transaction that ends its job."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import update
from sqlalchemy.orm import Session

from errors import Problem
from library.conversations.tables import Message


class Answer(BaseModel):
    """A model's answer, complete or not; ``error`` says why it ended early."""

    model_config = ConfigDict(frozen=True)

    text: str
    thinking: str = ""
    facts: dict[str, Any] = {}
    error: Problem | None = None


def finish(session: Session, job_id: str, state: Literal["done", "stopped"], answer: Answer) -> None:
    """Write an answer into its job's message. Does nothing if no message waits for it."""
    values = {**answer.model_dump(), "state": state}
    session.execute(update(Message).where(Message.job_id == job_id).values(**values))
