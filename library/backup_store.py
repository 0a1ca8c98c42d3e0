"""What a backup is written into, and what is read out of it again: a tar file or a folder, each with a manifest."""

import hashlib
import os
import shutil
import tarfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from pydantic import BaseModel, ConfigDict

DATABASE = "studio.db"
MANIFEST = "manifest.json"

_CHUNK = 1 << 20


class Piece(BaseModel):
    """A file of a backup."""

    model_config = ConfigDict(frozen=True)

    bytes: int
    sha256: str


class Manifest(BaseModel):
    """What a backup holds: files by their name in the data folder. ``database`` is under what name it lies there.

    ``missing`` had a row in the database but no file, or were cut off while they were copied.
    """

    model_config = ConfigDict(frozen=True)

    format: int = 1
    made_at: float
    database: str
    files: dict[str, Piece]
    missing: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """The bytes of all files."""
        return sum(piece.bytes for piece in self.files.values())


class Hashed:
    """A file that is read to an end said before, hashing as it goes; what is not there any more is zeros."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._left = size
        self._digest = hashlib.sha256()
        self.cut_off = False

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        wanted = self._left if size < 0 else min(size, self._left)
        chunk = self._file.read(wanted)
        if len(chunk) < wanted:
            self.cut_off = True
            chunk += bytes(wanted - len(chunk))
        self._left -= wanted
        self._digest.update(chunk)
        return chunk

    @property
    def sha256(self) -> str:
        """The hash of what was read."""
        return self._digest.hexdigest()


class Store(ABC):
    """A backup being written. ``files`` are in it already."""

    database = DATABASE

    def __init__(self, target: Path) -> None:
        self.target = target
        self.files: dict[str, Piece] = {}
        self.cut_off: set[str] = set()

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """What is not finished is not there."""

    @abstractmethod
    def beside(self, name: str) -> Path:
        """A place on the same disk for something short-lived."""

    def held(self, names: Iterable[str]) -> int:
        """The bytes that need not be copied again."""
        return 0

    def add_database(self, path: Path) -> int:
        """Add the database; the bytes."""
        return self.add(self.database, path)

    def add(self, name: str, path: Path) -> int:
        """Add a file; the bytes, 0 where it is gone."""
        try:
            with path.open("rb") as file:
                facts = os.fstat(file.fileno())
                hashed = Hashed(file, facts.st_size)
                self._write(name, hashed, facts)
        except FileNotFoundError:
            return 0
        if hashed.cut_off:
            self.cut_off.add(name)
        self.files[name] = Piece(bytes=facts.st_size, sha256=hashed.sha256)
        return facts.st_size

    @abstractmethod
    def _write(self, name: str, file: Hashed, facts: os.stat_result) -> None: ...

    @abstractmethod
    def finish(self, manifest: Manifest) -> None:
        """From here on it is there, whole and on the disk."""


class TarStore(Store):
    """One tar file, its manifest at the end."""

    def __enter__(self) -> Self:
        self._part = self.target.with_name(f"{self.target.name}.part")
        self._part.unlink(missing_ok=True)
        self._file = os.fdopen(os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)

    def beside(self, name: str) -> Path:
        return self.target.with_name(f"{self.target.name}.{name}")

    def _write(self, name: str, file: Hashed, facts: os.stat_result) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mtime, entry.mode = facts.st_size, int(facts.st_mtime), 0o600
        self._tar.addfile(entry, file)

    def finish(self, manifest: Manifest) -> None:
        content = manifest.model_dump_json().encode()
        path = self.beside(MANIFEST)
        try:
            path.write_bytes(content)
            with path.open("rb") as file:
                self._write(MANIFEST, Hashed(file, len(content)), path.stat())
        finally:
            path.unlink(missing_ok=True)
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._part.replace(self.target)
        sync_folder(self.target.parent)


class FolderStore(Store):
    """A folder with the same files as the data folder: what an earlier backup left there is not copied again."""

    def __enter__(self) -> Self:
        self.target.mkdir(mode=0o700, exist_ok=True)
        self.database = f"studio-{time.time_ns()}.db"
        self._before = read_manifest(self.target)
        self._copied = False
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is not None:
            (self.target / self.database).unlink(missing_ok=True)

    @staticmethod
    def is_one(folder: Path) -> bool:
        """Whether a folder is a backup, or the beginning of one."""
        return (folder / MANIFEST).is_file() or any(folder.glob("studio*.db*"))

    def beside(self, name: str) -> Path:
        return self.target / name

    def held(self, names: Iterable[str]) -> int:
        return sum((self.target / name).stat().st_size for name in names if (self.target / name).is_file())

    def add(self, name: str, path: Path) -> int:
        known = self._before.files.get(name) if self._before else None
        copy = self.target / name
        try:
            facts, same = path.stat(), copy.stat() if copy.is_file() else None
        except FileNotFoundError:
            return 0
        if same and (same.st_size, int(same.st_mtime)) == (facts.st_size, int(facts.st_mtime)):
            self.files[name] = known or Piece(bytes=same.st_size, sha256=file_sha256(copy))
            return facts.st_size
        return super().add(name, path)

    def _write(self, name: str, file: Hashed, facts: os.stat_result) -> None:
        path = self.target / name
        make_private(path.parent)
        part = path.with_name(f"{path.name}.part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            shutil.copyfileobj(file, out, _CHUNK)
            out.flush()
            os.fsync(out.fileno())
        os.utime(part, (facts.st_atime, facts.st_mtime))
        part.replace(path)

    def finish(self, manifest: Manifest) -> None:
        part = self.target / f"{MANIFEST}.part"
        with part.open("w") as out:
            out.write(manifest.model_dump_json())
            out.flush()
            os.fsync(out.fileno())
        part.replace(self.target / MANIFEST)
        sync_folder(self.target)
        for path in self.target.rglob("*"):  # what the studio has let go since
            if path.is_file() and str(path.relative_to(self.target)) not in manifest.files and path.name != MANIFEST:
                path.unlink()


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder; None where there is none that makes sense."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None


def file_sha256(path: Path) -> str:
    """The hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_private(folder: Path) -> None:
    """Make a folder, and those it is in, for this account alone."""
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def sync_folder(folder: Path) -> None:
    """Wait until a folder's list of names is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
