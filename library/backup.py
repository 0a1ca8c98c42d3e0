"""A copy of everything people made, also while the studio runs: one tar file, or a folder that is updated each time.

The database is copied first, as a snapshot; files never change once they have a row, so files copied later match it. A
tar file is either complete or absent. A folder keeps what it already has, even if a backup is interrupted; its
manifest, written last, lists what belongs to it.
"""

import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from data import DataFolder
from db import database_problem
from errors import StudioError
from library.backup_manifest import DATABASE, Manifest, studio_of
from library.backup_store import FolderStore, Store, TarStore

LEFT_OUT = frozenset({"work", "uploads", "cache", "starter", "envs", "lock", ".restoring"})
"""What a studio creates or downloads again on its own."""

_LAST = "last-backup.json"
_MARGIN = 64 * 2**20
_BUSY_SECONDS = 30.0

log = logging.getLogger(__name__)


class BackupProgress(NamedTuple):
    """The progress of a backup or a restore, in bytes."""

    done: int
    total: int


Report = Callable[[BackupProgress], None]


class BackupInfo(BaseModel):
    """The last backup: its time (seconds since 1970), place and size. ``missing`` files had a row but were gone."""

    model_config = ConfigDict(frozen=True)

    made_at: float
    where: str
    files: int
    bytes: int
    missing: tuple[str, ...] = ()


def backup(data: DataFolder, target: Path, report: Report = lambda _: None) -> BackupInfo:
    """Copy a data folder, including its secrets, into the tar file or the folder ``target``.

    Raises StudioError bad_place, no_room, damaged_database, database_busy, backup_failed; an existing tar file is then
    unchanged, and a folder keeps what it had.
    """
    target = target.expanduser().absolute()
    studio = _studio(data.database)
    try:
        _check_place(data, target, studio)
        target.parent.mkdir(parents=True, exist_ok=True)
        with TarStore(target, studio) if target.suffix == ".tar" else FolderStore(target, studio) as store:
            info = _fill(data, store, report, str(target))
    except OSError as error:
        raise StudioError(
            "backup_failed",
            f"The backup {target} could not be written.",
            f"The system says: {error.strerror or error}.",
            "Choose another location, then try again.",
            status=507,
        ) from error
    try:
        (data.root / _LAST).write_text(info.model_dump_json())
    except OSError as error:  # the backup is still complete
        log.warning("the backup %s is complete, but %s could not be written: %s", target, _LAST, error)
    return info


def last(data: DataFolder) -> BackupInfo | None:
    """The last backup of a data folder; None if there was none."""
    try:
        return BackupInfo.model_validate_json((data.root / _LAST).read_bytes())
    except (OSError, ValueError):
        return None


def _fill(data: DataFolder, store: Store, report: Report, where: str) -> BackupInfo:
    database = store.scratch_path(f"{DATABASE}.part")
    try:
        _snapshot(data.database, database)
        rows = _rows(database)
        names = list(_names(data.root))
        total = database.stat().st_size + sum(_size(data.root / name) for name in names)
        _check_room(database.parent, total - store.stored_bytes(names))
        store.begin(names)
        done = store.add_database(database)
        report(BackupProgress(done, total))
        for name in names:
            done += store.add(name, data.root / name)
            report(BackupProgress(done, total))
    finally:
        database.unlink(missing_ok=True)
    made_at = time.time()
    missing = tuple(sorted({name for name in rows if name not in store.files} | store.cut_off))
    manifest = Manifest(
        made_at=made_at, database=store.database, files=dict(store.files), missing=missing, studio=store.studio
    )
    store.finish(manifest)
    return BackupInfo(
        made_at=made_at, where=where, files=len(manifest.files), bytes=manifest.total, missing=manifest.missing
    )


def _snapshot(database: Path, copy: Path) -> None:
    """Copy a snapshot of the database in one step: it neither blocks concurrent writes nor is disturbed by them."""
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    try:
        with closing(sqlite3.connect(database, timeout=_BUSY_SECONDS)) as source, closing(sqlite3.connect(copy)) as out:
            source.backup(out)
            [(verdict,)] = out.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as error:
        full = database_problem(error, copy)
        if full and full.problem.code == "disk_full":
            raise _no_room(f"The disk for the backup is full: {copy.parent}.") from error
        raise _unreadable(error, database) from error
    if verdict != "ok":
        raise _damaged(verdict)


def _studio(database: Path) -> str:
    """The identity of this studio: the id of its first account; "" before there is one."""
    try:
        with closing(sqlite3.connect(database, timeout=_BUSY_SECONDS)) as connection:
            row = connection.execute("SELECT id FROM users ORDER BY created_at, rowid LIMIT 1").fetchone()
    except sqlite3.Error as error:
        raise _unreadable(error, database) from error
    return str(row[0]) if row else ""


def _unreadable(error: sqlite3.Error, database: Path) -> StudioError:
    """Why the database cannot be copied. Only real damage is reported as damage: a busy database needs no restore."""
    recognized = database_problem(error, database)
    if recognized is None:
        return StudioError(
            "backup_failed",
            "The database could not be read, so nothing was backed up.",
            f"SQLite says: {error}.",
            "Start the studio once, then try again.",
            status=500,
        )
    return _damaged(str(error)) if recognized.problem.code == "damaged_database" else recognized


def _damaged(verdict: str) -> StudioError:
    return StudioError(
        "damaged_database",
        "The database is damaged, so nothing was backed up.",
        f"SQLite says: {verdict}.",
        "Keep your existing backups, and restore the last good one.",
        status=500,
    )


def _rows(database: Path) -> set[str]:
    """The files listed in the database."""
    with closing(sqlite3.connect(database)) as connection:
        return {name for row in connection.execute("SELECT file, thumb, proxy FROM assets") for name in row if name}


def _names(root: Path) -> Iterator[str]:
    """Everything in a data folder that needs a backup, except the database.

    Its top-level folders may be links to another disk; other links are left out.
    """
    for path in sorted(root.iterdir()):
        if path.name in LEFT_OUT or path.name == _LAST or path.name.startswith(DATABASE):
            continue
        for file in _files(path) if path.is_dir() else [path]:
            if not file.name.endswith(".part") and not file.is_symlink():
                yield str(file.relative_to(root))


def _files(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(here) / name for name in sorted(names))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _check_place(data: DataFolder, target: Path, studio: str) -> None:
    """Raise StudioError bad_place if a backup would overwrite something else."""
    is_tar = target.suffix == ".tar"
    if target.resolve().is_relative_to(data.root):
        raise _bad_place(target, "It is inside the data folder.")
    if not target.exists():
        return
    if is_tar == target.is_dir():
        raise _bad_place(target, "It is a folder." if is_tar else "A file of that name exists.")
    if (target / DATABASE).exists() or (target / "lock").exists():
        raise _bad_place(target, "It is the data folder of a studio.")
    if not (target.stat().st_size if is_tar else any(target.iterdir())):
        return
    whose = studio_of(target)
    if whose is None:
        why = "The file is not a backup." if is_tar else "The folder contains other files."
        raise _bad_place(target, why, "Choose an empty folder, a new file or an earlier backup.")
    if whose and whose != studio:
        raise _bad_place(target, "It is a backup of another studio.", "Move it away, or choose another location.")


def _bad_place(
    target: Path, why: str, next: str = "Choose a .tar file or a folder, preferably on another disk."
) -> StudioError:
    return StudioError("bad_place", f"A backup cannot be written to {target}.", why, next, status=422)


def _check_room(folder: Path, wanted: int) -> None:
    free = shutil.disk_usage(folder).free
    if wanted + _MARGIN > free:
        raise _no_room(f"The backup needs {wanted / 1e9:.1f} GB, but only {free / 1e9:.1f} GB is free.")


def _no_room(what: str) -> StudioError:
    return StudioError(
        "no_room", what, "The previous backup is unchanged.", "Free up space, or choose another disk.", status=507
    )
