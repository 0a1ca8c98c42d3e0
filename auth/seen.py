"""When a sign-in was last used: worth writing down, never worth refusing a request for."""

import logging

from sqlalchemy import Update
from sqlalchemy.exc import OperationalError

from db import Database

log = logging.getLogger(__name__)


def note(database: Database, *updates: Update) -> None:
    """Run the updates; on a full disk or a busy database they are let go."""
    try:
        with database.session() as session:
            for update in updates:
                session.execute(update)
    except OperationalError as error:
        log.warning("The last use of a sign-in was not written down: %s", error.orig)
