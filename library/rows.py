"""Rows of lists: one that cannot be read hides none of the others."""

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from sqlalchemy import Select, inspect
from sqlalchemy.orm import Session

from db import Base

log = logging.getLogger(__name__)

Row = TypeVar("Row", bound=Base)
Seen = TypeVar("Seen")


def whole_rows(session: Session, table: type[Row], query: Select[Row]) -> list[Row]:
    """The rows of a table that a query finds; one whose JSON is damaged is left out, and the log names it."""
    try:
        return list(session.scalars(query))
    except (ValueError, TypeError):
        keys = session.execute(query.with_only_columns(*inspect(table).primary_key)).all()
    found = []
    for key in keys:
        try:
            found.append(session.get_one(table, tuple(key)))
        except (ValueError, TypeError) as error:
            log.error("the row %s of %s cannot be read: %s", tuple(key), table.__tablename__, error)
    return found


def whole_views(rows: Iterable[Row], view: Callable[[Row], Seen]) -> Iterator[Seen]:
    """Rows as people see them; one that makes no sense is left out, and the log names it."""
    for row in rows:
        try:
            yield view(row)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            log.error("the row %s cannot be shown: %s", inspect(row).identity, error)
