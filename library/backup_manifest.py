"""The metadata of a backup: its contents, its studio, and an unfinished state."""

import os
import tarfile
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict

from library.files import sync

DATABASE = "studio.db"
MANIFEST = "manifest.json"
UNFINISHED = "unfinished.json"
COMMENT = "C41 Studio "
"""The start of a tar's comment; the id of its studio follows."""


class Piece(BaseModel):
    """A file of a backup."""

    model_config = ConfigDict(frozen=True)

    bytes: int
    sha256: str


class Manifest(BaseModel):
    """The contents of a backup: files by their name in the data folder. ``database`` is the name of its database.

    ``missing`` files had a row in the database but no file, or were truncated while being copied. ``studio`` identifies
    the studio; it is "" in older backups, and before a studio has its first account.
    """

    model_config = ConfigDict(frozen=True)

    format: int = 1
    made_at: float
    database: str
    files: dict[str, Piece]
    missing: tuple[str, ...] = ()
    studio: str = ""

    @property
    def total(self) -> int:
        """The size of all files in bytes."""
        return sum(piece.bytes for piece in self.files.values())


class Unfinished(BaseModel):
    """The files of an unfinished backup in a folder, from which the next one continues."""

    model_config = ConfigDict(frozen=True)

    studio: str
    files: frozenset[str]


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder; None if it is missing or cannot be read."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None


def studio_of(target: Path) -> str | None:
    """The studio that a tar file or folder is a backup of: "" if not recorded, None if it is not a backup."""
    return _studio_of_folder(target) if target.is_dir() else _studio_of_tar(target)


def _studio_of_folder(folder: Path) -> str | None:
    manifest, unfinished = read_manifest(folder), read_unfinished(folder)
    if manifest and is_safe(manifest.database) and (folder / manifest.database).is_file():
        return manifest.studio
    return unfinished.studio if unfinished else None


def _studio_of_tar(path: Path) -> str | None:
    try:
        with tarfile.open(path, "r:") as tar:
            first = tar.next()
            comment = tar.pax_headers.get("comment", "")
    except tarfile.TarError:
        return None
    if first is None or first.name != DATABASE:
        return None
    return comment.removeprefix(COMMENT) if comment.startswith(COMMENT) else ""


def is_safe(name: str) -> bool:
    """Whether a name stays inside its folder."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def read_unfinished(folder: Path) -> Unfinished | None:
    """The state of an interrupted backup in a folder; None if there is none."""
    try:
        return Unfinished.model_validate_json((folder / UNFINISHED).read_bytes())
    except (OSError, ValueError):
        return None


def write_json(path: Path, content: BaseModel) -> None:
    """Write a file atomically."""
    part = path.with_name(f"{path.name}.part")
    with part.open("w") as out:
        out.write(content.model_dump_json())
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
    sync(path.parent)
