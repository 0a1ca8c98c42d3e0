"""Files of people that no row of the database knows: after a restored, replaced or lost database, or a crash.

They stay where they are until somebody takes them back into the library: what made them is written inside them.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from data import DataFolder
from db import Database
from library.files import THUMB
from library.tables import Asset

_GRACE_SECONDS = 600.0
"""A file younger than this may be about to get its row."""


class Unclaimed(NamedTuple):
    """A file without a row, and the id of the person in whose folder it lies."""

    path: Path
    owner_id: str
    bytes: int


def unclaimed(database: Database, data: DataFolder) -> list[Unclaimed]:
    """Every file without a row, in the order of their names; thumbnails are not counted."""
    with database.session() as session:
        known = {name for row in session.execute(select(Asset.file, Asset.thumb)) for name in row if name}
    return [
        one for one in _files(data, time.time() - _GRACE_SECONDS) if str(one.path.relative_to(data.root)) not in known
    ]


def _files(data: DataFolder, before: float) -> Iterator[Unclaimed]:
    for folder in sorted(data.users.iterdir()):
        if not folder.is_dir() or folder.is_symlink():
            continue
        for path in sorted(folder.iterdir()):
            facts = path.lstat()
            if path.is_file() and not path.is_symlink() and not path.name.endswith(THUMB) and facts.st_ctime < before:
                yield Unclaimed(path, folder.name, facts.st_size)
