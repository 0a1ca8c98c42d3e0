"""What is swept out at start and every day: old bins, unkept steps, files no row knows, yesterday's uploads."""

import logging
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import delete, select

from auth.tables import GradioUpload
from data import DataFolder
from db import Database
from library import steps
from library.tables import Asset

DAY = 86400.0
BIN_DAYS = 30

log = logging.getLogger(__name__)


def sweep(database: Database, data: DataFolder) -> None:
    """Empty what may go. Nothing that anybody can still see or bring back is touched."""
    now = time.time()
    binned = _empty_bins(database, data, now - BIN_DAYS * DAY)
    with database.session() as session:
        unkept = len(steps.sweep(session))
    orphans = _remove(_orphans(database, data, now - DAY))
    uploads = _sweep_uploads(database, data, now - DAY)
    if binned or orphans or uploads or unkept:
        log.info("swept out %d deleted, %d unfinished and %d uploaded files", binned, orphans, uploads)
        log.info("put %d steps that nobody kept into the bin", unkept)


def _empty_bins(database: Database, data: DataFolder, before: float) -> int:
    """Rows go first: a crash then leaves files that the next sweep finds without a row."""
    with database.session() as session:
        old = list(session.scalars(select(Asset).where(Asset.deleted_at < before)))
        for asset in old:
            session.delete(asset)
    return _remove(data.root / name for asset in old for name in (asset.file, asset.thumb) if name)


def _orphans(database: Database, data: DataFolder, before: float) -> Iterator[Path]:
    """Files that were moved into place by a job or an upload which was never written down."""
    with database.session() as session:
        known = {name for row in session.execute(select(Asset.file, Asset.thumb)) for name in row if name}
    for folder in data.users.iterdir():
        if folder.is_dir() and not folder.is_symlink():
            for path in folder.iterdir():
                if str(path.relative_to(data.root)) not in known and _untouched_since(path, before):
                    yield path


def _sweep_uploads(database: Database, data: DataFolder, before: float) -> int:
    with database.session() as session:
        session.execute(delete(GradioUpload).where(GradioUpload.created_at < before))
    removed = _remove(path for path in data.uploads.rglob("*") if _untouched_since(path, before))
    for folder in sorted(data.uploads.rglob("*"), reverse=True):
        if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
            folder.rmdir()
    return removed


def _untouched_since(path: Path, before: float) -> bool:
    """A plain file whose content, name and links have not changed since then."""
    facts = path.lstat()
    return not path.is_dir() and max(facts.st_mtime, facts.st_ctime) < before


def _remove(paths: Iterable[Path]) -> int:
    removed = 0
    for path in list(paths):
        path.unlink(missing_ok=True)
        removed += 1
    return removed
