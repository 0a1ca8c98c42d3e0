"""The database: SQLite in WAL mode through SQLAlchemy 2, with alembic migrations."""

import shutil
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import URL, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from errors import StudioError

MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 10
_SMALLEST = 2**20
"""Bytes. With less free space, SQLite cannot create the files next to its database and reports an I/O error."""


class Base(DeclarativeBase):
    """Base of all tables. Times are seconds since 1970 (UTC), ids are 32 hex digits."""


def new_id() -> str:
    """Return a new id: 32 hex digits."""
    return uuid4().hex


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # a finished job survives a power failure; only state changes cost time
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")
    cursor.close()
    connection.create_function("casefold", 1, _casefold, deterministic=True)  # SQLite's own handles ASCII only


def fold(text: str) -> str:
    """Return a text in the form used for comparison: case-folded and in NFC."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _casefold(text: str | None) -> str | None:
    return fold(text) if text is not None else None


class Database:
    """A pool of connections to one SQLite file."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)

    @contextmanager
    def session(self, *, immediate: bool = False) -> Iterator[Session]:
        """Run the block in a transaction, which is rolled back if the block raises.

        SQLite lets others write until a transaction first writes. An ``immediate`` one locks them out from the start,
        so that what it reads, such as whether a name is free, still holds when it writes.
        """
        with self._sessions.begin() as session:
            if immediate:
                session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            yield session

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(path: Path) -> Database:
    """Open the database; create it or migrate it to this version's schema first.

    Raises StudioError for a database of a newer version of the studio, for a damaged file, and if the disk is full,
    failing or read-only.
    """
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    try:
        _migrate(engine)
        _check(engine)
    except (sqlite3.Error, DBAPIError) as error:
        engine.dispose()
        raise database_problem(error, path) or error from error
    return Database(engine)


def _check(engine: Engine) -> None:
    """Read every page once, so that damage is reported at the start. Takes half a second for 100 MB."""
    with engine.connect() as connection:
        verdict = connection.execute(text("PRAGMA quick_check(1)")).scalar()
    if verdict != "ok":
        damage = sqlite3.DatabaseError(verdict)
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damage


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
            "A newer version of the studio has used this data folder.",
            f"Its database has schema {current}, which this version does not know.",
            "Start the newer version, or choose another folder with C41_DATA.",
            status=500,
        )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_disk_full(error: BaseException) -> bool:
    """Return whether a database error means that the disk is full."""
    return "disk is full" in str(error)


def database_problem(error: Exception, path: Path | None = None) -> StudioError | None:
    """Return the StudioError for a database error, with advice for each cause; None for any other error.

    ``error`` is SQLite's, or SQLAlchemy's around it. ``path`` is the database file, if the reader may know it.
    Codes: https://www.sqlite.org/rescode.html
    """
    cause: Any = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:  # raised by the library itself, for wrong use
        return None
    name = f"The database {path}" if path else "The database"
    message = f"SQLite says: {cause}."
    code &= 0xFF
    if is_disk_full(error) or (code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and _disk_full(path)):
        return StudioError("disk_full", "The disk is full.", f"{name} cannot grow.", _ROOM, status=507)
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            why = f"Another program has locked it for {_BUSY_SECONDS} s."
            return StudioError("database_busy", f"{name} is busy.", why, _BUSY, status=503)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            return StudioError("database_read_only", f"{name} cannot be written.", message, _WRITABLE, status=503)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StudioError("damaged_database", f"{name} is damaged.", message, _DAMAGED, status=500)
        case sqlite3.SQLITE_IOERR:
            why = f"Its disk reports an error. {message}"
            return StudioError("disk_error", f"{name} cannot be read or written.", why, _DISK, status=500)
        case _:
            return None


_ROOM = "Free up space, then try again."
_BUSY = "Try again in a moment. If it stays busy, close other programs that use the database, such as a backup."
_WRITABLE = "Give the account that runs the studio write access to that file and its folder, then try again."
_DAMAGED = (
    "Stop the studio, move studio.db away and restore a backup (python -m library restore). Without a backup, start "
    "the studio anyway: no files are deleted, and Studio → Unclaimed files adds them to the library again."
)
_DISK = "Check the disk, and the connection if it is a network drive, then restart the studio."


def _disk_full(path: Path | None) -> bool:
    return path is not None and shutil.disk_usage(path.parent).free < _SMALLEST
