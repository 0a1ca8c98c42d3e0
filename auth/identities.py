"""Who somebody is at an identity provider, and whose account that opens here."""

import re
import time
from typing import Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from auth.names import LONGEST, clean_name, key
from auth.tables import Identity, User
from db import Database
from errors import StudioError

Allow = Literal["added", "named", "everyone"]


class Claims(BaseModel):
    """What a provider says of somebody, signature and all checked. ``email`` is None unless it was verified there."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    subject: str
    email: str | None = None
    username: str | None = None


class Identities:
    """Accounts by what a provider says. Safe to use from any thread."""

    def __init__(self, database: Database, allow: Allow) -> None:
        self._database = database
        self._allow = allow

    def user(self, claims: Claims) -> User:
        """Whose account the claims open; found by e-mail or name, it is linked from then on.

        Raises StudioError (403) where the owner has let nobody in by these, and for a disabled person.
        """
        with self._database.session(immediate=True) as session:
            user = self._linked(session, claims) or self._matched(session, claims)
            if user is None and self._allow == "everyone":
                user = _new(session, claims)
            if user is None:
                raise _nobody(claims)
            if user.disabled:
                raise StudioError(
                    "disabled", "This account is closed.", next="Ask the owner of the studio.", status=403
                )
            _link(session, claims, user.id)
        return user

    def link(self, claims: Claims, user_id: str) -> None:
        """From now on these claims open that person's account. Raises StudioError (409) when they open another one."""
        with self._database.session(immediate=True) as session:
            holder = self._linked(session, claims)
            if holder is not None and holder.id != user_id:
                raise StudioError(
                    "identity_taken",
                    f"That account already signs {holder.name} in.",
                    next="Choose another one there, or unlink it as that person first.",
                    status=409,
                )
            _link(session, claims, user_id)

    def linked(self, user_id: str) -> bool:
        """Whether a person comes in through a provider."""
        with self._database.session() as session:
            return session.scalar(select(Identity.subject).where(Identity.user_id == user_id).limit(1)) is not None

    def unlink(self, user_id: str) -> None:
        """Let no provider sign a person in any more. Raises StudioError (409) where that would lock them out."""
        with self._database.session() as session:
            if session.get_one(User, user_id).password_hash is None:
                raise StudioError(
                    "no_password",
                    "You have no password here yet.",
                    "Without the link you could not sign in any more.",
                    "Ask the owner of the studio for a link to choose one.",
                    status=409,
                )
            session.execute(delete(Identity).where(Identity.user_id == user_id))

    def _linked(self, session: Session, claims: Claims) -> User | None:
        found = session.get(Identity, (claims.issuer, claims.subject))
        return session.get(User, found.user_id) if found else None

    def _matched(self, session: Session, claims: Claims) -> User | None:
        """By an e-mail address the owner noted; by name only where the owner trusts the provider's names."""
        if claims.email:
            found = session.scalar(select(User).where(User.email == claims.email.lower()))
            if found is not None:
                return found
        if self._allow != "named" or not claims.username:
            return None
        return session.scalar(select(User).where(User.key == key(claims.username)))


def _link(session: Session, claims: Claims, user_id: str) -> None:
    session.merge(Identity(issuer=claims.issuer, subject=claims.subject, user_id=user_id))


def _new(session: Session, claims: Claims) -> User:
    """An account for a stranger, under a name that nobody has: never one that is there already."""
    said = claims.username or (claims.email or "").partition("@")[0] or "guest"
    name = clean_name(re.sub(r"[^\w.\- ]", " ", said)[: LONGEST - 4].strip(" ") or "member")
    taken = set(session.scalars(select(User.key)))
    count = session.scalar(select(func.count()).select_from(User)) or 0
    names = [name, *(f"{name} {number}" for number in range(2, count + 3))]
    user = User(
        name=next(free for free in names if key(free) not in taken),
        password_hash=None,
        role="member",
        created_at=time.time(),
        email=claims.email.lower() if claims.email else None,
    )
    session.add(user)
    session.flush()
    return user


def _nobody(claims: Claims) -> StudioError:
    who = claims.email or claims.username or "somebody"
    return StudioError(
        "not_let_in",
        f"{who[:100]} is known there, but not here.",
        "The owner of the studio has not let this account in.",
        "Ask the owner to note your e-mail address, or sign in with your password and link the account under Account.",
        status=403,
    )
