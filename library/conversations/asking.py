"""A question and the answer it waits for: written together with the job that answers, or not at all."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import update
from sqlalchemy.orm import Session

from db import new_id
from errors import StudioError
from library.conversations.tables import Conversation, Message
from library.conversations.tree import Tree

TITLE_LENGTH = 60
_APART = 1e-6
"""Seconds between a question and its answer, so that they stay in order."""


@dataclass(frozen=True)
class Said:
    """One turn of the branch that a model is to answer."""

    role: Literal["user", "assistant"]
    text: str
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draft:
    """What is about to be asked. ``turns`` is the whole branch; ``question`` is None where an answer is made anew.

    ``write`` puts it into the conversation, in the transaction that makes the job.
    """

    conversation: Conversation
    is_new: bool
    turns: tuple[Said, ...]
    question: Said | None
    parent_id: str | None
    options: Mapping[str, Any]

    def write(self, session: Session, job_id: str, model: str) -> None:
        """Write question and answer for a job by ``model``."""
        now, row = time.time(), self.conversation
        if self.is_new:
            session.add(row)
            session.flush()
        parent_id = self.parent_id
        if self.question is not None:
            question = _message(row.id, parent_id, "user", now, text=self.question.text, state="done")
            question.attachments = list(self.question.attachments)
            session.add(question)
            parent_id = question.id
        answer = _message(row.id, parent_id, "assistant", now + _APART, state="answering", model=model, job_id=job_id)
        session.add(answer)
        values: dict[str, Any] = {"head_id": answer.id, "updated_at": now, "options": dict(self.options)}
        if self.question is not None and self.parent_id is None and not row.named:
            values["title"] = title_of(self.question.text)
        session.execute(update(Conversation).where(Conversation.id == row.id).values(**values))


def question(row: Conversation, tree: Tree, said: Said, parent_id: str | None, options: Mapping[str, Any]) -> Draft:
    """A question behind ``parent_id``; None begins the conversation anew, as a branch. Raises StudioError."""
    before = _before(tree, parent_id)
    return Draft(row, False, _turns(before, said), said, parent_id, options)


def begin(row: Conversation, said: Said, options: Mapping[str, Any]) -> Draft:
    """The first question of a conversation that is not written yet."""
    return Draft(row, True, (said,), said, None, options)


def again(row: Conversation, tree: Tree, message_id: str, options: Mapping[str, Any]) -> Draft:
    """Another answer to the same question. Raises StudioError still_answering, no_question."""
    answer = tree.get(message_id)
    asked = tree.get(answer.parent_id) if answer and answer.role == "assistant" else answer
    if asked is None or asked.role != "user":
        raise StudioError("no_question", "There is no question to answer again.", status=422)
    if answer is not None and answer.state == "answering":
        raise _busy()
    return Draft(row, False, _turns(tree.branch(asked.id)), None, asked.id, options)


def title_of(text: str) -> str:
    """A conversation's name until it is given one: the first words of what was asked."""
    line = " ".join(text.split())
    if len(line) <= TITLE_LENGTH:
        return line or "New conversation"
    cut = line[:TITLE_LENGTH].rsplit(" ", 1)[0] if " " in line[:TITLE_LENGTH] else line[: TITLE_LENGTH - 1]
    return f"{cut.rstrip(' ,;:.')}…"


def _before(tree: Tree, parent_id: str | None) -> list[Message]:
    if parent_id is None:
        return []
    parent = tree.get(parent_id)
    if parent is None or parent.role != "assistant":
        raise StudioError("bad_parent", "A question can only follow an answer of the same conversation.", status=422)
    branch = tree.branch(parent.id)
    if any(message.state == "answering" for message in branch):
        raise _busy()
    return branch


def _turns(branch: Sequence[Message], *more: Said) -> tuple[Said, ...]:
    """What a model is given: answers that never began are left out, questions in a row become one."""
    turns: list[Said] = []
    for said in (*map(_said, branch), *more):
        if said.role == "assistant" and not said.text:
            continue
        if turns and turns[-1].role == said.role == "user":
            first = turns.pop()
            turns.append(Said("user", f"{first.text}\n\n{said.text}", (*first.attachments, *said.attachments)))
        else:
            turns.append(said)
    return tuple(turns)


def _said(message: Message) -> Said:
    return Said("user" if message.role == "user" else "assistant", message.text, tuple(message.attachments))


def _message(conversation_id: str, parent_id: str | None, role: str, at: float, **values: Any) -> Message:
    return Message(
        id=new_id(), conversation_id=conversation_id, parent_id=parent_id, role=role, created_at=at, **values
    )


def _busy() -> StudioError:
    return StudioError(
        "still_answering",
        "The answer is still being written.",
        next="Wait for its end, or stop it: what it wrote so far is kept.",
        status=409,
    )
