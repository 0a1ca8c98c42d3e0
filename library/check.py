"""Looking over a data folder: whether the database is whole, and every file that it speaks of is there."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

from data import DataFolder
from library.unclaimed import unclaimed

_SHOWN = 10


class Health(NamedTuple):
    """What was found: how much is there, and sentences about what is wrong."""

    assets: int
    files: int
    problems: tuple[str, ...]


def check(data: DataFolder) -> Health:
    """Look over a data folder, also while the studio runs. Nothing is changed."""
    with closing(sqlite3.connect(data.database, timeout=30)) as connection:
        try:
            problems = list(_database(connection))
            rows = connection.execute("SELECT file, bytes, title FROM assets").fetchall()
            lost = unclaimed(data, connection.execute)
        except sqlite3.DatabaseError as error:
            return Health(0, 0, (f"The database cannot be read: {error}.",))
    missing = [title for file, size, title in rows if _size(data, file) != size]
    if missing:
        shown = ", ".join(f"“{title}”" for title in missing[:_SHOWN])
        problems.append(f"{len(missing)} files are gone or cut short: {shown}{' …' * (len(missing) > _SHOWN)}.")
    if lost:
        problems.append(f"{len(lost)} files have no entry in the database. Take them back: Studio → Unclaimed files.")
    there = sum(path.is_file() for path in data.users.rglob("*"))
    return Health(len(rows), there, tuple(problems))


def _database(connection: sqlite3.Connection) -> Iterator[str]:
    for (verdict,) in connection.execute("PRAGMA integrity_check(5)"):
        if verdict != "ok":
            yield f"The database is damaged: {verdict}."
    for table, *_ in connection.execute("PRAGMA foreign_key_check").fetchmany(5):
        yield f"A row of “{table}” speaks of something that is not there."
    [(lost,)] = connection.execute(
        "SELECT count(*) FROM assets WHERE moment NOT IN (SELECT rowid FROM asset_words)"
    ).fetchall()
    if lost:
        yield f"{lost} files cannot be found by words."


def _size(data: DataFolder, name: str) -> int | None:
    try:
        return (data.root / name).stat().st_size
    except OSError:
        return None
