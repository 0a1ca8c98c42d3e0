"""Records when a sign-in was last used; a failure to record it never fails the request."""

import logging

from sqlalchemy import Update
from sqlalchemy.exc import OperationalError

from db import Database

log = logging.getLogger(__name__)


def note(database: Database, *updates: Update) -> None:
    """Run the updates; on a full disk or a busy database they are dropped."""
    try:
        with database.session() as session:
            for update in updates:
                session.execute(update)
    except OperationalError as error:
        log.warning("Could not record the last use of a sign-in: %s", error.orig)
