"""Who can see a cast member: its owner, and everyone who works on its project."""

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from errors import StudioError, not_found
from library.cast.tables import CastMember
from library.rights import visible
from library.tables import Project


def readable(who: Principal) -> ColumnElement[bool]:
    """Members a person can see: their own, and those in projects they work on until the owner deletes them."""
    in_project = CastMember.project_id.in_(select(Project.id).where(visible(who)))
    return or_(CastMember.owner_id == who.user_id, and_(CastMember.deleted_at.is_(None), in_project))


def find(session: Session, who: Principal, member_id: str) -> CastMember:
    """A member the person can see; their own also in the bin. Raises StudioError not_found."""
    member = session.scalar(select(CastMember).where(CastMember.id == member_id, readable(who)))
    if member is None:
        raise not_found("cast member")
    return member


def find_own(session: Session, who: Principal, member_id: str) -> CastMember:
    """A member the person can change. Raises StudioError not_found, not_yours."""
    member = find(session, who, member_id)
    if member.owner_id != who.user_id:
        raise StudioError(
            "not_yours",
            f"@{member.name} is someone else's.",
            "Everyone in its project can use it, but only its owner can change it.",
            status=403,
        )
    return member
