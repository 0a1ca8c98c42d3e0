"""Check a data folder: whether the database is intact, and every file it lists exists."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

from data import DataFolder
from library.unclaimed import unclaimed

_SHOWN = 10


class IntegrityReport(NamedTuple):
    """The result of a check: the numbers of assets and files, and a sentence for each problem."""

    assets: int
    files: int
    problems: tuple[str, ...]


def check(data: DataFolder) -> IntegrityReport:
    """Check a data folder, also while the studio runs. Changes nothing."""
    with closing(sqlite3.connect(data.database, timeout=30)) as connection:
        try:
            problems = list(_database(connection))
            rows = connection.execute("SELECT file, bytes, title FROM assets").fetchall()
            lost = unclaimed(data, connection.execute)
        except sqlite3.DatabaseError as error:
            return IntegrityReport(0, 0, (f"The database cannot be read: {error}.",))
    missing = [title for file, size, title in rows if _size(data, file) != size]
    if missing:
        shown = ", ".join(f"“{title}”" for title in missing[:_SHOWN])
        problems.append(f"Missing or truncated files ({len(missing)}): {shown}{' …' * (len(missing) > _SHOWN)}.")
    if lost:
        problems.append(f"Files without an entry in the database: {len(lost)}. Recover them: Studio → Unclaimed files.")
    there = sum(path.is_file() for path in data.users.rglob("*"))
    return IntegrityReport(len(rows), there, tuple(problems))


def _database(connection: sqlite3.Connection) -> Iterator[str]:
    for (verdict,) in connection.execute("PRAGMA integrity_check(5)"):
        if verdict != "ok":
            yield f"The database is damaged: {verdict}."
    for table, *_ in connection.execute("PRAGMA foreign_key_check").fetchmany(5):
        yield f"A row of “{table}” refers to a row that does not exist."
    [(lost,)] = connection.execute(
        "SELECT count(*) FROM assets WHERE moment NOT IN (SELECT rowid FROM asset_words)"
    ).fetchall()
    if lost:
        yield f"Files missing from the search index: {lost}."


def _size(data: DataFolder, name: str) -> int | None:
    try:
        return (data.root / name).stat().st_size
    except OSError:
        return None
