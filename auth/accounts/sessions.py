"""Browser sessions: they survive a restart, expire, and can be ended from elsewhere."""

import time

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from auth.accounts.last_used import note
from auth.accounts.principal import Principal, Role
from auth.accounts.principal_cache import PrincipalCache
from auth.accounts.secret import new_secret, sha256
from auth.accounts.tables import LoginSession, User
from db import Database

_SEEN_EVERY = 60.0
_DAY = 86_400.0


class SessionView(BaseModel):
    """A signed-in browser as its owner sees it. Times are seconds since 1970."""

    model_config = ConfigDict(frozen=True)

    id: str
    device: str
    address: str
    created_at: float
    seen_at: float


class Sessions:
    """Signs browsers in and out."""

    def __init__(self, database: Database, principal_cache: PrincipalCache, days: float) -> None:
        self._database = database
        self._principal_cache = principal_cache
        self._lifetime = days * _DAY

    def start(self, user_id: str, device: str, address: str) -> str:
        """Sign in a browser. Returns the secret for its cookie."""
        secret, now = new_secret(), time.time()
        with self._database.session() as session:
            session.execute(delete(LoginSession).where(LoginSession.expires_at < now))
            session.add(
                LoginSession(
                    id=sha256(secret),
                    user_id=user_id,
                    created_at=now,
                    expires_at=now + self._lifetime,
                    seen_at=now,
                    device=device[:80],
                    address=address[:80],
                )
            )
            session.execute(update(User).where(User.id == user_id).values(seen_at=now))
        return secret

    def cached_principal(self, secret: str) -> Principal | None:
        """Return the principal if it is cached."""
        return self._principal_cache.get("session:" + sha256(secret))

    def principal(self, secret: str) -> Principal | None:
        """Return the principal of a cookie; None if the session ended or expired, or its person is disabled."""
        key = sha256(secret)
        if known := self._principal_cache.get("session:" + key):
            return known
        generation, now = self._principal_cache.generation, time.time()
        with self._database.session() as session:
            found = session.execute(
                select(LoginSession, User)
                .join(User, User.id == LoginSession.user_id)
                .where(LoginSession.id == key, LoginSession.expires_at > now, User.disabled.is_(False))
            ).first()
            if found is None:
                return None
            row, user = found.tuple()
        if now - row.seen_at > _SEEN_EVERY:
            note(
                self._database,
                update(LoginSession).where(LoginSession.id == key).values(seen_at=now),
                update(User).where(User.id == user.id).values(seen_at=now),
            )
        principal = Principal(user_id=user.id, name=user.name, role=as_role(user.role), via="session", session=key)
        self._principal_cache.put("session:" + key, principal, generation, row.expires_at)
        return principal

    def of(self, user_id: str) -> list[SessionView]:
        """Return the browsers a person is signed in with, last used first."""
        with self._database.session() as session:
            rows = session.scalars(
                select(LoginSession)
                .where(LoginSession.user_id == user_id, LoginSession.expires_at > time.time())
                .order_by(LoginSession.seen_at.desc())
            )
            return [
                SessionView(
                    id=row.id,
                    device=row.device,
                    address=row.address,
                    created_at=row.created_at,
                    seen_at=row.seen_at,
                )
                for row in rows
            ]

    def end(self, session_id: str) -> None:
        """Sign out one browser."""
        with self._database.session() as session:
            session.execute(delete(LoginSession).where(LoginSession.id == session_id))
        self._principal_cache.forget()


def end_others(session: Session, user_id: str, keep: str | None) -> None:
    """Inside a transaction: end a person's sessions but one. The caller clears the cache after the commit."""
    session.execute(delete(LoginSession).where(LoginSession.user_id == user_id, LoginSession.id.is_distinct_from(keep)))


def as_role(role: str) -> Role:
    """Return a role from the database as a Role."""
    if role == "owner":
        return "owner"
    return "member" if role == "member" else "guest"
