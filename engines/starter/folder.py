"""What lies in a starter folder. A model counts once a stamp says every file was right and none changed since."""

import hashlib
import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from engines.starter.manifest import Starter

STAMP = ".stamp.json"


class Seen(BaseModel):
    """A file as it was when its sum was right."""

    model_config = ConfigDict(frozen=True)

    bytes: int
    mtime_ns: int
    sha256: str


class Stamp(BaseModel):
    """What a verified folder held, and what it was made from."""

    model_config = ConfigDict(frozen=True)

    digest: str
    files: dict[str, Seen]


def sha256_of(path: Path) -> str:
    """The sum of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_stamp(folder: Path, starter: Starter, sums: dict[str, str]) -> None:
    """Note that the files in ``folder`` have these sums and nothing is missing."""
    files = {}
    for name, sha256 in sums.items():
        stat = (folder / name).stat()
        files[name] = Seen(bytes=stat.st_size, mtime_ns=stat.st_mtime_ns, sha256=sha256)
    part = folder / f"{STAMP}.{os.getpid()}"
    part.write_text(Stamp(digest=starter.digest, files=files).model_dump_json())
    part.replace(folder / STAMP)


def complete(folder: Path, starter: Starter) -> bool:
    """Everything is there and unchanged. Reads a file only where its size or date is not as it was."""
    stamp = _read_stamp(folder)
    if stamp is None or stamp.digest != starter.digest:
        return False
    return all(_unchanged(folder / name, seen) for name, seen in stamp.files.items())


def verify(folder: Path, starter: Starter) -> str | None:
    """Read every file; None when all is right, else what is wrong in one sentence."""
    stamp = _read_stamp(folder)
    if not folder.is_dir():
        return "It is not there."
    if stamp is None or stamp.digest != starter.digest:
        return "It is of another version, or was not fetched to its end."
    for name, seen in stamp.files.items():
        if not (folder / name).is_file():
            return f"{name} is missing."
        if sha256_of(folder / name) != seen.sha256:
            return f"{name} is damaged."
    return None


def damaged(folder: Path) -> str | None:
    """The name of a file that is not what the stamp says, every file read; None when all are, or there is no stamp."""
    stamp = _read_stamp(folder)
    files = stamp.files if stamp else {}
    return next((name for name, seen in files.items() if not _same(folder / name, seen)), None)


def _same(path: Path, seen: Seen) -> bool:
    return path.is_file() and path.stat().st_size == seen.bytes and sha256_of(path) == seen.sha256


def _read_stamp(folder: Path) -> Stamp | None:
    try:
        return Stamp.model_validate_json((folder / STAMP).read_bytes())
    except (OSError, ValidationError):
        return None


def _unchanged(path: Path, seen: Seen) -> bool:
    try:
        stat = path.stat()
        if stat.st_size != seen.bytes:
            return False
        return stat.st_mtime_ns == seen.mtime_ns or sha256_of(path) == seen.sha256
    except OSError:
        return False
