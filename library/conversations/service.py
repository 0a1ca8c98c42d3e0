"""Conversations with language models, seen through the eyes of one person at a time."""

import time
import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from auth.principal import Principal
from db import Database, new_id
from errors import StudioError, not_found
from library import projects
from library.conversations import asking, finding
from library.conversations.asking import Draft, Said
from library.conversations.options import stored_options
from library.conversations.presets import Presets, check_preset
from library.conversations.tables import Conversation, Message
from library.conversations.tree import Tree
from library.conversations.views import ConversationPage, ConversationView, MessageView, Talk

NAME_LENGTH = 120
BIN_SECONDS = 30 * 86_400.0


class Conversations:
    """What was asked and answered. Read by all who work on its project, written in by its owner alone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.presets = Presets(database)

    # -- reading

    def page(self, who: Principal, **wanted: Any) -> ConversationPage:
        """Conversations, the one that went on last first; see ``finding.page``. Raises StudioError bad_cursor."""
        with self._database.session() as session:
            return finding.page(session, who, **wanted)

    def get(self, who: Principal, conversation_id: str) -> Talk:
        """A conversation with its branch in sight. Raises StudioError not_found, deleted_conversation."""
        with self._database.session() as session:
            return _talk(session, who, finding.find(session, who, conversation_id))

    def of_job(self, who: Principal, job_id: str) -> Talk:
        """The conversation a job answers in. Raises StudioError not_found."""
        with self._database.session() as session:
            return _talk(session, who, finding.find(session, who, _conversation_of(session, Message.job_id == job_id)))

    def of_message(self, who: Principal, message_id: str) -> str:
        """The id of the conversation a message stands in. Raises StudioError not_found."""
        with self._database.session() as session:
            return finding.find(session, who, _conversation_of(session, Message.id == message_id)).id

    # -- keeping

    def create(
        self,
        who: Principal,
        *,
        title: str = "",
        project_id: str | None = None,
        preset: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> ConversationView:
        """An empty conversation. Raises StudioError bad_name, not_found for a project that is not theirs."""
        with self._database.session() as session:
            check_preset(session, who, preset)
            row = _new(session, who, title, project_id, preset, options or {})
            session.add(row)
            session.flush()
            return finding.views(session, who, [row])[0]

    def change(self, who: Principal, conversation_id: str, changes: Mapping[str, Any]) -> Talk:
        """Change what ``changes`` names: title, project_id, options, head_id (any message: its branch comes in sight).

        Raises StudioError not_found, not_yours, bad_name.
        """
        with self._database.session() as session:
            row = finding.find_own(session, who, conversation_id)
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
        """Put one's own conversation into the bin for 30 days. Raises StudioError not_found, not_yours."""
        with self._database.session() as session:
            row = finding.find_own(session, who, conversation_id, deleted=True)
            row.deleted_at = row.deleted_at or time.time()

    def restore(self, who: Principal, conversation_id: str) -> ConversationView:
        """Take one's own conversation out of the bin. Raises StudioError not_found, not_yours."""
        with self._database.session() as session:
            row = finding.find_own(session, who, conversation_id, deleted=True)
            row.deleted_at = None
            return finding.views(session, who, [row])[0]

    def copy(self, who: Principal, conversation_id: str) -> Talk:
        """A copy of the branch in sight, of one's own and in no project. Raises StudioError not_found."""
        with self._database.session() as session:
            source = finding.find(session, who, conversation_id)
            row = _new(session, who, source.title, None, source.preset, source.options)
            session.add(row)
            session.flush()
            for message in _tree(session, source.id).branch(source.head_id):
                kept = {column.key: getattr(message, column.key) for column in Message.__table__.columns}
                state = "stopped" if message.state == "answering" else message.state
                own = {"id": new_id(), "conversation_id": row.id, "parent_id": row.head_id, "state": state}
                session.add(Message(**{**kept, **own, "job_id": None}))
                row.head_id = own["id"]
            session.flush()
            return _talk(session, who, row)

    def sweep(self) -> None:
        """Let go for good of what was deleted 30 days ago."""
        with self._database.session() as session:
            session.execute(delete(Conversation).where(Conversation.deleted_at < time.time() - BIN_SECONDS))

    # -- asking

    def begin(
        self,
        who: Principal,
        said: Said,
        *,
        options: Mapping[str, Any],
        title: str = "",
        project_id: str | None = None,
        preset: str | None = None,
    ) -> Draft:
        """The first question of a new conversation; nothing is written yet. Raises StudioError as ``create``."""
        with self._database.session() as session:
            check_preset(session, who, preset)
            return asking.begin(_new(session, who, title, project_id, preset, options), said, options)

    def question(
        self, who: Principal, conversation_id: str, said: Said, options: Mapping[str, Any], parent_id: str | None = ""
    ) -> Draft:
        """A question behind the answer ``parent_id`` ("": the last one in sight, None: the very first).

        Raises StudioError not_found, not_yours, still_answering, bad_parent.
        """
        with self._database.session() as session:
            row = finding.find_own(session, who, conversation_id)
            parent = row.head_id if parent_id == "" else parent_id
            options = {**stored_options(row.options).model_dump(), **options}
            return asking.question(row, _tree(session, row.id), said, parent, options)

    def again(self, who: Principal, message_id: str, options: Mapping[str, Any]) -> Draft:
        """Another answer to the question that a message is or answers. Raises StudioError as ``question``."""
        with self._database.session() as session:
            row = finding.find_own(session, who, _conversation_of(session, Message.id == message_id))
            options = {**stored_options(row.options).model_dump(), **options}
            return asking.again(row, _tree(session, row.id), message_id, options)

    def lost(self, job_id: str) -> None:
        """Mark the answer of a job that is no more as broken off."""
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
            next="Give it one and try again.",
            status=422,
        )
    return name


def _conversation_of(session: Session, which: Any) -> str:
    """The conversation of a message, whoever may read it: ask ``finding`` next."""
    return session.scalar(select(Message.conversation_id).where(which)) or ""


def _tree(session: Session, conversation_id: str) -> Tree:
    return Tree(session.scalars(select(Message).where(Message.conversation_id == conversation_id)))


def _talk(session: Session, who: Principal, row: Conversation) -> Talk:
    tree = _tree(session, row.id)
    view = finding.views(session, who, [row])[0]
    messages = tuple(
        MessageView.model_validate(
            {
                **{name: getattr(message, name) for name in MessageView.model_fields if hasattr(message, name)},
                "siblings": tuple(one.id for one in tree.siblings(message)),
            }
        )
        for message in tree.branch(row.head_id)
    )
    return Talk(**dict(view), messages=messages)
