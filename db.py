"""The database: SQLite in WAL mode through SQLAlchemy 2, its schema moved forward by alembic."""

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
"""With less free, SQLite cannot make the files beside its database, and calls that an I/O error."""


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
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")
    cursor.close()
    connection.create_function("casefold", 1, _casefold, deterministic=True)  # SQLite's own knows plain Latin only


def fold(text: str) -> str:
    """A text as it is compared: small letters, one spelling."""
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
        """A transaction: committed at the end of the block, rolled back when the block raises.

        SQLite lets others write until a transaction writes for the first time. An ``immediate`` one keeps them out from
        its beginning: what it reads, such as whether a name is free, still holds when it writes.
        """
        with self._sessions.begin() as session:
            if immediate:
                session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            yield session

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(path: Path) -> Database:
    """Open the database, creating it or moving it to this version's schema first.

    Raises StudioError for a database of a newer version of the studio, for a damaged file and where the disk is full,
    broken or read-only.
    """
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    try:
        _migrate(engine)
        _check(engine)
    except (sqlite3.Error, DBAPIError) as error:
        engine.dispose()
        raise database_trouble(error, path) or error from error
    return Database(engine)


def _check(engine: Engine) -> None:
    """Read every page once, so that damage is said at the start. Half a second for a database of 100 MB."""
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
            "This data folder was used by a newer version of the studio.",
            f"Its database has schema {current}, which this version does not know.",
            "Start the newer version again, or choose another folder with C41_DATA.",
            status=500,
        )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_disk_full(error: BaseException) -> bool:
    """Whether an error of the database says that the disk is full."""
    return "disk is full" in str(error)


def database_trouble(error: Exception, path: Path | None = None) -> StudioError | None:
    """What an error of the database means for people, each cause with its own way out; None for any other error.

    ``error`` is SQLite's own, or SQLAlchemy's around it. ``path`` is the database's, for people who may know it.
    Codes: https://www.sqlite.org/rescode.html
    """
    cause: Any = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:  # the library's own, for a mistake in its use
        return None
    name = f"The database {path}" if path else "The database"
    said = f"SQLite says: {cause}."
    code &= 0xFF
    if is_disk_full(error) or (code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and _no_room(path)):
        return StudioError("disk_full", "The disk is full.", f"{name} cannot grow.", _ROOM, status=507)
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            why = f"Another program has held it for {_BUSY_SECONDS} s."
            return StudioError("database_busy", f"{name} is busy.", why, _BUSY, status=503)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            return StudioError("database_read_only", f"{name} cannot be written.", said, _WRITABLE, status=503)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StudioError("damaged_database", f"{name} is damaged.", said, _DAMAGED, status=500)
        case sqlite3.SQLITE_IOERR:
            why = f"Its disk reports an error. {said}"
            return StudioError("disk_error", f"{name} cannot be read or written.", why, _DISK, status=500)
        case _:
            return None


_ROOM = "Make room on it, then try again."
_BUSY = "Try again in a moment. If it stays busy, close what else has the database open, such as a backup program."
_WRITABLE = "Let the account that runs the studio write to that file, its folder and its disk; then try again."
_DAMAGED = (
    "Stop the studio, move studio.db away and restore a backup (python -m library restore). Without a backup, start "
    "all the same: nobody's files are deleted, and Studio → Unclaimed files takes them back into the library."
)
_DISK = "Check the disk, and the connection to it if it is a network drive, before you start the studio again."


def _no_room(path: Path | None) -> bool:
    return path is not None and shutil.disk_usage(path.parent).free < _SMALLEST
