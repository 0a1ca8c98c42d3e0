"""The end of an answer: written in the transaction that ends its job, so neither is seen without the other."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import update
from sqlalchemy.orm import Session

from errors import Problem
from library.conversations.tables import Message


class Answer(BaseModel):
    """What a model said, however far it came; ``error`` why it did not end by itself."""

    model_config = ConfigDict(frozen=True)

    text: str
    thinking: str = ""
    facts: dict[str, Any] = {}
    error: Problem | None = None


def finish(session: Session, job_id: str, state: Literal["done", "stopped"], answer: Answer) -> None:
    """Write an answer into the message its job was for. Nothing happens where no message waits for it."""
    values = {**answer.model_dump(), "state": state}
    session.execute(update(Message).where(Message.job_id == job_id).values(**values))
