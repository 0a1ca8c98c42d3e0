"""Restore a backup into an empty data folder; every file is compared with its checksum first."""

import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

from data import DataFolder
from errors import StudioError
from library.backup import BackupProgress, Report
from library.backup_manifest import DATABASE, MANIFEST, Manifest, Piece, is_safe, read_manifest
from library.backup_store import HashingReader, make_private

_STAGE = ".restoring"
_CHUNK = 1 << 20
_MOST_MANIFEST = 256 * 2**20

Take = Callable[[str, IO[bytes], int], Piece]
"""Processes a file of a backup (its name, content and size in bytes) and returns its size and checksum."""


def restore(source: Path, data: DataFolder, report: Report = lambda _: None) -> Manifest:
    """Restore a backup into an empty data folder. Returns its manifest.

    Raises StudioError not_empty, no_backup, damaged_backup, no_room, data_in_use; then the folder is unchanged.
    """
    data.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    data.lock()
    stage = data.root / _STAGE
    try:
        shutil.rmtree(stage, ignore_errors=True)
        _check_empty(data.root)
        _check_room(source, data.root)
        manifest = _read(source, lambda name, file, size: _write(stage / name, file, size), report)
        _move(stage, data.root, manifest)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        data.unlock()
    return manifest


def verify(source: Path, report: Report = lambda _: None) -> Manifest:
    """Compare every file of a backup with its checksum. Raises StudioError no_backup, damaged_backup."""
    return _read(source, lambda _, file, size: _hash(file, size), report)


def _read(source: Path, take: Take, report: Report) -> Manifest:
    """Read a backup once. Raises StudioError if it does not match its manifest."""
    try:
        manifest, pieces = _folder(source, take, report) if source.is_dir() else _tar(source, take, report)
    except (tarfile.TarError, EOFError) as error:
        raise _damaged(f"It cannot be read to the end: {error}.") from error
    except FileNotFoundError as error:
        raise _damaged(f"A file is missing: {Path(error.filename or '').name}.") from error
    wrong = sorted(
        name for name in manifest.files.keys() | pieces.keys() if manifest.files.get(name) != pieces.get(name)
    )
    if wrong:
        raise _damaged(f"Files that do not match their checksums: {len(wrong)}. The first is {wrong[0]}.")
    return manifest


def _folder(source: Path, take: Take, report: Report) -> tuple[Manifest, dict[str, Piece]]:
    manifest = read_manifest(source)
    if manifest is None:
        raise _no_backup(source)
    pieces, done = {}, 0
    for name, piece in manifest.files.items():
        with (source / _safe(name)).open("rb") as file:
            pieces[name] = take(name, file, os.fstat(file.fileno()).st_size)
        done += piece.bytes
        report(BackupProgress(done, manifest.total))
    return manifest, pieces


def _tar(source: Path, take: Take, report: Report) -> tuple[Manifest, dict[str, Piece]]:
    pieces: dict[str, Piece] = {}
    manifest = None
    with _opened(source) as tar:
        total = source.stat().st_size
        for entry in tar:
            file = tar.extractfile(entry) if entry.isreg() else None
            if file is None:
                raise _damaged("It contains an entry that is not a file.")
            if entry.name == MANIFEST:
                manifest = _manifest(file.read(_MOST_MANIFEST))
            else:
                pieces[entry.name] = take(_safe(entry.name), file, entry.size)
            report(BackupProgress(min(total, entry.offset_data + entry.size), total))
    if manifest is None:
        raise _damaged("Its end is missing.")
    return manifest, pieces


def _opened(source: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(source, "r:")
    except (OSError, tarfile.TarError) as error:
        raise _no_backup(source) from error


def _manifest(content: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(content)
    except ValueError as error:
        raise _damaged("Its manifest is corrupt.") from error


def _safe(name: str) -> str:
    """A name that stays inside the folder. Raises StudioError damaged_backup."""
    if not is_safe(name) or PurePosixPath(name).parts[0] == _STAGE:
        raise _damaged("A file name in it points outside the folder.")
    return name


def _hash(file: IO[bytes], size: int) -> Piece:
    hashed = HashingReader(file, size)
    while hashed.read(_CHUNK):
        pass
    return Piece(bytes=size, sha256=hashed.sha256)


def _write(path: Path, file: IO[bytes], size: int) -> Piece:
    make_private(path.parent)
    hashed = HashingReader(file, size)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        shutil.copyfileobj(hashed, out, _CHUNK)
        out.flush()
        os.fsync(out.fileno())
    return Piece(bytes=size, sha256=hashed.sha256)


def _move(stage: Path, root: Path, manifest: Manifest) -> None:
    """Move everything into place, the database last: without it, a folder is not a studio's data folder."""
    database = stage / manifest.database
    for path in sorted(stage.iterdir()):
        if path != database:
            path.replace(root / path.name)
    database.replace(root / DATABASE)


def _check_empty(root: Path) -> None:
    if any(path.name != "lock" for path in root.iterdir()):
        raise StudioError(
            "not_empty",
            f"{root} is not empty.",
            "A backup can only be restored into an empty folder.",
            "Move the folder away, or choose another with C41_DATA.",
            status=409,
        )


def _check_room(source: Path, root: Path) -> None:
    if not source.exists():
        raise _no_backup(source)
    manifest = read_manifest(source) if source.is_dir() else None
    wanted = manifest.total if manifest else source.stat().st_size
    free = shutil.disk_usage(root).free
    if wanted > free:
        raise StudioError(
            "no_room",
            f"The backup needs {wanted / 1e9:.1f} GB, but only {free / 1e9:.1f} GB is free.",
            next="Free up space, or choose another disk with C41_DATA.",
            status=507,
        )


def _no_backup(source: Path) -> StudioError:
    return StudioError(
        "no_backup",
        f"{source} is not a backup of a studio.",
        next="Choose the .tar file or the folder written by python -m library backup.",
        status=422,
    )


def _damaged(why: str) -> StudioError:
    return StudioError("damaged_backup", "The backup is damaged.", why, "Use an older backup.", status=422)
