"""A backup put back into an empty data folder, each file compared with its checksum before anything counts."""

import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

from data import DataFolder
from errors import StudioError
from library.backup import Progress, Report
from library.backup_manifest import DATABASE, MANIFEST, Manifest, Piece, is_safe, read_manifest
from library.backup_store import Hashed, make_private

_STAGE = ".restoring"
_CHUNK = 1 << 20
_MOST_MANIFEST = 256 * 2**20

Take = Callable[[str, IO[bytes], int], Piece]
"""Does something with a file of a backup (its name, its content, its bytes) and says what it was."""


def restore(source: Path, data: DataFolder, report: Report = lambda _: None) -> Manifest:
    """Put a backup into an empty data folder; what it was told to hold.

    Raises StudioError not_empty, no_backup, damaged_backup, no_room, data_in_use; then the folder is as it was.
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
    """Go through a backup once. Raises StudioError where it is not what its manifest says."""
    try:
        manifest, found = _folder(source, take, report) if source.is_dir() else _tar(source, take, report)
    except (tarfile.TarError, EOFError) as error:
        raise _damaged(f"It cannot be read to the end: {error}.") from error
    except FileNotFoundError as error:
        raise _damaged(f"A part of it is missing: {Path(error.filename or '').name}.") from error
    wrong = sorted(name for name in manifest.files.keys() | found.keys() if manifest.files.get(name) != found.get(name))
    if wrong:
        raise _damaged(f"{len(wrong)} of its files are not what they were, the first: {wrong[0]}.")
    return manifest


def _folder(source: Path, take: Take, report: Report) -> tuple[Manifest, dict[str, Piece]]:
    manifest = read_manifest(source)
    if manifest is None:
        raise _no_backup(source)
    found, done = {}, 0
    for name, piece in manifest.files.items():
        with (source / _safe(name)).open("rb") as file:
            found[name] = take(name, file, os.fstat(file.fileno()).st_size)
        done += piece.bytes
        report(Progress(done, manifest.total))
    return manifest, found


def _tar(source: Path, take: Take, report: Report) -> tuple[Manifest, dict[str, Piece]]:
    found: dict[str, Piece] = {}
    manifest = None
    with _opened(source) as tar:
        total = source.stat().st_size
        for entry in tar:
            file = tar.extractfile(entry) if entry.isreg() else None
            if file is None:
                raise _damaged("It holds something that is no file.")
            if entry.name == MANIFEST:
                manifest = _manifest(file.read(_MOST_MANIFEST))
            else:
                found[entry.name] = take(_safe(entry.name), file, entry.size)
            report(Progress(min(total, entry.offset_data + entry.size), total))
    if manifest is None:
        raise _damaged("Its end is missing.")
    return manifest, found


def _opened(source: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(source, "r:")
    except (OSError, tarfile.TarError) as error:
        raise _no_backup(source) from error


def _manifest(content: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(content)
    except ValueError as error:
        raise _damaged("Its list of files makes no sense.") from error


def _safe(name: str) -> str:
    """A name that leads into the folder and not out of it. Raises StudioError damaged_backup."""
    if not is_safe(name) or PurePosixPath(name).parts[0] == _STAGE:
        raise _damaged("A name in it leads elsewhere.")
    return name


def _hash(file: IO[bytes], size: int) -> Piece:
    hashed = Hashed(file, size)
    while hashed.read(_CHUNK):
        pass
    return Piece(bytes=size, sha256=hashed.sha256)


def _write(path: Path, file: IO[bytes], size: int) -> Piece:
    make_private(path.parent)
    hashed = Hashed(file, size)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        shutil.copyfileobj(hashed, out, _CHUNK)
        out.flush()
        os.fsync(out.fileno())
    return Piece(bytes=size, sha256=hashed.sha256)


def _move(stage: Path, root: Path, manifest: Manifest) -> None:
    """Everything into its place, the database last: without it, a folder is no studio's."""
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
            "A backup is put only where nothing can be lost.",
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
            f"The backup needs {wanted / 1e9:.1f} GB, and there are {free / 1e9:.1f} GB free.",
            next="Make room, or choose another disk with C41_DATA.",
            status=507,
        )


def _no_backup(source: Path) -> StudioError:
    return StudioError(
        "no_backup",
        f"{source} is no backup of the studio.",
        next="Give the .tar file or the folder that python -m library backup has written.",
        status=422,
    )


def _damaged(why: str) -> StudioError:
    return StudioError("damaged_backup", "The backup is damaged.", why, "Use an older one.", status=422)
