"""A question and its answer, written in one transaction with the job that answers."""

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
"""Seconds between a question and its answer, to keep them in order."""


@dataclass(frozen=True)
class QuestionText:
    """One turn of the branch that a model answers."""

    role: Literal["user", "assistant"]
    text: str
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A question that is about to be submitted. ``turns`` is the whole branch; ``question`` is None for a new answer to
    an existing question.

    ``write`` adds it to the conversation, in the transaction that creates the job.
    """

    conversation: Conversation
    is_new: bool
    turns: tuple[QuestionText, ...]
    question: QuestionText | None
    parent_id: str | None
    options: Mapping[str, Any]

    def write(self, session: Session, job_id: str, model: str) -> None:
        """Write the question and an empty answer for a job by ``model``."""
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


def question(
    row: Conversation, tree: Tree, text: QuestionText, parent_id: str | None, options: Mapping[str, Any]
) -> Draft:
    """A question after ``parent_id``; None starts a new branch from the beginning. Raises StudioError."""
    before = _before(tree, parent_id)
    return Draft(row, False, _turns(before, text), text, parent_id, options)


def begin(row: Conversation, text: QuestionText, options: Mapping[str, Any]) -> Draft:
    """The first question of a new conversation, which is not written yet."""
    return Draft(row, True, (text,), text, None, options)


def again(row: Conversation, tree: Tree, message_id: str, options: Mapping[str, Any]) -> Draft:
    """Another answer to the same question. Raises StudioError still_answering, no_question."""
    answer = tree.get(message_id)
    question_message = tree.get(answer.parent_id) if answer and answer.role == "assistant" else answer
    if question_message is None or question_message.role != "user":
        raise StudioError("no_question", "There is no question to answer.", status=422)
    if answer is not None and answer.state == "answering":
        raise _busy()
    return Draft(row, False, _turns(tree.branch(question_message.id)), None, question_message.id, options)


def title_of(text: str) -> str:
    """The default title of a conversation: the first words of the question."""
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


def _turns(branch: Sequence[Message], *more: QuestionText) -> tuple[QuestionText, ...]:
    """The turns for the model: empty answers are left out, and consecutive questions are joined."""
    turns: list[QuestionText] = []
    for turn in (*map(_said, branch), *more):
        if turn.role == "assistant" and not turn.text:
            continue
        if turns and turns[-1].role == turn.role == "user":
            first = turns.pop()
            turns.append(QuestionText("user", f"{first.text}\n\n{turn.text}", (*first.attachments, *turn.attachments)))
        else:
            turns.append(turn)
    return tuple(turns)


def _said(message: Message) -> QuestionText:
    return QuestionText("user" if message.role == "user" else "assistant", message.text, tuple(message.attachments))


def _message(conversation_id: str, parent_id: str | None, role: str, at: float, **values: Any) -> Message:
    return Message(
        id=new_id(), conversation_id=conversation_id, parent_id=parent_id, role=role, created_at=at, **values
    )


def _busy() -> StudioError:
    return StudioError(
        "still_answering",
        "The answer is still being written.",
        next="Wait until it is finished, or stop it. What it has written so far is kept.",
        status=409,
    )
