"""Maps people at an identity provider to accounts here."""

import re
import time
from typing import Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from auth.accounts.names import LONGEST, clean_name, key
from auth.accounts.tables import Identity, User
from db import Database
from errors import StudioError

Allow = Literal["added", "named", "everyone"]


class Claims(BaseModel):
    """A provider's verified claims about a person. ``email`` is None unless the provider verified it."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    subject: str
    email: str | None = None
    username: str | None = None


class Identities:
    """Finds accounts by a provider's claims. Safe to use from any thread."""

    def __init__(self, database: Database, allow: Allow) -> None:
        self._database = database
        self._allow = allow

    def user(self, claims: Claims) -> User:
        """Return the account for the claims; one found by email or name is linked from then on.

        Raises StudioError (403) if no account matches and for a disabled person.
        """
        with self._database.session(immediate=True) as session:
            user = self._linked(session, claims) or self._matched(session, claims)
            if user is None and self._allow == "everyone":
                user = _new(session, claims)
            if user is None:
                raise _nobody(claims)
            if user.disabled:
                raise StudioError(
                    "disabled", "Sign-in is blocked for this account.", next="Ask the owner of the studio.", status=403
                )
            _link(session, claims, user.id)
        return user

    def link(self, claims: Claims, user_id: str) -> None:
        """Link the claims to a person's account. Raises StudioError (409) if they are linked to another one."""
        with self._database.session(immediate=True) as session:
            holder = self._linked(session, claims)
            if holder is not None and holder.id != user_id:
                raise StudioError(
                    "identity_taken",
                    f"That account is already linked to {holder.name}.",
                    next="Use a different account, or sign in as that person and unlink it first.",
                    status=409,
                )
            _link(session, claims, user_id)

    def linked(self, user_id: str) -> bool:
        """Return whether a person's account is linked to a provider."""
        with self._database.session() as session:
            return session.scalar(select(Identity.subject).where(Identity.user_id == user_id).limit(1)) is not None

    def unlink(self, user_id: str) -> None:
        """Remove all links to providers. Raises StudioError (409) if that would lock the person out."""
        with self._database.session() as session:
            if session.get_one(User, user_id).password_hash is None:
                raise StudioError(
                    "no_password",
                    "You have no password yet.",
                    "If you unlink the account, you can no longer sign in.",
                    "Ask the owner of the studio for a link to choose a password first.",
                    status=409,
                )
            session.execute(delete(Identity).where(Identity.user_id == user_id))

    def _linked(self, session: Session, claims: Claims) -> User | None:
        identity = session.get(Identity, (claims.issuer, claims.subject))
        return session.get(User, identity.user_id) if identity else None

    def _matched(self, session: Session, claims: Claims) -> User | None:
        """Match by the email address the owner entered; by name only if the owner trusts the provider's names."""
        if claims.email:
            user = session.scalar(select(User).where(User.email == claims.email.lower()))
            if user is not None:
                return user
        if self._allow != "named" or not claims.username:
            return None
        return session.scalar(select(User).where(User.key == key(claims.username)))


def _link(session: Session, claims: Claims, user_id: str) -> None:
    session.merge(Identity(issuer=claims.issuer, subject=claims.subject, user_id=user_id))


def _new(session: Session, claims: Claims) -> User:
    """Create an account for an unknown person, under a name that is not taken."""
    wanted_name = claims.username or (claims.email or "").partition("@")[0] or "guest"
    name = clean_name(re.sub(r"[^\w.\- ]", " ", wanted_name)[: LONGEST - 4].strip(" ") or "member")
    used_keys = set(session.scalars(select(User.key)))
    count = session.scalar(select(func.count()).select_from(User)) or 0
    names = [name, *(f"{name} {number}" for number in range(2, count + 3))]
    user = User(
        name=next(free for free in names if key(free) not in used_keys),
        password_hash=None,
        role="member",
        created_at=time.time(),
        email=claims.email.lower() if claims.email else None,
    )
    session.add(user)
    session.flush()
    return user


def _nobody(claims: Claims) -> StudioError:
    who = claims.email or claims.username or "This account"
    return StudioError(
        "not_let_in",
        f"{who[:100]} has no account in this studio.",
        "The owner of the studio has not allowed this sign-in.",
        "Ask the owner to add your email address, or sign in with your password and link it under Menu → Account.",
        status=403,
    )
