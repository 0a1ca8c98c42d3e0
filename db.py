"""The database: SQLite in WAL mode through SQLAlchemy 2, its schema moved forward by alembic."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from errors import StudioError

MIGRATIONS = Path(__file__).parent / "migrations"


class Base(DeclarativeBase):
    """Every table of the studio. Times are seconds since 1970 (UTC), ids are 32 hex digits."""


def new_id() -> str:
    """A fresh id: 32 hex digits."""
    return uuid4().hex


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # a finished job survives a power cut; only state changes pay
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()
    connection.create_function("casefold", 1, _casefold, deterministic=True)  # SQLite's own knows plain Latin only


def _casefold(text: str | None) -> str | None:
    return text.casefold() if text is not None else None


class Database:
    """A pool of connections to one SQLite file."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction: committed at the end of the block, rolled back when the block raises."""
        with self._sessions.begin() as session:
            yield session

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(path: Path) -> Database:
    """Open the database, creating it or moving it to this version's schema first.

    Raises StudioError for a database of a newer version of the studio and for a damaged file.
    """
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    try:
        _migrate(engine)
    except sqlite3.DatabaseError as error:
        raise _damaged(path, error) from error
    except Exception as error:
        if isinstance(getattr(error, "orig", None), sqlite3.DatabaseError):
            raise _damaged(path, error) from error
        raise
    return Database(engine)


def _migrate(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == script.get_current_head():
        return
    if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
        raise StudioError(
            "newer_data",
            "This data folder was used by a newer version of the studio.",
            f"Its database has schema {current}, which this version does not know.",
            "Start the newer version again, or choose another folder with C41_DATA.",
            status=500,
        )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _damaged(path: Path, error: Exception) -> StudioError:
    return StudioError(
        "damaged_database",
        f"The database {path} cannot be read.",
        f"SQLite says: {getattr(error, 'orig', error)}.",
        "Put a backup in its place, or move it away to start empty.",
        status=500,
    )
