"""The target of a backup: a tar file or a folder, each with a manifest."""

import hashlib
import os
import re
import shutil
import tarfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from library.backup_manifest import (
    COMMENT,
    DATABASE,
    MANIFEST,
    UNFINISHED,
    Manifest,
    Piece,
    Unfinished,
    is_safe,
    read_manifest,
    read_unfinished,
    write_json,
)
from library.files import sync

_OWN_DATABASE = re.compile(r"studio-\d+\.db.*")
_CHUNK = 1 << 20


class HashingReader:
    """Reads a file up to a given size and hashes it; if the file is shorter by then, the rest is zeros."""

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
    """A backup being written. ``files`` are the ones written so far."""

    database = DATABASE

    def __init__(self, target: Path, studio: str = "") -> None:
        self.target = target
        self.studio = studio
        self.files: dict[str, Piece] = {}
        self.cut_off: set[str] = set()

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Remove what is unfinished."""

    @abstractmethod
    def scratch_path(self, name: str) -> Path:
        """A path on the same disk for a temporary file."""

    def stored_bytes(self, names: Iterable[str]) -> int:
        """The number of bytes that need not be copied again."""
        return 0

    @abstractmethod
    def begin(self, names: Iterable[str]) -> None:
        """Announce the files that will be copied."""

    def add_database(self, path: Path) -> int:
        """Add the database. Returns its size in bytes."""
        return self.add(self.database, path)

    def add(self, name: str, path: Path) -> int:
        """Add a file. Returns its size in bytes, 0 if it is gone."""
        try:
            with path.open("rb") as file:
                facts = os.fstat(file.fileno())
                hashed = HashingReader(file, facts.st_size)
                self._write(name, hashed, facts)
        except FileNotFoundError:
            return 0
        if hashed.cut_off:
            self.cut_off.add(name)
        self.files[name] = Piece(bytes=facts.st_size, sha256=hashed.sha256)
        return facts.st_size

    @abstractmethod
    def _write(self, name: str, file: HashingReader, facts: os.stat_result) -> None: ...

    @abstractmethod
    def finish(self, manifest: Manifest) -> None:
        """Complete the backup and flush it to the disk."""


class TarStore(Store):
    """One tar file, with its manifest at the end."""

    def __enter__(self) -> Self:
        self._part = self.target.with_name(f"{self.target.name}.part")
        self._part.unlink(missing_ok=True)
        self._file = os.fdopen(os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")
        facts = {"comment": f"{COMMENT}{self.studio}"}
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT, pax_headers=facts)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)

    def scratch_path(self, name: str) -> Path:
        return self.target.with_name(f"{self.target.name}.{name}")

    def begin(self, names: Iterable[str]) -> None:
        pass  # an interrupted backup leaves nothing behind

    def _write(self, name: str, file: HashingReader, facts: os.stat_result) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mtime, entry.mode = facts.st_size, int(facts.st_mtime), 0o600
        self._tar.addfile(entry, file)

    def finish(self, manifest: Manifest) -> None:
        content = manifest.model_dump_json().encode()
        path = self.scratch_path(MANIFEST)
        try:
            path.write_bytes(content)
            with path.open("rb") as file:
                self._write(MANIFEST, HashingReader(file, len(content)), path.stat())
        finally:
            path.unlink(missing_ok=True)
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._part.replace(self.target)
        sync(self.target.parent)


class FolderStore(Store):
    """A folder with the same files as the data folder: files from an earlier backup are not copied again."""

    def __enter__(self) -> Self:
        self.target.mkdir(mode=0o700, exist_ok=True)
        self.database = f"studio-{time.time_ns()}.db"
        self._before = read_manifest(self.target)
        self._own: frozenset[str] = frozenset()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is not None:
            (self.target / self.database).unlink(missing_ok=True)

    def scratch_path(self, name: str) -> Path:
        return self.target / name

    def stored_bytes(self, names: Iterable[str]) -> int:
        return sum((self.target / name).stat().st_size for name in names if (self.target / name).is_file())

    def begin(self, names: Iterable[str]) -> None:
        left = read_unfinished(self.target)
        self._own = frozenset(names) | (left.files if left else set())
        write_json(self.target / UNFINISHED, Unfinished(studio=self.studio, files=self._own))

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

    def _write(self, name: str, file: HashingReader, facts: os.stat_result) -> None:
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
        write_json(self.target / MANIFEST, manifest)
        earlier = self._own | (self._before.files.keys() if self._before else set())
        for name in filter(is_safe, earlier):  # files deleted in the studio since; other files stay
            path = self.target / name
            path.with_name(f"{path.name}.part").unlink(missing_ok=True)
            if name not in manifest.files:
                path.unlink(missing_ok=True)
        for path in self.target.iterdir():
            if _OWN_DATABASE.fullmatch(path.name) and path.name not in manifest.files:
                path.unlink()
        (self.target / UNFINISHED).unlink(missing_ok=True)


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_private(folder: Path) -> None:
    """Create a folder and its parents, readable only by this account."""
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
