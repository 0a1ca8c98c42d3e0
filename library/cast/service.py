"""The service for the cast, as seen by one person at a time."""

import time

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from db import Database, fold, new_id
from errors import StudioError
from library import projects
from library.cast import contents
from library.cast.names import key, name
from library.cast.rights import find, find_own, readable
from library.cast.tables import CastMember
from library.cast.views import CastChange, CastView, NewMember
from library.cast.visibility import visible_members

BIN_SECONDS = 30 * 86_400.0
MOST = 500
"""The maximum number of members per person."""


class Cast:
    """Characters, products, places and styles. Their owner changes them; everyone on their project uses them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(
        self, who: Principal, *, words: str = "", project_id: str | None = None, deleted: bool = False
    ) -> list[CastView]:
        """The members a person can see, in alphabetical order, whose name or look contains each of ``words``.

        ``project_id`` limits the list to a project; ``deleted`` lists the person's own bin instead.
        """
        query = select(CastMember).where(readable(who))
        query = query.where(CastMember.deleted_at.is_not(None) if deleted else CastMember.deleted_at.is_(None))
        if project_id is not None:
            query = query.where(CastMember.project_id == project_id)
        for word in words.split()[:10]:
            texts = (func.casefold(CastMember.name), func.casefold(CastMember.look))
            query = query.where(or_(*(text.contains(fold(word), autoescape=True) for text in texts)))
        with self._database.session() as session:
            return visible_members(
                session, who, list(session.scalars(query.order_by(CastMember.key, CastMember.created_at)))
            )

    def get(self, who: Principal, member_id: str) -> CastView:
        """One member. Raises StudioError not_found, or deleted_member (410) for the person's own in the bin."""
        with self._database.session() as session:
            member = find(session, who, member_id)
            if member.deleted_at is not None:
                raise StudioError(
                    "deleted_member", f"@{member.name} was deleted.", next="Restore it first.", status=410
                )
            return _view(session, who, member)

    def create(self, who: Principal, new: NewMember) -> CastView:
        """Create a member. Raises StudioError bad_name, name_taken (409), not_found, wrong_kind, too_many (409)."""
        now = time.time()
        with self._database.session(immediate=True) as session:
            if len(session.scalars(select(CastMember.id).where(CastMember.owner_id == who.user_id)).all()) >= MOST:
                raise StudioError(
                    "too_many", f"You already have {MOST} cast members.", next="Delete some first.", status=409
                )
            member = CastMember(
                id=new_id(), owner_id=who.user_id, kind=new.kind, look="", notes="", created_at=now, updated_at=now
            )
            _rename(session, who, member, new.name)
            session.add(member)
            session.flush()
            _apply(session, who, member, new)
            return _view(session, who, member)

    def change(self, who: Principal, member_id: str, wanted: CastChange) -> CastView:
        """Change the given fields. Raises StudioError not_found, not_yours or like ``create``, changing nothing."""
        with self._database.session(immediate=True) as session:
            member = find_own(session, who, member_id)
            if "name" in wanted.model_fields_set:
                _rename(session, who, member, wanted.name)
            _apply(session, who, member, wanted)
            member.updated_at = time.time()
            return _view(session, who, member)

    def delete(self, who: Principal, member_id: str) -> None:
        """Put the person's own member into the bin for 30 days; its files stay. Raises not_found, not_yours."""
        with self._database.session() as session:
            member = find_own(session, who, member_id)
            member.deleted_at = member.deleted_at or time.time()

    def restore(self, who: Principal, member_id: str) -> CastView:
        """Take the person's own member out of the bin. Raises StudioError not_found, not_yours, name_taken."""
        with self._database.session(immediate=True) as session:
            member = find_own(session, who, member_id)
            if member.deleted_at is not None:
                _free(session, who, member, member.name)
                member.deleted_at = None
            return _view(session, who, member)

    def sweep(self) -> None:
        """Permanently delete members that have been in the bin for 30 days."""
        with self._database.session() as session:
            session.execute(delete(CastMember).where(CastMember.deleted_at < time.time() - BIN_SECONDS))


def _rename(session: Session, who: Principal, member: CastMember, wanted: str) -> None:
    new = name(wanted)
    _free(session, who, member, new)
    member.name, member.key = new, key(new)


def _free(session: Session, who: Principal, member: CastMember, wanted: str) -> None:
    """Raise StudioError name_taken if the person sees another member of that name."""
    query = select(CastMember).where(
        readable(who), CastMember.deleted_at.is_(None), CastMember.key == key(wanted), CastMember.id != member.id
    )
    other = session.scalar(query.limit(1))
    if other is not None:
        raise StudioError(
            "name_taken",
            f"The name @{other.name} is already taken.",
            "Each name can only be used once, so that prompts are unambiguous.",
            "Choose another name.",
            status=409,
        )


def _apply(session: Session, who: Principal, member: CastMember, wanted: CastChange) -> None:
    given = wanted.model_fields_set
    if "project_id" in given:
        if wanted.project_id is not None:
            projects.require(session, who, wanted.project_id)
        member.project_id = wanted.project_id
    for field in given & {"kind", "look", "notes"}:
        setattr(member, field, getattr(wanted, field))
    if "voice" in given:
        member.voice = wanted.voice or None
    if "pictures" in given:
        contents.put_pictures(session, who, member.id, wanted.pictures)
    if "loras" in given:
        contents.put_loras(session, who, member.id, wanted.loras)
    session.flush()


def _view(session: Session, who: Principal, member: CastMember) -> CastView:
    return visible_members(session, who, [member])[0]
