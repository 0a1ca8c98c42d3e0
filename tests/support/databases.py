"""New databases without running the migrations each time: they take longer than most tests and run once per process."""

import tempfile
from functools import cache
from pathlib import Path

from data import DataFolder
from db import Database, open_database


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "studio.db"
        open_database(path).close()
        return path.read_bytes()


def lay_database(data: DataFolder) -> None:
    """Put a migrated database into a data folder that has none; the folder is created if needed."""
    data.create()
    if not data.database.stat().st_size:
        data.database.write_bytes(_migrated())


def opened(data: DataFolder) -> Database:
    """The database of a data folder, new or existing."""
    lay_database(data)
    return open_database(data.database)
