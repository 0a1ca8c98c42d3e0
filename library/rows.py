"""Read rows for lists, so that one damaged row does not hide the others."""

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
    """The rows of a table that a query finds; a row with damaged JSON is left out and logged."""
    try:
        return list(session.scalars(query))
    except (ValueError, TypeError):
        keys = session.execute(query.with_only_columns(*inspect(table).primary_key)).all()
    rows = []
    for key in keys:
        try:
            rows.append(session.get_one(table, tuple(key)))
        except (ValueError, TypeError) as error:
            log.error("the row %s of %s cannot be read: %s", tuple(key), table.__tablename__, error)
    return rows


def whole_views(rows: Iterable[Row], view: Callable[[Row], Seen]) -> Iterator[Seen]:
    """Convert rows to views; an invalid row is left out and logged."""
    for row in rows:
        try:
            yield view(row)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            log.error("the row %s cannot be shown: %s", inspect(row).identity, error)
