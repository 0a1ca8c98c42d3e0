"""The owner of a job, checked again when the studio acts on their behalf."""

from collections.abc import Collection

from sqlalchemy import select

from auth.accounts.principal import Principal
from auth.accounts.tables import User
from db import Database
from errors import StudioError
from jobs.queue.problems import ACCOUNT_GONE


def person(database: Database, user_id: str) -> Principal:
    """A person by id. Raises StudioError if the account is gone or disabled."""
    with database.session() as session:
        user = session.get(User, user_id)
    if user is None or user.disabled:
        raise StudioError(ACCOUNT_GONE.code, ACCOUNT_GONE.what, status=403)
    return Principal.model_validate({"user_id": user.id, "name": user.name, "role": user.role})


def shut_out(database: Database, user_ids: Collection[str]) -> set[str]:
    """Those of ``user_ids`` whose account is gone or disabled."""
    with database.session() as session:
        here = session.scalars(select(User.id).where(User.id.in_(user_ids), User.disabled.is_(False)))
        return set(user_ids) - set(here)
