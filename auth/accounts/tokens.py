"""Access tokens for scripts: named, shown once, stored as a hash, revocable."""

import time

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, select, update

from auth.accounts.last_used import note
from auth.accounts.names import clean_label
from auth.accounts.principal import Principal
from auth.accounts.principal_cache import PrincipalCache
from auth.accounts.secret import new_secret, sha256
from auth.accounts.sessions import as_role
from auth.accounts.tables import Token, User
from db import Database
from errors import not_found

PREFIX = "c41_"
_SEEN_EVERY = 60.0


class TokenView(BaseModel):
    """A token without its secret. Times are seconds since 1970; ``used_at`` is None until it is used."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    created_at: float
    used_at: float | None


class Tokens:
    """Creates, lists, checks and revokes tokens."""

    def __init__(self, database: Database, principal_cache: PrincipalCache) -> None:
        self._database = database
        self._principal_cache = principal_cache

    def new(self, user_id: str, name: str) -> str:
        """Create a token. The returned secret cannot be retrieved later. Raises StudioError for an invalid name."""
        secret = PREFIX + new_secret()
        with self._database.session() as session:
            session.add(
                Token(
                    user_id=user_id, name=clean_label(name), hash=sha256(secret), created_at=time.time(), used_at=None
                )
            )
        return secret

    def of(self, user_id: str) -> list[TokenView]:
        """Return a person's tokens, newest first."""
        with self._database.session() as session:
            rows = session.scalars(select(Token).where(Token.user_id == user_id).order_by(Token.created_at.desc()))
            return [TokenView(id=row.id, name=row.name, created_at=row.created_at, used_at=row.used_at) for row in rows]

    def revoke(self, token_id: str, user_id: str | None) -> None:
        """Revoke a token of that person (of anyone for None). Raises StudioError if there is none."""
        wanted = delete(Token).where(Token.id == token_id)
        if user_id is not None:
            wanted = wanted.where(Token.user_id == user_id)
        with self._database.session() as session:
            gone = session.execute(wanted.returning(Token.id)).first()
        self._principal_cache.forget()
        if gone is None:
            raise not_found("token")

    def cached_principal(self, secret: str) -> Principal | None:
        """Return the principal if it is cached."""
        return self._principal_cache.get("token:" + sha256(secret))

    def principal(self, secret: str) -> Principal | None:
        """Return the principal of a token; None if it was revoked or its person is disabled."""
        if not secret.startswith(PREFIX):
            return None
        key = sha256(secret)
        if known := self._principal_cache.get("token:" + key):
            return known
        generation, now = self._principal_cache.generation, time.time()
        with self._database.session() as session:
            found = session.execute(
                select(Token, User)
                .join(User, User.id == Token.user_id)
                .where(Token.hash == key, User.disabled.is_(False))
            ).first()
            if found is None:
                return None
            row, user = found.tuple()
        if now - (row.used_at or 0.0) > _SEEN_EVERY:
            note(
                self._database,
                update(Token).where(Token.id == row.id).values(used_at=now),
                update(User).where(User.id == user.id).values(seen_at=now),
            )
        principal = Principal(user_id=user.id, name=user.name, role=as_role(user.role), via="token")
        self._principal_cache.put("token:" + key, principal, generation)
        return principal
