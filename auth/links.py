"""Links that work once, for a day: the first account, and a new password for a person."""

import time
from typing import Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from auth.secret import new_secret, sha256
from auth.tables import OneTimeLink, User
from errors import StudioError

LIFETIME = 24 * 3600.0

Purpose = Literal["first", "password"]


class Invitation(BaseModel):
    """What an open link offers. ``name`` is None for the first account, whose name is still to be chosen."""

    model_config = ConfigDict(frozen=True)

    purpose: Purpose
    user_id: str | None
    name: str | None


def make(session: Session, purpose: Purpose, user_id: str | None) -> str:
    """A fresh link, as a path. Earlier ones for the same thing stop working."""
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
    """What a link offers, without using it up. Raises StudioError when it is used, expired or unknown."""
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
    """Use a link up. Of two that try at once, one gets StudioError."""
    spent = session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.hash == sha256(token), OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > time.time())
        .values(used_at=time.time())
        .returning(OneTimeLink.hash)
    ).first()
    if spent is None:
        raise dead_link()


def dead_link() -> StudioError:
    """The answer to a link that opens nothing."""
    return StudioError(
        "dead_link",
        "This link does not work any more.",
        "It has been used, or it is more than a day old.",
        "Ask the owner of the studio for a new one. For the first account, start the studio again: it prints one.",
        status=410,
    )
