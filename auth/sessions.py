"""Browsers that are signed in: rows that outlive a restart, expire, and can be ended from elsewhere."""

import time

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from auth.memory import Memory
from auth.principal import Principal, Role
from auth.secret import new_secret, sha256
from auth.seen import note
from auth.tables import LoginSession, User
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

    def __init__(self, database: Database, memory: Memory, days: float) -> None:
        self._database = database
        self._memory = memory
        self._lifetime = days * _DAY

    def start(self, user_id: str, device: str, address: str) -> str:
        """Sign a browser in. Returns the secret for its cookie."""
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

    def remembered(self, secret: str) -> Principal | None:
        """The principal if it is known without asking the database."""
        return self._memory.get("session:" + sha256(secret))

    def principal(self, secret: str) -> Principal | None:
        """Whose cookie this is; None when the session ended, expired, or its person is disabled."""
        key = sha256(secret)
        if known := self._memory.get("session:" + key):
            return known
        generation, now = self._memory.generation, time.time()
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
        self._memory.put("session:" + key, principal, generation, row.expires_at)
        return principal

    def of(self, user_id: str) -> list[SessionView]:
        """The browsers a person is signed in with, the last used first."""
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
        """Sign one browser out."""
        with self._database.session() as session:
            session.execute(delete(LoginSession).where(LoginSession.id == session_id))
        self._memory.forget()


def end_others(session: Session, user_id: str, keep: str | None) -> None:
    """Inside a transaction: end a person's sessions but one. The caller empties the memory once it is committed."""
    session.execute(delete(LoginSession).where(LoginSession.user_id == user_id, LoginSession.id.is_distinct_from(keep)))


def as_role(role: str) -> Role:
    """A role as the database wrote it."""
    if role == "owner":
        return "owner"
    return "member" if role == "member" else "guest"
