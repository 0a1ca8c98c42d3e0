"""What a backup says of itself: what it holds, whose it is, what of it is not finished."""

import os
import tarfile
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict

from library.files import sync

DATABASE = "studio.db"
MANIFEST = "manifest.json"
UNFINISHED = "unfinished.json"
COMMENT = "C41 Studio "
"""How the comment of a tar begins; whose it is follows."""


class Piece(BaseModel):
    """A file of a backup."""

    model_config = ConfigDict(frozen=True)

    bytes: int
    sha256: str


class Manifest(BaseModel):
    """What a backup holds: files by their name in the data folder. ``database`` is under what name it lies there.

    ``missing`` had a row in the database but no file, or were cut off while they were copied. ``studio`` tells studios
    apart; it is "" in older backups, and before a studio has its first account.
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
        """The bytes of all files."""
        return sum(piece.bytes for piece in self.files.values())


class Unfinished(BaseModel):
    """What a folder may hold of a backup that is not finished: the next one goes on from it."""

    model_config = ConfigDict(frozen=True)

    studio: str
    files: frozenset[str]


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder; None where it is missing or cannot be read."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None


def studio_of(target: Path) -> str | None:
    """Whose backup a tar file or a folder is: "" where it does not say, None where it is no backup."""
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
    """Whether a name leads into a folder and not out of it."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def read_unfinished(folder: Path) -> Unfinished | None:
    """What a backup that broke off has left in a folder to go on from; None where there is nothing."""
    try:
        return Unfinished.model_validate_json((folder / UNFINISHED).read_bytes())
    except (OSError, ValueError):
        return None


def write_json(path: Path, content: BaseModel) -> None:
    """Write a file that is there whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    with part.open("w") as out:
        out.write(content.model_dump_json())
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
    sync(path.parent)
