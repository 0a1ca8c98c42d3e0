"""The content of a starter folder. A stamp file records that every file was verified; later changes are noticed."""

import hashlib
import os
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

STAMP = ".stamp.json"


class Pinned(Protocol):
    """A model of a manifest; ``digest`` changes with its files."""

    @property
    def digest(self) -> str: ...


class StarterCheck(BaseModel):
    """Size, time and checksum of a file when it was verified."""

    model_config = ConfigDict(frozen=True)

    bytes: int
    mtime_ns: int
    sha256: str


class Stamp(BaseModel):
    """The files of a verified folder, and the digest of its manifest entry."""

    model_config = ConfigDict(frozen=True)

    digest: str
    files: dict[str, StarterCheck]


def sha256_of(path: Path) -> str:
    """Return the checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_stamp(folder: Path, starter: Pinned, sums: dict[str, str]) -> None:
    """Record that ``folder`` is complete and its files have these checksums."""
    files = {}
    for name, sha256 in sums.items():
        stat = (folder / name).stat()
        files[name] = StarterCheck(bytes=stat.st_size, mtime_ns=stat.st_mtime_ns, sha256=sha256)
    part = folder / f"{STAMP}.{os.getpid()}"
    part.write_text(Stamp(digest=starter.digest, files=files).model_dump_json())
    part.replace(folder / STAMP)


def complete(folder: Path, starter: Pinned) -> bool:
    """Whether every file exists and is unchanged. Only reads files whose modification time differs."""
    stamp = _read_stamp(folder)
    if stamp is None or stamp.digest != starter.digest:
        return False
    return all(_unchanged(folder / name, recorded) for name, recorded in stamp.files.items())


def verify(folder: Path, starter: Pinned) -> str | None:
    """Read every file; return None if all are right, else the problem as a sentence."""
    stamp = _read_stamp(folder)
    if not folder.is_dir():
        return "It is missing."
    if stamp is None or stamp.digest != starter.digest:
        return "It is another version, or its download is incomplete."
    for name, recorded in stamp.files.items():
        if not (folder / name).is_file():
            return f"{name} is missing."
        if sha256_of(folder / name) != recorded.sha256:
            return f"{name} is damaged."
    return None


def damaged_files(folder: Path) -> str | None:
    """Read every file; return the name of one that does not match the stamp, or None (also without a stamp)."""
    stamp = _read_stamp(folder)
    files = stamp.files if stamp else {}
    return next((name for name, recorded in files.items() if not _same(folder / name, recorded)), None)


def _same(path: Path, recorded: StarterCheck) -> bool:
    return path.is_file() and path.stat().st_size == recorded.bytes and sha256_of(path) == recorded.sha256


def _read_stamp(folder: Path) -> Stamp | None:
    try:
        return Stamp.model_validate_json((folder / STAMP).read_bytes())
    except (OSError, ValidationError):
        return None


def _unchanged(path: Path, recorded: StarterCheck) -> bool:
    try:
        stat = path.stat()
        if stat.st_size != recorded.bytes:
            return False
        return stat.st_mtime_ns == recorded.mtime_ns or sha256_of(path) == recorded.sha256
    except OSError:
        return False
