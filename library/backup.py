"""A copy of everything people made, taken while the studio runs: one tar file, or a folder that grows with it.

The database comes first, as it is at one moment; files never change once they have a row, so those copied after it fit
it. A tar is there whole or not at all. A folder keeps what is in it already, also after a break; its manifest, written
last, says what belongs to it.
"""

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
from errors import StudioError
from library.backup_store import DATABASE, FolderStore, Manifest, Store, TarStore

LEFT_OUT = frozenset({"work", "uploads", "starter", "models", "envs", "lock", ".restoring"})
"""What a studio makes or fetches anew by itself."""

_LAST = "last-backup.json"
_MARGIN = 64 * 2**20


class Progress(NamedTuple):
    """How far a backup or a restore has come, in bytes."""

    done: int
    total: int


Report = Callable[[Progress], None]


class BackupInfo(BaseModel):
    """The last backup: when (seconds since 1970), where, how large. ``missing`` files had a row but were gone."""

    model_config = ConfigDict(frozen=True)

    made_at: float
    where: str
    files: int
    bytes: int
    missing: tuple[str, ...] = ()


def backup(data: DataFolder, target: Path, report: Report = lambda _: None) -> BackupInfo:
    """Copy a data folder into the tar file or the folder ``target``, secrets included.

    Raises StudioError bad_place, no_room, damaged_database, backup_failed; then a tar is not there, and a folder still
    holds what it held.
    """
    target = target.expanduser().absolute()
    _check_place(data, target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with TarStore(target) if target.suffix == ".tar" else FolderStore(target) as store:
            info = _fill(data, store, report, str(target))
    except OSError as error:
        raise StudioError(
            "backup_failed",
            f"The backup {target} could not be written.",
            f"The system says: {error.strerror or error}.",
            "Choose another place, and try again.",
            status=507,
        ) from error
    (data.root / _LAST).write_text(info.model_dump_json())
    return info


def last(data: DataFolder) -> BackupInfo | None:
    """The last backup of a data folder; None where there was none."""
    try:
        return BackupInfo.model_validate_json((data.root / _LAST).read_bytes())
    except (OSError, ValueError):
        return None


def _fill(data: DataFolder, store: Store, report: Report, where: str) -> BackupInfo:
    database = store.beside(f"{DATABASE}.part")
    try:
        _snapshot(data.database, database)
        rows = _rows(database)
        names = list(_names(data.root))
        total = database.stat().st_size + sum(_size(data.root / name) for name in names)
        _check_room(database.parent, total - store.held(names))
        done = store.add_database(database)
        report(Progress(done, total))
        for name in names:
            done += store.add(name, data.root / name)
            report(Progress(done, total))
    finally:
        database.unlink(missing_ok=True)
    made_at = time.time()
    missing = tuple(sorted({name for name in rows if name not in store.files} | store.cut_off))
    manifest = Manifest(made_at=made_at, database=store.database, files=dict(store.files), missing=missing)
    store.finish(manifest)
    return BackupInfo(
        made_at=made_at, where=where, files=len(manifest.files), bytes=manifest.total, missing=manifest.missing
    )


def _snapshot(database: Path, copy: Path) -> None:
    """The database as it is at one moment, in one step: nobody who writes meanwhile waits, or disturbs it."""
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    try:
        with closing(sqlite3.connect(database, timeout=30)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            [(verdict,)] = target.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    if verdict != "ok":
        raise StudioError(
            "damaged_database",
            "The database is damaged; nothing was backed up.",
            f"SQLite says: {verdict}.",
            "Keep the backups there are, and restore the last good one.",
            status=500,
        )


def _rows(database: Path) -> set[str]:
    """The files that the database speaks of."""
    with closing(sqlite3.connect(database)) as connection:
        return {name for row in connection.execute("SELECT file, thumb FROM assets") for name in row if name}


def _names(root: Path) -> Iterator[str]:
    """Everything in a data folder that is worth keeping, but the database; links are left out."""
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        top = here == root
        folders[:] = sorted(name for name in folders if not (top and name in LEFT_OUT))
        for name in sorted(files):
            own = top and (name in LEFT_OUT or name == _LAST or name.startswith(DATABASE))
            if not own and not name.endswith(".part") and not (here / name).is_symlink():
                yield str((here / name).relative_to(root))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _check_place(data: DataFolder, target: Path) -> None:
    inside = target.resolve().is_relative_to(data.root)
    if inside or ((target.suffix == ".tar") == target.is_dir() and target.exists()):
        raise StudioError(
            "bad_place",
            f"A backup cannot be written to {target}.",
            "It is inside the data folder." if inside else "Something else is there.",
            "Choose a .tar file or a folder, best on another disk.",
            status=422,
        )
    if target.is_dir() and any(target.iterdir()) and not FolderStore.is_one(target):
        raise StudioError(
            "bad_place",
            f"A backup cannot be written to {target}.",
            "The folder holds other things.",
            "Choose an empty folder, or one with an earlier backup.",
            status=422,
        )


def _check_room(folder: Path, wanted: int) -> None:
    free = shutil.disk_usage(folder).free
    if wanted + _MARGIN > free:
        raise StudioError(
            "no_room",
            f"The backup needs {wanted / 1e9:.1f} GB, and there are {free / 1e9:.1f} GB free.",
            "Nothing was written.",
            "Make room, or choose another disk.",
            status=507,
        )
