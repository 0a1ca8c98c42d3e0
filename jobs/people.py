"""Whose a job is, seen again when the studio acts for them without their asking."""

from auth.principal import Principal
from auth.tables import User
from db import Database
from errors import StudioError
from jobs.trouble import ACCOUNT_GONE


def person(database: Database, user_id: str) -> Principal:
    """Somebody by their id. Raises StudioError where the account is gone or closed."""
    with database.session() as session:
        user = session.get(User, user_id)
    if user is None or user.disabled:
        raise StudioError(ACCOUNT_GONE.code, ACCOUNT_GONE.what, status=403)
    return Principal.model_validate({"user_id": user.id, "name": user.name, "role": user.role})
