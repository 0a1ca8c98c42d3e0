"""Conversations that a person may read: a single one, or a page of a searchable list."""

from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    column,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from auth.accounts.principal import Principal
from auth.accounts.tables import User
from db import fold
from errors import StudioError, not_found
from library.conversations.tables import Conversation, Message
from library.conversations.views import ConversationPage, ConversationView
from library.rights import visible
from library.rows import whole_rows
from library.search import SearchPart, search_parts
from library.tables import Project

OWN = "own"
"""A project filter that means the person's own work in no project."""
PAGE_LIMIT = 100
_WORDS = table("message_words", column("rowid"))
_WORDS_IDS = table("message_words_ids", column("id"), column("message_id"))
_AROUND = 40
"""How many characters are shown before a match."""


def readable(who: Principal) -> ColumnElement[bool]:
    """Conversations a person may read: their own, and those in projects they work on until the owner deletes them."""
    in_project = Conversation.project_id.in_(select(Project.id).where(visible(who)))
    return or_(Conversation.owner_id == who.user_id, and_(Conversation.deleted_at.is_(None), in_project))


def find(session: Session, who: Principal, conversation_id: str) -> Conversation:
    """A conversation the person may read. Raises StudioError not_found, or deleted_conversation for their own."""
    row = session.scalar(select(Conversation).where(Conversation.id == conversation_id, readable(who)))
    if row is None:
        raise not_found("conversation")
    if row.deleted_at is not None:
        raise StudioError("deleted_conversation", f"“{row.title}” was deleted.", next="Restore it first.", status=410)
    return row


def find_own(session: Session, who: Principal, conversation_id: str, *, deleted: bool = False) -> Conversation:
    """One of the person's own conversations. Raises StudioError not_found, not_yours, deleted_conversation."""
    if deleted:
        row = session.scalar(select(Conversation).where(Conversation.id == conversation_id, readable(who)))
        if row is None:
            raise not_found("conversation")
    else:
        row = find(session, who, conversation_id)
    if row.owner_id != who.user_id:
        raise StudioError(
            "not_yours",
            f"“{row.title}” is someone else's.",
            "Everyone in its project can read it, but only its owner can write in it.",
            "Make your own copy and continue there.",
            status=403,
        )
    return row


def page(
    session: Session,
    who: Principal,
    *,
    words: str = "",
    project_id: str | None = None,
    deleted: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> ConversationPage:
    """Conversations, most recent first; each of ``words`` must be in the title or in a message."""
    limit = max(1, min(limit, PAGE_LIMIT))
    query = select(Conversation).where(readable(who))
    query = query.where(Conversation.deleted_at.is_not(None) if deleted else Conversation.deleted_at.is_(None))
    if project_id == OWN:
        query = query.where(Conversation.project_id.is_(None))
    elif project_id is not None:
        query = query.where(Conversation.project_id == project_id)
    wanted = words.split()[:10]
    for word in wanted:
        query = query.where(or_(_holds(Conversation.title, word), _said_words(word)))
    if after is not None:
        query = query.where(tuple_(Conversation.updated_at, Conversation.id) < tuple_(*_position(after)))
    query = query.order_by(Conversation.updated_at.desc(), Conversation.id.desc()).limit(limit + 1)
    places = session.execute(query.with_only_columns(Conversation.id, Conversation.updated_at)).all()
    more = places[limit - 1] if len(places) > limit else None
    shown = select(Conversation).where(Conversation.id.in_([place.id for place in places[:limit]]))
    shown = shown.order_by(Conversation.updated_at.desc(), Conversation.id.desc())
    return ConversationPage(
        conversations=views(session, who, whole_rows(session, Conversation, shown), wanted),
        next=f"{more.updated_at!r}-{more.id}" if more is not None else None,
    )


def hits(session: Session, who: Principal, q: str, limit: int) -> tuple[ConversationView, ...]:
    """The most recent conversations in whose title or messages each part of ``q`` is found."""
    query = select(Conversation).where(readable(who), Conversation.deleted_at.is_(None))
    parts = list(search_parts(q))
    if not parts:
        return ()
    for part in parts:
        query = query.where(or_(_holds(Conversation.title, part.text), Conversation.id.in_(_with_message(part))))
    shown = query.order_by(Conversation.updated_at.desc(), Conversation.id.desc()).limit(limit)
    return views(session, who, whole_rows(session, Conversation, shown), [part.text for part in parts])


def _with_message(part: SearchPart) -> Select[str]:
    """The conversations with a message that contains a part of a search."""
    words = part.from_start.words
    if not words:
        inside = (Message.text.contains(one, autoescape=True) for one in part.inside)
        return select(Message.conversation_id).where(or_(*inside))
    found = select(_WORDS.c.rowid).where(literal_column("message_words").op("MATCH")(literal(words)))
    messages = select(_WORDS_IDS.c.message_id).where(_WORDS_IDS.c.id.in_(found))
    return select(Message.conversation_id).where(Message.id.in_(messages))


def views(
    session: Session, who: Principal, rows: Sequence[Conversation], words: Sequence[str] = ()
) -> tuple[ConversationView, ...]:
    """Conversations as one person sees them, in the order given."""
    owners = select(User.id, User.name).where(User.id.in_({row.owner_id for row in rows}))
    names = dict(session.execute(owners).tuples().all())
    ids = [row.id for row in rows]
    under_way = select(Message.conversation_id).where(Message.conversation_id.in_(ids), Message.state == "answering")
    answering = set(session.scalars(under_way))
    return tuple(
        ConversationView(
            **{name: getattr(row, name) for name in ConversationView.model_fields if hasattr(row, name)},
            mine=row.owner_id == who.user_id,
            owner=names[row.owner_id],
            answering=row.id in answering,
            found=_excerpt(session, row, words),
        )
        for row in rows
    )


def _holds(column: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    return func.casefold(column).contains(fold(word), autoescape=True)


def _said_words(word: str) -> ColumnElement[bool]:
    message = aliased(Message)
    return exists().where(message.conversation_id == Conversation.id, _holds(message.text, word))


def _excerpt(session: Session, row: Conversation, words: Sequence[str]) -> str:
    """The text around the first of ``words`` that is not in the title."""
    word = next((word for word in words if fold(word) not in fold(row.title)), None)
    if word is None:
        return ""
    query = select(Message.text).where(Message.conversation_id == row.id, _holds(Message.text, word))
    text = " ".join((session.scalar(query.order_by(Message.created_at).limit(1)) or "").split())
    at = max(0, fold(text).find(fold(word)) - _AROUND)
    return f"{'…' if at else ''}{text[at : at + 3 * _AROUND]}"


def _position(after: str) -> tuple[float, str]:
    updated_at, _, id = after.rpartition("-")
    try:
        return float(updated_at), id
    except ValueError as error:
        raise StudioError(
            "bad_cursor", "This position in the list is invalid.", next="Start from the beginning.", status=422
        ) from error
