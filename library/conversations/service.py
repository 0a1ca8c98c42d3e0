"""The service for conversations with language models, as seen by one person at a time."""

import time
import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from db import Database, new_id
from errors import StudioError, not_found
from library import projects
from library.conversations import queries, questions
from library.conversations.options import stored_options
from library.conversations.presets import Presets, check_preset
from library.conversations.questions import Draft, QuestionText
from library.conversations.tables import Conversation, Message
from library.conversations.tree import Tree
from library.conversations.views import ConversationDetail, ConversationPage, ConversationView, MessageView

NAME_LENGTH = 120
BIN_SECONDS = 30 * 86_400.0


class Conversations:
    """Conversations. Everyone who works on the project can read them; only the owner can write in them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.presets = Presets(database)

    # -- reading

    def page(self, who: Principal, **wanted: Any) -> ConversationPage:
        """Conversations, most recent first; see ``queries.page``. Raises StudioError bad_cursor."""
        with self._database.session() as session:
            return queries.page(session, who, **wanted)

    def hits(self, who: Principal, q: str, limit: int) -> tuple[ConversationView, ...]:
        """The most recent conversations that match the search terms ``q``, each with the text around a match."""
        with self._database.session() as session:
            return queries.hits(session, who, q, limit)

    def get(self, who: Principal, conversation_id: str) -> ConversationDetail:
        """A conversation with its current branch. Raises StudioError not_found, deleted_conversation."""
        with self._database.session() as session:
            return _talk(session, who, queries.find(session, who, conversation_id))

    def of_job(self, who: Principal, job_id: str) -> ConversationDetail:
        """The conversation that a job's answer belongs to. Raises StudioError not_found."""
        with self._database.session() as session:
            return _talk(session, who, queries.find(session, who, _conversation_of(session, Message.job_id == job_id)))

    def of_message(self, who: Principal, message_id: str) -> str:
        """The id of a message's conversation. Raises StudioError not_found."""
        with self._database.session() as session:
            return queries.find(session, who, _conversation_of(session, Message.id == message_id)).id

    # -- changing

    def create(
        self,
        who: Principal,
        *,
        title: str = "",
        project_id: str | None = None,
        preset: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> ConversationView:
        """Create an empty conversation. Raises StudioError bad_name, or not_found for a project that is not theirs."""
        with self._database.session() as session:
            check_preset(session, who, preset)
            row = _new(session, who, title, project_id, preset, options or {})
            session.add(row)
            session.flush()
            return queries.views(session, who, [row])[0]

    def change(self, who: Principal, conversation_id: str, changes: Mapping[str, Any]) -> ConversationDetail:
        """Change title, project_id, options or head_id (any message: its branch becomes the current one).

        Raises StudioError not_found, not_yours, bad_name.
        """
        with self._database.session() as session:
            row = queries.find_own(session, who, conversation_id)
            if "title" in changes:
                row.title, row.named = _name(changes["title"]), True
            if "project_id" in changes:
                _check_project(session, who, changes["project_id"])
                row.project_id = changes["project_id"]
            if "options" in changes:
                row.options = dict(changes["options"])
            if "head_id" in changes:
                tree = _tree(session, row.id)
                message = tree.get(changes["head_id"])
                if message is None:
                    raise not_found("message")
                row.head_id = tree.end(message).id
            session.flush()
            return _talk(session, who, row)

    def delete(self, who: Principal, conversation_id: str) -> None:
        """Put the person's own conversation into the bin for 30 days. Raises StudioError not_found, not_yours."""
        with self._database.session() as session:
            row = queries.find_own(session, who, conversation_id, deleted=True)
            row.deleted_at = row.deleted_at or time.time()

    def restore(self, who: Principal, conversation_id: str) -> ConversationView:
        """Take the person's own conversation out of the bin. Raises StudioError not_found, not_yours."""
        with self._database.session() as session:
            row = queries.find_own(session, who, conversation_id, deleted=True)
            row.deleted_at = None
            return queries.views(session, who, [row])[0]

    def copy(self, who: Principal, conversation_id: str) -> ConversationDetail:
        """The person's own copy of the current branch, in no project. Raises StudioError not_found."""
        with self._database.session() as session:
            source = queries.find(session, who, conversation_id)
            row = _new(session, who, source.title, None, source.preset, source.options)
            session.add(row)
            session.flush()
            for message in _tree(session, source.id).branch(source.head_id):
                columns = {column.key: getattr(message, column.key) for column in Message.__table__.columns}
                state = "stopped" if message.state == "answering" else message.state
                own = {"id": new_id(), "conversation_id": row.id, "parent_id": row.head_id, "state": state}
                session.add(Message(**{**columns, **own, "job_id": None}))
                row.head_id = own["id"]
            session.flush()
            return _talk(session, who, row)

    def sweep(self) -> None:
        """Permanently delete conversations that have been in the bin for 30 days."""
        with self._database.session() as session:
            session.execute(delete(Conversation).where(Conversation.deleted_at < time.time() - BIN_SECONDS))

    # -- asking

    def begin(
        self,
        who: Principal,
        text: QuestionText,
        *,
        options: Mapping[str, Any],
        title: str = "",
        project_id: str | None = None,
        preset: str | None = None,
    ) -> Draft:
        """The first question of a new conversation; nothing is written yet. Raises StudioError like ``create``."""
        with self._database.session() as session:
            check_preset(session, who, preset)
            return questions.begin(_new(session, who, title, project_id, preset, options), text, options)

    def question(
        self,
        who: Principal,
        conversation_id: str,
        text: QuestionText,
        options: Mapping[str, Any],
        parent_id: str | None = "",
    ) -> Draft:
        """A question after the answer ``parent_id`` ("": the end of the current branch, None: the very first question).

        Raises StudioError not_found, not_yours, still_answering, bad_parent.
        """
        with self._database.session() as session:
            row = queries.find_own(session, who, conversation_id)
            parent = row.head_id if parent_id == "" else parent_id
            options = {**stored_options(row.options).model_dump(), **options}
            return questions.question(row, _tree(session, row.id), text, parent, options)

    def again(self, who: Principal, message_id: str, options: Mapping[str, Any]) -> Draft:
        """Another answer to a question; the message is the question or an answer to it. Raises StudioError like
        ``question``."""
        with self._database.session() as session:
            row = queries.find_own(session, who, _conversation_of(session, Message.id == message_id))
            options = {**stored_options(row.options).model_dump(), **options}
            return questions.again(row, _tree(session, row.id), message_id, options)

    def lost(self, job_id: str) -> None:
        """Mark the answer of a lost job as stopped."""
        with self._database.session() as session:
            here = (Message.job_id == job_id, Message.state == "answering")
            session.execute(update(Message).where(*here).values(state="stopped"))


def _new(
    session: Session, who: Principal, title: str, project_id: str | None, preset: str | None, options: Mapping[str, Any]
) -> Conversation:
    _check_project(session, who, project_id)
    now = time.time()
    return Conversation(
        id=new_id(),
        owner_id=who.user_id,
        project_id=project_id,
        title=_name(title) if title else "New conversation",
        named=bool(title),
        preset=preset,
        options=dict(options),
        created_at=now,
        updated_at=now,
    )


def _check_project(session: Session, who: Principal, project_id: str | None) -> None:
    if project_id is not None:
        projects.require(session, who, project_id)


def _name(title: str) -> str:
    name = unicodedata.normalize("NFC", " ".join(title.split()))
    if not name or len(name) > NAME_LENGTH:
        raise StudioError(
            "bad_name",
            f"A conversation's name has 1 to {NAME_LENGTH} characters.",
            next="Change the name, then try again.",
            status=422,
        )
    return name


def _conversation_of(session: Session, which: Any) -> str:
    """The id of a message's conversation, without checking access: pass it to ``queries.find``."""
    return session.scalar(select(Message.conversation_id).where(which)) or ""


def _tree(session: Session, conversation_id: str) -> Tree:
    return Tree(session.scalars(select(Message).where(Message.conversation_id == conversation_id)))


def _talk(session: Session, who: Principal, row: Conversation) -> ConversationDetail:
    tree = _tree(session, row.id)
    view = queries.views(session, who, [row])[0]
    messages = tuple(
        MessageView.model_validate(
            {
                **{name: getattr(message, name) for name in MessageView.model_fields if hasattr(message, name)},
                "siblings": tuple(one.id for one in tree.siblings(message)),
            }
        )
        for message in tree.branch(row.head_id)
    )
    return ConversationDetail(**dict(view), messages=messages)
