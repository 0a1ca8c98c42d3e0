"""Cleanup at start and every day: old bins, unkept intermediate steps, uploads older than a day.

A file without a row is never removed: the database may be the wrong one (see ``library.unclaimed``).
"""

import logging
import time
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import delete, select

from auth.accounts.tables import GradioUpload
from data import DataFolder
from db import Database
from library import intermediates
from library.rows import whole_rows
from library.tables import Asset

DAY = 86400.0
BIN_DAYS = 30

log = logging.getLogger(__name__)


def sweep(database: Database, data: DataFolder) -> None:
    """Delete what is due. Nothing that anyone can still see or restore is touched."""
    now = time.time()
    binned = _empty_bins(database, data, now - BIN_DAYS * DAY)
    with database.session() as session:
        unkept = len(intermediates.sweep(session))
    uploads = _sweep_uploads(database, data, now - DAY)
    if binned or uploads or unkept:
        log.info("removed %d deleted and %d uploaded files", binned, uploads)
        log.info("moved %d unkept intermediate steps to the bin", unkept)


def _empty_bins(database: Database, data: DataFolder, before: float) -> int:
    """Delete files first: a crash then leaves rows in the bin for the next sweep, and no file without a row."""
    with database.session() as session:
        old = whole_rows(session, Asset, select(Asset).where(Asset.deleted_at < before))
        removed = _remove(data.root / name for asset in old for name in (asset.file, asset.thumb, asset.proxy) if name)
        for asset in old:
            session.delete(asset)
    return removed


def _sweep_uploads(database: Database, data: DataFolder, before: float) -> int:
    with database.session() as session:
        session.execute(delete(GradioUpload).where(GradioUpload.created_at < before))
    removed = _remove(path for path in data.uploads.rglob("*") if _untouched_since(path, before))
    for folder in sorted(data.uploads.rglob("*"), reverse=True):
        if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
            folder.rmdir()
    return removed


def _untouched_since(path: Path, before: float) -> bool:
    """Whether it is a plain file whose content, name and links have not changed since then."""
    facts = path.lstat()
    return not path.is_dir() and max(facts.st_mtime, facts.st_ctime) < before


def _remove(paths: Iterable[Path]) -> int:
    removed = 0
    for path in list(paths):
        path.unlink(missing_ok=True)
        removed += 1
    return removed
