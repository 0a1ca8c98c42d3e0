"""One-time links, valid for 24 hours: to create the first account or to set a person's password."""

import time
from typing import Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from auth.accounts.secret import new_secret, sha256
from auth.accounts.tables import OneTimeLink, User
from errors import StudioError

LIFETIME = 24 * 3600.0

Purpose = Literal["first", "password"]


class Invitation(BaseModel):
    """What a valid link is for. ``name`` is None for the first account, whose name is not chosen yet."""

    model_config = ConfigDict(frozen=True)

    purpose: Purpose
    user_id: str | None
    name: str | None


def make(session: Session, purpose: Purpose, user_id: str | None) -> str:
    """Create a link and return its path. Earlier links for the same purpose and person stop working."""
    session.execute(
        delete(OneTimeLink).where(OneTimeLink.purpose == purpose, OneTimeLink.user_id.is_not_distinct_from(user_id))
    )
    token = new_secret()
    session.add(
        OneTimeLink(
            hash=sha256(token), purpose=purpose, user_id=user_id, expires_at=time.time() + LIFETIME, used_at=None
        )
    )
    return f"/setup/{token}"


def read(session: Session, token: str) -> Invitation:
    """Return what a link is for without using it up. Raises StudioError if it is used, expired or unknown."""
    link = session.get(OneTimeLink, sha256(token))
    if link is None or link.used_at is not None or link.expires_at <= time.time():
        raise dead_link()
    if link.purpose == "first":
        if session.scalar(select(User.id).where(User.role == "owner").limit(1)):
            raise dead_link()
        return Invitation(purpose="first", user_id=None, name=None)
    user = session.get(User, link.user_id)
    if user is None or user.disabled:
        raise dead_link()
    return Invitation(purpose="password", user_id=user.id, name=user.name)


def spend(session: Session, token: str) -> None:
    """Use a link up. If two requests try at once, one of them gets StudioError."""
    spent = session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.hash == sha256(token), OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > time.time())
        .values(used_at=time.time())
        .returning(OneTimeLink.hash)
    ).first()
    if spent is None:
        raise dead_link()


def dead_link() -> StudioError:
    """Return the error for a link that does not work."""
    return StudioError(
        "dead_link",
        "This link no longer works.",
        "It was already used, or it is more than 24 hours old.",
        "Ask the owner of the studio for a new one. For the first account, restart the studio: it prints a new link.",
        status=410,
    )
